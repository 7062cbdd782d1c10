"""Tables of bookings, their replaced links, the holds on a coach's time, and the history of changes."""

import enum
import uuid
from datetime import datetime
from typing import Annotated

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from core.people.models import Account
from core.platform.actor import ActorRole, Channel
from core.platform.contacts import email_key
from core.platform.orm import Base
from core.schedule.models import Coach, LessonType


class Status(enum.StrEnum):
    """The states of a booking (core.bookings has the transitions)."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class Attendance(enum.StrEnum):
    """Whether a confirmed lesson took place, as noted after its start."""

    TAUGHT = "TAUGHT"
    NO_SHOW = "NO_SHOW"


class HoldKind(enum.StrEnum):
    LESSON = "LESSON"


ChangedBy = Annotated[ActorRole, mapped_column(Enum(ActorRole, native_enum=False, length=24))]
ChangedThrough = Annotated[Channel, mapped_column(Enum(Channel, native_enum=False, length=24))]


def but_command_line(column: str, values: type[enum.StrEnum], *, name: str) -> CheckConstraint:
    """The CHECK of such a column: everything but COMMAND_LINE, which changes no booking."""
    allowed = ", ".join(f"'{value}'" for value in values if value != "COMMAND_LINE")
    return CheckConstraint(f"{column} IN ({allowed})", name=name)


class Booking(Base):
    """
    A parent's lesson with a coach, in one state of Status.

    Each act has a reason column of its own, so that no later one erases somebody's words.
    """

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="times"),
        but_command_line("changed_by", ActorRole, name="actor"),
        but_command_line("channel", Channel, name="channel"),
        CheckConstraint("status <> 'PENDING' OR expires_at IS NOT NULL", name="pending_expires"),
        Index("ix_booking_coach_id_status_starts_at", "coach_id", "status", "starts_at"),  # a coach's feed and requests
        Index("ix_booking_coach_id_starts_at", "coach_id", "starts_at"),  # a coach's list, page by page
        Index("ix_booking_starts_at", "starts_at"),  # an admin's list, page by page; retention
        Index("ix_booking_network_hash", "network_hash"),  # the limits of core.bookings.request_limits
        Index("ix_booking_changed_at", "changed_at"),  # recent changes, for an admin
        Index("ix_booking_coach_id_changed_at", "coach_id", "changed_at"),  # recent changes, for a coach
        Index("ix_booking_status_expires_at", "status", "expires_at"),  # requests that wait; the sweep of overdue ones
        Index("ix_booking_customer_key_requested_at", "customer_key", "requested_at"),  # a family's limits
        Index("ix_booking_requested_at", "requested_at"),  # requests in a window: reports, alert metrics
        {"sqlite_autoincrement": True},  # a mailed link names the id
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(unique=True)  # the family's secret link: 128 random bits, shows and cancels it
    coach_id: Mapped[int] = mapped_column(ForeignKey("coach.id"))
    lesson_type_id: Mapped[int] = mapped_column(ForeignKey("lesson_type.id"))
    status: Mapped[Status]
    version: Mapped[int] = mapped_column(default=1)  # incremented by every change; the calendar's SEQUENCE
    slot_version: Mapped[int] = mapped_column(default=1)  # by a new time or coach; part of the coach's link
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    price_cents: Mapped[int]  # as it was agreed to
    # the UID of its entry in every calendar, for life, whatever becomes of our own addresses
    calendar_uid: Mapped[str] = mapped_column(default=lambda: str(uuid.uuid4()), server_default=text("''"))
    late_cancel_hours: Mapped[int | None]  # the terms that the family agreed to; None for bookings older than these
    late_fee_text: Mapped[str | None]

    customer_name: Mapped[str]
    customer_email: Mapped[str]
    customer_key: Mapped[str] = mapped_column(default="", server_default=text("''"))  # lower-case email, for limits
    customer_phone: Mapped[str | None]  # international form
    network_hash: Mapped[str | None]  # keyed hash of the sender's network, for a day or while it waits; None: confirmed
    athlete_name: Mapped[str]
    notes: Mapped[str] = mapped_column(default="")

    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]  # until when a request can be answered; None where no approval was needed
    approved_at: Mapped[datetime | None]
    denied_at: Mapped[datetime | None]
    expired_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_late: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]  # this and the next three: the last change, for "already approved by …"
    changed_by: Mapped[ChangedBy]
    changed_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    channel: Mapped[ChangedThrough]
    attendance: Mapped[Attendance | None]  # None while nobody has noted it
    anonymised_at: Mapped[datetime | None]  # since when names, addresses and notes are gone (core.bookings.retention)
    denial_reason: Mapped[str | None]  # shown to the family
    cancel_reason: Mapped[str | None]  # shown to the side that did not cancel
    override_reason: Mapped[str | None]  # an admin's, shown to staff
    after_all_reason: Mapped[str | None]  # shown to the family and the coach

    idempotency_key_hash: Mapped[str | None] = mapped_column(unique=True)  # of the form or program; a retry finds it
    command_hash: Mapped[str | None]  # of the request with that key, to refuse another one under it

    coach: Mapped[Coach] = relationship()
    lesson: Mapped[LessonType] = relationship()
    changed_by_account: Mapped[Account | None] = relationship()

    @validates("customer_email")
    def _set_key(self, name: str, email: str) -> str:
        self.customer_key = email_key(email)
        return email

    def status_at(self, now: datetime) -> Status:
        """The status to show and to act on: a request past its expiry is EXPIRED, swept or not."""
        if self.status is Status.PENDING and self.expires_at is not None and now >= self.expires_at:
            return Status.EXPIRED
        return self.status

    @property
    def needed_asking(self) -> bool:
        """Whether it needed the coach's approval."""
        return self.expires_at is not None


class ReplacedHandle(Base):
    """A family's link that was replaced when its mail address was corrected: it opens a notice of that, nothing else."""

    __tablename__ = "replaced_handle"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)  # for retention and the foreign key
    handle_hash: Mapped[str] = mapped_column(unique=True)  # SHA-256; the link itself is not stored any more
    replaced_at: Mapped[datetime]


class Hold(Base):
    """
    An interval of a coach's time that is taken, half-open, buffers included. The database refuses overlaps (`ex_hold_coach`).

    A booking that takes time has one; a denied, expired or cancelled one has none.
    """

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("busy_from < busy_to", name="times"),
        Index("ix_hold_coach_id_busy_from", "coach_id", "busy_from"),  # free slots; SQLite's trigger against overlaps
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    coach_id: Mapped[int] = mapped_column(ForeignKey("coach.id"))
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)  # deleted with its state
    kind: Mapped[HoldKind]
    busy_from: Mapped[datetime]
    busy_to: Mapped[datetime]


class BookingEvent(Base):
    """The append-only history: one change of one booking. No personal data, so that it can stay for ever."""

    __tablename__ = "booking_event"
    __table_args__ = (
        but_command_line("actor", ActorRole, name="actor"),
        but_command_line("channel", Channel, name="channel"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)  # a booking's history
    coach_id: Mapped[int] = mapped_column(ForeignKey("coach.id"))  # at that time
    from_status: Mapped[Status | None] = mapped_column(
        Enum(Status, native_enum=False, length=24, create_constraint=True, name="from_status")
    )
    to_status: Mapped[Status]
    actor: Mapped[ChangedBy]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    channel: Mapped[ChangedThrough]
    at: Mapped[datetime] = mapped_column(index=True)  # the audit log's page reads both by time
