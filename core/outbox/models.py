"""The outbox: every mail is a row, written in the transaction of its cause."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.platform.leases import Leased
from core.platform.orm import Base
from core.telemetry.context import request_id

MAIL, WEBHOOK = "mail", "webhook"  # channels


class MessageState(enum.StrEnum):
    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    DROPPED = "DROPPED"
    DEAD = "DEAD"


class MessageKind(enum.StrEnum):
    """What a mail says; its templates have the same name. First the coach's, then the parent's, then the staff's."""

    REQUEST = "request"
    BOOKED_DIRECTLY = "booked_directly"
    REMINDER = "reminder"
    DECIDED_BY_ADMIN = "decided_by_admin"
    LESSON_CANCELLED = "lesson_cancelled"
    REQUEST_EXPIRED = "request_expired"
    ROLL_UP = "roll_up"
    DAILY_SUMMARY = "daily_summary"

    REQUEST_RECEIVED = "request_received"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    EXPIRED = "expired"
    CONFIRM_REQUEST = "confirm_request"
    CANCELLED = "cancelled"

    SIGN_IN = "sign_in"
    INVITATION = "invitation"
    REHEARSAL = "rehearsal"
    REHEARSAL_ANSWERED = "rehearsal_answered"
    ALERT = "alert"


class OutboxMessage(Leased, Base):
    """
    A mail on its way: QUEUED → SENDING → SENT, DROPPED (with a reason) or DEAD (its reader's address takes no mail).

    channel: "mail", or "webhook": told to a program; then recipient says no more than that.
    dedupe_key: one row for one fact.
    due_at: when it is tried next. first_due_at: since when it could have left, however often it was tried.
    attempts: since it was written, put in the queue again by hand, or since the mail server came back.
    booking_version: the version of the booking that caused it.
    not_after: from this instant on it is no longer worth sending.
    message_id: the header, made once: a duplicate after a crash has the same.
    request_id: of the request, task or page run that caused it.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("booking_id IS NULL OR sign_in_link_id IS NULL", name="one_cause"),
        Index("ix_outbox_state_due_at", "state", "due_at"),
        Index("ix_outbox_booking_id", "booking_id"),
        Index("ix_outbox_finished_at", "finished_at"),
        Index("ix_outbox_account_id_created_at", "account_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[MessageKind]
    channel: Mapped[str] = mapped_column(default=MAIL)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    booking_version: Mapped[int | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    sign_in_link_id: Mapped[int | None] = mapped_column(ForeignKey("sign_in_link.id"))
    rehearsal_id: Mapped[int | None] = mapped_column(ForeignKey("rehearsal.id"), index=True)
    unconfirmed_request_id: Mapped[int | None] = mapped_column(ForeignKey("unconfirmed_request.id"), index=True)
    alert_change_id: Mapped[int | None] = mapped_column(ForeignKey("alert_change.id"))
    recipient: Mapped[str]
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    first_due_at: Mapped[datetime | None] = mapped_column(default=lambda row: row.get_current_parameters()["due_at"])
    not_after: Mapped[datetime | None]
    state: Mapped[MessageState] = mapped_column(default=MessageState.QUEUED)
    message_id: Mapped[str]
    variant: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    request_id: Mapped[str | None] = mapped_column(default=request_id)
