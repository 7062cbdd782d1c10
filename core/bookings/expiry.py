"""Expiry of requests: their deadline, the reminder before it, and the transition PENDING → EXPIRED."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bookings import mails, queries
from core.bookings.disabled_coach_mail import tell_coach_or_admins
from core.bookings.models import Booking, Status
from core.bookings.transition import change
from core.outbox.models import MessageKind
from core.platform.actor import THE_CLOCK
from core.schedule.models import Coach

MIN_BEFORE_REMINDER = timedelta(minutes=15)  # a reminder right after the request's own mail helps nobody


def expires_at(coach: Coach, starts_at: datetime, *, now: datetime) -> datetime:
    """The deadline of a request made now: her time before the lesson, or her time to answer, whichever is first."""
    return min(starts_at - timedelta(minutes=coach.expiry_before_min), now + timedelta(minutes=coach.answer_within_min))


def reminder_at(coach: Coach, booking: Booking, *, now: datetime) -> datetime | None:
    """When the reminder is due; None if the coach wants none, or it would come right after the request."""
    if coach.reminder_before_min is None or booking.expires_at is None:
        return None
    remind_at = booking.expires_at - timedelta(minutes=coach.reminder_before_min)
    return remind_at if remind_at - now >= MIN_BEFORE_REMINDER else None


def expire_overdue(session: Session, coach: Coach, *, now: datetime) -> list[Booking]:
    """Expire a coach's overdue requests, mails included; returns those expired. Under her lock; safe to run at any time."""
    overdue = session.scalars(
        select(Booking.id)
        .where(Booking.coach_id == coach.id, Booking.status == Status.PENDING, Booking.expires_at <= now)
        .order_by(Booking.expires_at)
    ).all()
    expired = []
    for booking_id in overdue:
        booking = queries.read_again(session, booking_id, coach)
        if change(session, booking, Status.EXPIRED, by=THE_CLOCK, now=now):  # else somebody answered it first
            mails.add(session, MessageKind.EXPIRED, booking, now=now)
            tell_coach_or_admins(session, MessageKind.REQUEST_EXPIRED, booking, now=now)
            expired.append(booking)
    return expired


def coaches_with_overdue_requests(session: Session, *, now: datetime) -> Sequence[int]:
    """The ids of coaches with overdue requests, for `expire_overdue`."""
    return session.scalars(
        select(Booking.coach_id)
        .where(Booking.status == Status.PENDING, Booking.expires_at <= now)
        .distinct()
        .order_by(Booking.coach_id)
    ).all()
