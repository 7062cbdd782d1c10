"""Counts from the gym's own database beside the monitor's numbers: requests of a local day, and staff at work."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from core.bookings.models import Booking
from core.people.models import StaffSession
from core.schedule.availability import DAY_MIN, at_wall_time


def bookings_on(session: Session, day: date, zone: ZoneInfo, *, upto: datetime | None = None) -> int:
    """Requests made on a local day, which has 23 or 25 hours twice a year; upto: before this instant."""
    end = at_wall_time(day, DAY_MIN, zone)
    return (
        session.scalar(
            select(func.count())
            .select_from(Booking)
            .where(
                Booking.requested_at >= at_wall_time(day, 0, zone),
                Booking.requested_at < (min(end, upto) if upto is not None else end),
            )
        )
        or 0
    )


def active_staff(session: Session, start: datetime, end: datetime) -> int:
    """Staff sessions that began before the end and were last used at or after the start."""
    return (
        session.scalar(
            select(func.count(distinct(StaffSession.id))).where(
                StaffSession.created_at < end, StaffSession.last_used_at >= start
            )
        )
        or 0
    )
