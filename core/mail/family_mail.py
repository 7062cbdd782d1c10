"""Repair of mail to a family: its address is corrected, its newest mail sent again, or a call is noted instead."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.bookings import queries
from core.bookings.lesson_request import read_email
from core.bookings.mail_status import family_mail
from core.bookings.models import Booking, ReplacedHandle
from core.bookings.permissions import by_member_of_staff, check_may_change
from core.errors import Invalid, NotPossible
from core.mail.resend import copies_since, resend, send_copy
from core.outbox.models import MessageState, OutboxMessage, of_known_kind
from core.platform.actor import Actor
from core.platform.signed_tokens import hashed, new_handle
from core.schedule.models import Coach

MAX_COPIES_AN_HOUR = 3  # of what a family may send itself; more would be a way to flood a stranger's mailbox
HOUR = timedelta(hours=1)
NOTHING_TO_SEND = "There is no mail to send again: the lesson has begun, or no mail says how it stands."


def correct_address(
    session: Session, coach: Coach, booking_id: int, email: str, *, by: Actor, now: datetime
) -> Booking:
    """
    The family's mistyped mail address is put right; what waits, or could not be delivered, goes there.

    1. The address is written, and the link is replaced: the old one may be in a stranger's mailbox.
    2. Waiting and dead mails get the new address and are due now; what is no longer true is dropped when its turn comes.
    3. If nothing waited that tells how the booking stands, the newest such mail is sent again: it went to the old address.

    Raises:
        NotFound: there is no such booking.
        NotAllowed: not this account's to change.
        Invalid: no mail address, or the one on record.
        NotPossible: names were taken away already.
    """
    booking = _may_change(session, coach, booking_id, by)
    if booking.anonymised_at is not None:
        raise NotPossible("Names and addresses of this booking were taken away, so there is nothing to correct.")
    address = read_email(email)
    if address == booking.customer_email:
        raise Invalid({"email": f"{address} is the address that we have."})
    session.add(ReplacedHandle(booking_id=booking.id, handle_hash=hashed(booking.handle), replaced_at=now))
    booking.customer_email, booking.handle = address, new_handle()
    session.flush()
    for message in _unsent(session, booking):
        resend(session, message.id, now=now)
    _send_newest(session, booking, now=now)
    audit.record(session, Verb.ADDRESS_CORRECTED, "booking", booking.id, by=by, now=now)
    session.flush()
    return booking


def send_again(session: Session, coach: Coach, booking_id: int, *, by: Actor, now: datetime) -> Booking:
    """
    Staff send the family the mail that says how its booking stands, once more.

    Raises:
        NotFound: there is no such booking.
        NotAllowed: not this account's to change.
        NotPossible: there is no such mail that would still be true.
    """
    booking = _may_change(session, coach, booking_id, by)
    if not _send_newest(session, booking, now=now):
        raise NotPossible(NOTHING_TO_SEND)
    audit.record(session, Verb.MAIL_RESENT, "booking", booking.id, by=by, now=now)
    session.flush()
    return booking


def send_link_again(session: Session, coach: Coach, booking_id: int, *, now: datetime) -> None:
    """The family's own wish, from its page, to the address on record. More than a few an hour are left out silently. Raises NotFound."""
    booking = queries.read_again(session, booking_id, coach)
    if copies_since(session, booking.id, now - HOUR) < MAX_COPIES_AN_HOUR:
        _send_newest(session, booking, now=now)


def note_called(session: Session, coach: Coach, booking_id: int, *, by: Actor, now: datetime) -> Booking:
    """Somebody has reached the family by other means, so that its undelivered mail is settled. Raises NotFound, NotAllowed."""
    booking = _may_change(session, coach, booking_id, by)
    audit.record(session, Verb.FAMILY_CALLED, "booking", booking.id, by=by, now=now)
    session.flush()
    return booking


def _may_change(session: Session, coach: Coach, booking_id: int, by: Actor) -> Booking:
    booking = queries.read_again(session, booking_id, coach)
    check_may_change(session, booking, by_member_of_staff(session, coach, by))
    return booking


def _unsent(session: Session, booking: Booking) -> Sequence[OutboxMessage]:
    """What the family has not got. One that is being sent at this moment is left to whoever sends it."""
    return session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.booking_id == booking.id,
            OutboxMessage.account_id.is_(None),
            of_known_kind(),
            OutboxMessage.state.in_((MessageState.QUEUED, MessageState.DEAD)),
        )
        .order_by(OutboxMessage.id)
    ).all()


def _send_newest(session: Session, booking: Booking, *, now: datetime) -> bool:
    """Send again what says how the booking stands; whether there is such a mail and it is still worth sending."""
    message = family_mail(session, booking)
    if message is None or message.state is MessageState.DROPPED or booking.status is not booking.status_at(now):
        return False  # nothing says how it stands, or it has expired and the sweep will write
    if message.not_after is not None and now >= message.not_after:
        return False  # a confirmation is worth nothing once the lesson has begun
    goes_there = message.recipient == booking.customer_email
    if message.state is MessageState.SENDING and goes_there:
        return True  # on its way
    if message.state is MessageState.SENDING:  # to the address of before, where it is dropped or of no use
        send_copy(session, message, now=now)
    elif message.state is not MessageState.QUEUED or message.due_at > now:
        resend(session, message.id, now=now)
    return True
