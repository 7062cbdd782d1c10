"""Mails about a booking, written into the transaction of their cause."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.bookings.models import Booking
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.outbox.messages import new_message_id
from core.outbox.models import MessageKind, OutboxMessage
from core.people.models import Account

TO_COACH = {
    MessageKind.REQUEST,
    MessageKind.BOOKED_DIRECTLY,
    MessageKind.REMINDER,
    MessageKind.DECIDED_BY_ADMIN,
    MessageKind.LESSON_CANCELLED,
    MessageKind.REQUEST_EXPIRED,
}
DIE_WITH_THE_REQUEST = {MessageKind.REQUEST, MessageKind.REMINDER, MessageKind.REQUEST_RECEIVED}
DIE_AT_THE_START = {MessageKind.CONFIRMED, MessageKind.BOOKED_DIRECTLY}


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
    Write a booking's mail into the transaction of its cause, due now or later.

    A request, its reminder and its receipt die with the request's expiry; a confirmation at the lesson's start; bad
    news never: whoever was away hears it late rather than not.

    Args:
        reader: a member of staff who gets it in the coach's place; one fact may then be written again.
    """
    account = reader or (booking.coach.account if kind in TO_COACH else None)
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


def _not_after(kind: MessageKind, booking: Booking) -> datetime | None:
    if kind in DIE_WITH_THE_REQUEST:
        return booking.expires_at
    return booking.starts_at if kind in DIE_AT_THE_START else None
