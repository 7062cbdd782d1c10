"""Mails about a booking: rows of the outbox, written in the transaction of their cause."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.bookings.models import Booking
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.outbox.kinds import Audience, DiesWith, MessageKind
from core.outbox.messages import add_message
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
    return add_message(
        session,
        kind,
        account or booking.customer_email,
        key if reader is None else f"{key}:for:{reader.id}:{now:%Y%m%dT%H%M%S.%f}",
        due_at=due_at,
        not_after=_not_after(kind, booking),
        booking_id=booking.id,
        booking_version=booking.version,
        now=now,
    )


def add_confirmation(session: Session, request: UnconfirmedRequest, recipient: str, *, now: datetime) -> OutboxMessage:
    """The mail that asks a family to confirm its request; worth nothing once that is gone."""
    kind = MessageKind.CONFIRM_REQUEST
    key = f"{kind.value}:{request.id}:{request.serial}"
    return add_message(
        session, kind, recipient, key, not_after=request.expires_at, unconfirmed_request_id=request.id, now=now
    )


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
