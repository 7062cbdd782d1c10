"""Bookings that do not lie within their coach's hours: by hours not saved yet, or as they are."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from core.bookings import slots
from core.bookings.models import Booking, Status
from core.schedule.availability import Rules, at_wall_time
from core.schedule.hours import WeekWindow, with_week
from core.schedule.models import Coach


def lessons_outside(session: Session, coach: Coach, windows: Iterable[WeekWindow], *, now: datetime) -> list[Booking]:
    """A coach's requests and lessons to come that lie outside these weekly hours and her date overrides, soonest first."""
    found = session.scalars(
        select(Booking)
        .options(joinedload(Booking.lesson, innerjoin=True))
        .where(Booking.coach_id == coach.id, Booking.starts_at > now)
        .order_by(Booking.starts_at)
    ).all()
    coming = [booking for booking in found if booking.status_at(now) in (Status.PENDING, Status.APPROVED)]
    if not coming:
        return []
    first_on, last_on = (booking.starts_at.astimezone(coach.zone).date() for booking in (coming[0], coming[-1]))
    rules = with_week(slots.rules_for(session, coach, coming[0].lesson, first_on=first_on, last_on=last_on), windows)
    return [booking for booking in coming if not _within(booking, rules)]


def outside_hours(session: Session, coach: Coach, bookings: Sequence[Booking]) -> list[Booking]:
    """Which of these bookings of a coach lie outside her present hours, date overrides included."""
    if not bookings:
        return []
    days = [booking.starts_at.astimezone(coach.zone).date() for booking in bookings]
    rules = slots.rules_for(session, coach, bookings[0].lesson, first_on=min(days), last_on=max(days))
    return [booking for booking in bookings if not _within(booking, rules)]


def _within(booking: Booking, rules: Rules) -> bool:
    day = booking.starts_at.astimezone(rules.zone).date()
    return any(
        at_wall_time(day, window.start_min, rules.zone) <= booking.starts_at
        and booking.ends_at <= at_wall_time(day, window.end_min, rules.zone)
        for window in rules.windows_on(day)
    )
