"""The gym's row: a single row of texts, limits, counters and switches."""

import secrets
from datetime import datetime

from sqlalchemy import CheckConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.platform.orm import Base

MEDIA_BUDGET_BYTES = 5 << 30  # 5 GiB


def new_storage_id() -> str:
    """A new owner id for the storages: 128 random bits."""
    return secrets.token_hex(16)


class Gym(Base):
    """The gym's settings and state: one row, id 1, which the first migration inserts."""

    __tablename__ = "gym"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="Spirit Athletics")
    email: Mapped[str] = mapped_column(default="")  # that families write to: every mail's Reply-To
    phone: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    # the version of cached public pages; incremented by every change of what they share (names, prices, texts)
    content_version: Mapped[int] = mapped_column(default=0)
    late_cancel_hours: Mapped[int] = mapped_column(default=24)  # a family's cancellation later than this is late
    cancellation_fee_text: Mapped[str] = mapped_column(default="")
    # rate limits by the family's e-mail address: requests that wait, and requests within 24 hours; above, TooMany
    most_open_requests: Mapped[int] = mapped_column(default=3, server_default="3")
    most_requests_a_day: Mapped[int] = mapped_column(default=6, server_default="6")
    # unconfirmed requests that hold time, by network and by coach; above, the family confirms by mail first
    most_open_per_network: Mapped[int] = mapped_column(default=6, server_default="6")
    most_new_per_network: Mapped[int] = mapped_column(default=12, server_default="12")  # within an hour; above, TooMany
    most_strangers_per_coach: Mapped[int] = mapped_column(default=30, server_default="30")
    # bookings that ended longer ago are anonymised; 0 never
    anonymise_after_months: Mapped[int] = mapped_column(default=24, server_default="24")
    # An open page reruns this often at least.
    console_refresh_s: Mapped[int] = mapped_column(default=30, server_default="30")
    monitoring_days: Mapped[int] = mapped_column(default=90, server_default="90")  # retention of the request log
    monitoring_budget_mb: Mapped[int] = mapped_column(default=512, server_default="512")  # of all files of the monitor
    media_budget_bytes: Mapped[int] = mapped_column(default=MEDIA_BUDGET_BYTES, server_default=str(MEDIA_BUDGET_BYTES))
    # after a restore, or by an admin: no mail and no webhook is sent, and no file is removed
    mail_held: Mapped[bool] = mapped_column(default=False)
    mail_circuit_until: Mapped[datetime | None]  # the circuit is open: no mail is tried before this instant
    mail_trouble: Mapped[str | None]  # the mail server's last failure; None once a mail was accepted
    mail_trouble_since: Mapped[datetime | None]
    mail_refused_id: Mapped[int | None]  # the last mail refused alone; a second in a row opens the circuit
    last_swept_at: Mapped[datetime | None]  # by a worker, by cron or by hand
    probed_at: Mapped[datetime | None]  # by the readiness probe, which has to write
    storage_id: Mapped[str | None] = mapped_column(default=new_storage_id)  # also in its storages; a restore renews it
    restored_at: Mapped[datetime | None]  # when this database came back from a backup


def note_probe(session: Session, *, now: datetime) -> None:
    """Probe whether the database can write. A new value each time: the same one again would not reach the disk."""
    session.execute(update(Gym).values(probed_at=now).execution_options(synchronize_session=False))


def content_changed(session: Session) -> None:
    """Invalidate cached public pages, by incrementing content_version; in SQL, so that two at once count twice."""
    session.execute(
        update(Gym).values(content_version=Gym.content_version + 1).execution_options(synchronize_session="fetch")
    )


THE_GYM = select(Gym).where(Gym.id == 1)


def the_gym(session: Session) -> Gym:
    """The gym's row, as this session sees it."""
    return session.scalars(THE_GYM).one()


def lock_gym(session: Session) -> Gym:
    """The gym's row, read anew under a row lock (FOR UPDATE): nobody changes it before this transaction ends."""
    return session.scalars(THE_GYM.with_for_update().execution_options(populate_existing=True)).one()
