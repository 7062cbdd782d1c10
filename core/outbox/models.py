"""The outbox table: one row a message, written in the transaction of its cause."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, Enum, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.outbox.kinds import MessageKind
from core.platform.leases import Leased
from core.platform.orm import Base
from core.telemetry.request_context import request_id

__all__ = ["KNOWN_KINDS", "MAIL", "WEBHOOK", "MessageKind", "MessageState", "OutboxMessage", "of_known_kind"]

MAIL, WEBHOOK = "mail", "webhook"  # channels
KNOWN_KINDS = tuple(MessageKind)


class MessageState(enum.StrEnum):
    QUEUED = "QUEUED"  # waits until due_at
    SENDING = "SENDING"  # claimed; free again once the lease is over
    SENT = "SENT"  # taken by the mail server, the folder or the webhook
    DROPPED = "DROPPED"  # no longer true, or dropped by hand; last_error says why
    DEAD = "DEAD"  # its reader's address takes no mail


class OutboxMessage(Leased, Base):
    """A message on its way, to a mailbox or the webhook: QUEUED → SENDING → SENT, DROPPED or DEAD. due_at, attempts: Leased."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("booking_id IS NULL OR sign_in_link_id IS NULL", name="one_cause"),
        Index("ix_outbox_state_due_at", "state", "due_at"),  # claims: what is due; how much waits, and for how long
        Index("ix_outbox_booking_id", "booking_id"),  # the mails of a booking, on its page and in lists
        Index("ix_outbox_finished_at", "finished_at"),  # mail statistics of a window, given-up mails, change polling
        Index("ix_outbox_account_id_created_at", "account_id", "created_at"),  # a coach's requests of the day
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[MessageKind] = mapped_column(  # its name; no CHECK, so that a new kind needs no migration
        Enum(MessageKind, native_enum=False, create_constraint=False, length=24)
    )
    channel: Mapped[str] = mapped_column(default=MAIL)  # MAIL, or WEBHOOK: then `recipient` says no more than that
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    booking_version: Mapped[int | None]  # of the booking, after the change that caused the mail
    # Of the reader; None: a family, or WEBHOOK.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    sign_in_link_id: Mapped[int | None] = mapped_column(ForeignKey("sign_in_link.id"))
    rehearsal_id: Mapped[int | None] = mapped_column(  # indexed for the deletion of old rehearsals
        ForeignKey("rehearsal.id"), index=True
    )
    unconfirmed_request_id: Mapped[int | None] = mapped_column(  # indexed for the deletion of old requests
        ForeignKey("unconfirmed_request.id"), index=True
    )
    alert_change_id: Mapped[int | None] = mapped_column(ForeignKey("alert_change.id"))
    recipient: Mapped[str]  # the address when it was written; resending takes the one on record by then
    dedupe_key: Mapped[str] = mapped_column(unique=True)  # one row for one fact, whoever writes it first
    created_at: Mapped[datetime]
    first_due_at: Mapped[datetime | None] = mapped_column(  # since when it could have left, however often it was tried
        default=lambda row: row.get_current_parameters()["due_at"]
    )
    not_after: Mapped[datetime | None]  # from this instant on it is not worth sending; None: late is better than never
    state: Mapped[MessageState] = mapped_column(default=MessageState.QUEUED)
    message_id: Mapped[str]  # local part of the header, made once: a duplicate after a crash has the same
    variant: Mapped[str | None]  # unused
    finished_at: Mapped[datetime | None]  # when it became SENT, DROPPED or DEAD
    last_error: Mapped[str | None]  # of the last try, or why it was dropped; names nobody
    # Of the request, task or page run that caused it.
    request_id: Mapped[str | None] = mapped_column(default=request_id)


def of_known_kind() -> ColumnElement[bool]:
    """Part of every query that reads messages: a newer program's kinds cannot be read, and are left to it."""
    return OutboxMessage.kind.in_(KNOWN_KINDS)
