"""Reads a mail's context from the database: booking, account, digest, incident, and the times that it offers."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.alerts.notifications import find_notice
from core.bookings import queries, slots
from core.bookings.models import Booking
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.gym.models import the_gym
from core.mail.digest import find_digest
from core.mail.mail_context import Invitation, MailContext
from core.outbox.models import OutboxMessage
from core.people.models import Account, SignInLink
from core.rehearsals.models import Rehearsal
from core.schedule import bookable
from core.schedule.availability import Slot
from core.schedule.queries import coach_of


def read_context(session: Session, message: OutboxMessage, *, zone: ZoneInfo, now: datetime) -> MailContext:
    """Everything a mail says, read now. zone: the gym's own."""
    booking = _booking(session, message)
    account = session.get(Account, message.account_id) if message.account_id is not None else None
    return MailContext(
        message=message,
        gym=the_gym(session),
        booking=booking,
        account=account,
        sign_in_link_id=message.sign_in_link_id,
        next_slots=_next_slots(session, message, booking, now=now),
        gym_zone=zone,
        generated_at=now,
        digest=find_digest(session, message, now=now),
        invitation=_invitation(session, message, account),
        notice=find_notice(session, message.alert_change_id),
        other_times=bookable.other_times(booking.coach, booking.lesson) if booking is not None else None,
        confirms=_confirms(session, message),
    )


def _booking(session: Session, message: OutboxMessage) -> Booking | None:
    """What it is about; for a rehearsal a booking that is in no table."""
    if message.rehearsal_id is not None:
        return session.get_one(Rehearsal, message.rehearsal_id).as_booking()
    if message.unconfirmed_request_id is not None:
        waiting = session.get_one(UnconfirmedRequest, message.unconfirmed_request_id)
        return waiting.as_booking() if waiting.booking_id is None else queries.get_booking(session, waiting.booking_id)
    return queries.get_booking(session, message.booking_id) if message.booking_id is not None else None


def _confirms(session: Session, message: OutboxMessage) -> tuple[int, int] | None:
    """What its link names."""
    if message.unconfirmed_request_id is None:
        return None
    waiting = session.get_one(UnconfirmedRequest, message.unconfirmed_request_id)
    return waiting.id, waiting.serial


def _invitation(session: Session, message: OutboxMessage, account: Account | None) -> Invitation | None:
    """Who invites to what, as it is now."""
    link = session.get(SignInLink, message.sign_in_link_id) if message.sign_in_link_id is not None else None
    if account is None or link is None or link.invited_by is None:
        return None
    return Invitation(by=link.invited_by.name, teaches=coach_of(session, account) is not None)


def _next_slots(session: Session, message: OutboxMessage, booking: Booking | None, *, now: datetime) -> Sequence[Slot]:
    """An expired request's family is offered other times, if they can be booked."""
    if not message.kind.spec.offers_times or booking is None:
        return ()
    if not bookable.is_offered(booking.coach, booking.lesson):
        return ()
    return slots.next_free(session, booking.coach, booking.lesson, now=now, count=3)
