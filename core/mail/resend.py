"""Resending of a mail, to the address that is on record by now."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.bookings.models import Booking
from core.errors import NotPossible
from core.outbox import messages
from core.outbox.models import MessageState, OutboxMessage
from core.people.models import Account

COPY = ":again:"


def resend(session: Session, message_id: int, *, now: datetime) -> OutboxMessage:
    """
    Queue a mail again: a sent one as a new row, so that both stand in the outbox; a dead or waiting one as it is, due now.

    Raises:
        NotFound: there is no such mail.
        NotPossible: it was dropped, since it is no longer true, or is being sent.
    """
    message = messages.get_message(session, message_id)
    if message.state is MessageState.SENT:
        return send_copy(session, message, now=now)
    if message.state not in (MessageState.QUEUED, MessageState.DEAD):
        raise NotPossible(f"Mail {message_id} is {message.state.value.lower()}, so it cannot be sent again.")
    message = messages.retry(session, message_id, now=now)
    message.recipient = _recipient(session, message)
    return message


def copies_since(session: Session, booking_id: int, since: datetime) -> int:
    """How often a mail of this booking was sent again since then, for a limit."""
    return session.scalars(
        select(func.count(OutboxMessage.id)).where(
            OutboxMessage.booking_id == booking_id,
            OutboxMessage.dedupe_key.contains(COPY, autoescape=True),
            OutboxMessage.created_at >= since,
        )
    ).one()


def send_copy(session: Session, message: OutboxMessage, *, now: datetime) -> OutboxMessage:
    """The same mail as a new row, due now. The Message-ID is its own: mail programs hide a second mail with the same."""
    new_id = messages.new_message_id()
    copy = OutboxMessage(
        kind=message.kind,
        channel=message.channel,
        booking_id=message.booking_id,
        booking_version=message.booking_version,
        account_id=message.account_id,
        sign_in_link_id=message.sign_in_link_id,
        rehearsal_id=message.rehearsal_id,
        unconfirmed_request_id=message.unconfirmed_request_id,
        alert_change_id=message.alert_change_id,
        recipient=_recipient(session, message),
        dedupe_key=f"{message.dedupe_key.partition(COPY)[0]}{COPY}{new_id}",
        created_at=now,
        due_at=now,
        not_after=message.not_after,
        message_id=new_id,
    )
    session.add(copy)
    session.flush()
    return copy


def _recipient(session: Session, message: OutboxMessage) -> str:
    if message.account_id is not None:
        return session.get_one(Account, message.account_id).email
    if message.booking_id is not None:
        return session.get_one(Booking, message.booking_id).customer_email
    return message.recipient
