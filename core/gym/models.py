"""The gym itself: one row of texts, counters and switches that belong to no coach."""

import secrets
from datetime import datetime

from sqlalchemy import CheckConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.platform.orm import Base

MEDIA_BUDGET_BYTES = 5 << 30


def new_storage_id() -> str:
    """128 random bits."""
    return secrets.token_hex(16)


class Gym(Base):
    """
    Always the row with id 1; the first migration makes it.

    content_version: moved by every change of what all public pages share (names, prices, texts).
    most_open_requests, most_requests_a_day: per parent's address, then she is asked to wait.
    most_open_per_network, most_strangers_per_coach: requests that hold time without a word from the family's mailbox, from one
    network and at one coach; above, the family confirms by mail first. most_new_per_network: within an hour, then it waits.
    anonymise_after_months: names and addresses of bookings that ended longer ago are taken away; 0 keeps them.
    console_refresh_s: an open page of the console is drawn anew after this long, whatever happened.
    monitoring_days, monitoring_budget_mb: how long every request is kept, and how much room all of the monitor's files take.
    mail_held: nothing leaves while it is true, mail or webhook, and no file is removed (after a restore, or by an admin).
    mail_circuit_until: the mail server is away or refuses us; no mail is tried before this instant.
    mail_trouble, mail_trouble_since: what it said, and since when; none once a mail was taken.
    mail_refused_id: the latest mail that was refused alone; another one after it, and none taken between, is no accident.
    media_budget_bytes: how much room all pictures may take together.
    probed_at: when readiness was last seen to write.
    last_swept_at: when everything due was last looked at, by a worker or by cron.
    storage_id: 128 random bits that the storages of its pictures carry too; a restore renews it.
    restored_at: when this database came back from a backup.
    """

    __tablename__ = "gym"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="Spirit Athletics")
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    content_version: Mapped[int] = mapped_column(default=0)
    late_cancel_hours: Mapped[int] = mapped_column(default=24)
    cancellation_fee_text: Mapped[str] = mapped_column(default="")
    most_open_requests: Mapped[int] = mapped_column(default=3, server_default="3")
    most_requests_a_day: Mapped[int] = mapped_column(default=6, server_default="6")
    most_open_per_network: Mapped[int] = mapped_column(default=6, server_default="6")
    most_new_per_network: Mapped[int] = mapped_column(default=12, server_default="12")
    most_strangers_per_coach: Mapped[int] = mapped_column(default=30, server_default="30")
    anonymise_after_months: Mapped[int] = mapped_column(default=24, server_default="24")
    console_refresh_s: Mapped[int] = mapped_column(default=30, server_default="30")
    monitoring_days: Mapped[int] = mapped_column(default=90, server_default="90")
    monitoring_budget_mb: Mapped[int] = mapped_column(default=512, server_default="512")
    media_budget_bytes: Mapped[int] = mapped_column(default=MEDIA_BUDGET_BYTES, server_default=str(MEDIA_BUDGET_BYTES))
    mail_held: Mapped[bool] = mapped_column(default=False)
    mail_circuit_until: Mapped[datetime | None]
    mail_trouble: Mapped[str | None]
    mail_trouble_since: Mapped[datetime | None]
    mail_refused_id: Mapped[int | None]
    last_swept_at: Mapped[datetime | None]
    probed_at: Mapped[datetime | None]
    storage_id: Mapped[str | None] = mapped_column(default=new_storage_id)
    restored_at: Mapped[datetime | None]


def note_probe(session: Session, *, now: datetime) -> None:
    """Write something, to see whether that can be done: the same value again would not reach the disk."""
    session.execute(update(Gym).values(probed_at=now).execution_options(synchronize_session=False))


def content_changed(session: Session) -> None:
    """Pages that show what all share are built anew. Counted by the database, so that two at once count twice."""
    session.execute(
        update(Gym).values(content_version=Gym.content_version + 1).execution_options(synchronize_session="fetch")
    )


THE_GYM = select(Gym).where(Gym.id == 1)


def the_gym(session: Session) -> Gym:
    """The gym's row."""
    return session.scalars(THE_GYM).one()


def lock_gym(session: Session) -> Gym:
    """The same, read under a row lock: nobody changes it before this transaction ends."""
    return session.scalars(THE_GYM.with_for_update().execution_options(populate_existing=True)).one()
