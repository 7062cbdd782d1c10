"""Mails about a booking: rows of the outbox, written in the transaction of their cause."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.bookings.models import Booking
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.outbox.kinds import Audience, DiesWith, MessageKind
from core.outbox.messages import new_message_id
from core.outbox.models import OutboxMessage
from core.people.models import Account


def add(
    session: Session,
    kind: MessageKind,
    booking: Booking,
    *,
    reader: Account | None = None,
    now: datetime,
    due_at: datetime | None = None,
) -> OutboxMessage:
    """
    Write a booking's mail into the transaction of its cause, due now or later. Its kind says to whom and until when.

    Args:
        reader: a member of staff who gets it in the coach's place; one fact may then be written again.

    Raises:
        ValueError: who reads this kind, or what it dies with, is not the booking's.
    """
    account = reader or _coach_who_reads(kind, booking)
    key = f"{kind.value}:{booking.id}:{booking.version}"
    message = OutboxMessage(
        kind=kind,
        booking_id=booking.id,
        booking_version=booking.version,
        account_id=account.id if account else None,
        recipient=account.email if account else booking.customer_email,
        dedupe_key=key if reader is None else f"{key}:for:{reader.id}:{now:%Y%m%dT%H%M%S.%f}",
        created_at=now,
        due_at=due_at or now,
        not_after=_not_after(kind, booking),
        message_id=new_message_id(),
    )
    session.add(message)
    return message


def add_confirmation(session: Session, request: UnconfirmedRequest, recipient: str, *, now: datetime) -> OutboxMessage:
    """The mail that asks a family to confirm its request; worth nothing once that is gone."""
    message = OutboxMessage(
        kind=MessageKind.CONFIRM_REQUEST,
        unconfirmed_request_id=request.id,
        recipient=recipient,
        dedupe_key=f"{MessageKind.CONFIRM_REQUEST.value}:{request.id}:{request.serial}",
        created_at=now,
        due_at=now,
        not_after=request.expires_at,
        message_id=new_message_id(),
    )
    session.add(message)
    return message


def _coach_who_reads(kind: MessageKind, booking: Booking) -> Account | None:
    """None: the family reads it."""
    match kind.spec.audience:
        case Audience.COACH:
            return booking.coach.account
        case Audience.PARENT:
            return None
    raise ValueError(f"a {kind.value} mail needs its reader")


def _not_after(kind: MessageKind, booking: Booking) -> datetime | None:
    match kind.spec.dies_with:
        case DiesWith.REQUEST:
            return booking.expires_at
        case DiesWith.LESSON:
            return booking.starts_at
        case DiesWith.NOTHING:
            return None
        case DiesWith.ITS_CAUSE:
            raise ValueError(f"a {kind.value} mail is not written from a booking alone")
