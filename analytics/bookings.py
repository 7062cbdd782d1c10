"""
Booking statistics from the gym's own database: requests and their outcome, lessons taught, utilization of hours.

Requests count on the day they were made, lessons on the day they are. Days are local: on two days of the year they have
23 and 25 hours, and hours offered are counted as they pass.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from analytics.duckdb_cursors import question
from analytics.gym_tables import arrow
from analytics.request_store import query
from analytics.time_window import Window
from core.bookings import slots
from core.bookings.models import Booking, Status
from core.people.models import Account
from core.platform.clock import microseconds
from core.schedule.availability import DAY_MIN, Rules, at_wall_time
from core.schedule.models import Coach

DAY = timedelta(days=1)
WEEK = "/coaches/{coach}/{lesson}"  # the site's route of free times
FORM = f"{WEEK}/request"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Asked:
    """
    Requests made in a window.

    Attributes:
        all: one row: requests, asked (a coach had to decide), answered, approved, denied, expired, cancelled, waiting,
            answer_p50_min, answer_p95_min, taught, missed.
        by_coach: the same with `coach`, the slowest to answer first.
        over_time: step_us, became (approved, denied, expired, cancelled, waiting), n.
    """

    all: dict[str, int | float | None]
    by_coach: pa.Table
    over_time: pa.Table


def asked(session: Session, window: Window, *, now: datetime) -> Asked:
    """Outcome by `now` of the requests that were made in a window."""
    found = arrow(session, _bookings().where(Booking.requested_at >= window.start, Booking.requested_at < window.end))
    given = {"now": microseconds(now)}
    with question(booking=found, coach=_coaches(session), steps=window.step_table()) as cursor:
        one = cursor.sql(query("bookings_asked").format(split="''"), params=given).to_arrow_table().to_pylist()
        by_coach = cursor.sql(query("bookings_asked").format(split="coach"), params=given).to_arrow_table()
        over_time = cursor.sql(query("bookings_over_time"), params=given).to_arrow_table()
    return Asked(one[0] if one else {}, by_coach, over_time)


def taught(session: Session, window: Window, *, now: datetime) -> pa.Table:
    """
    Lessons of a window that have begun, by coach: attendance and cancellations.

    Returns:
        coach, lessons (were to take place), noted (somebody said whether they came), no_shows, cancelled, cancelled_late.
    """
    end = min(window.end, now)
    found = arrow(session, _bookings().where(Booking.starts_at >= window.start, Booking.starts_at < end))
    with question(booking=found, coach=_coaches(session)) as cursor:
        return cursor.sql(query("bookings_taught")).to_arrow_table()


@dataclass(frozen=True)
class Fill:
    """Utilization of one coach's hours on one weekday."""

    coach: str
    weekday: int  # 0 is Monday
    offered_h: float
    booked_h: float  # of approved lessons

    @property
    def share(self) -> float | None:
        """0.0 to 1.0; None where nothing was offered."""
        return min(1.0, self.booked_h / self.offered_h) if self.offered_h else None


def fill(session: Session, window: Window) -> list[Fill]:
    """
    Utilization of offered hours, by coach and weekday of her zone.

    Offered are the hours as they are set now, with the single days that differ: earlier versions of a week are not stored.
    """
    booked = _booked(session, window)
    found = []
    names = coach_names(session)
    coaches = session.scalars(select(Coach).options(selectinload(Coach.lessons)))
    for coach in sorted(coaches, key=lambda coach: names[coach.id]):
        offered = _offered(session, coach, window)
        found += [
            Fill(names[coach.id], weekday, offered.get(weekday, 0.0), booked.get((coach.id, weekday), 0.0))
            for weekday in range(7)
            if offered.get(weekday) or booked.get((coach.id, weekday))
        ]
    return found


def _booked(session: Session, window: Window) -> dict[tuple[int, int], float]:
    """Hours of approved lessons by coach and weekday of her zone."""
    rows = session.execute(
        select(Booking.coach_id, Coach.timezone, Booking.starts_at, Booking.ends_at)
        .join(Coach, Coach.id == Booking.coach_id)
        .where(Booking.status == Status.APPROVED, Booking.starts_at >= window.start, Booking.starts_at < window.end)
    )
    hours: dict[tuple[int, int], float] = defaultdict(float)
    for coach_id, zone, starts_at, ends_at in rows:
        weekday = starts_at.astimezone(ZoneInfo(zone)).weekday()
        hours[coach_id, weekday] += (ends_at - starts_at).total_seconds() / 3600
    return hours


def _offered(session: Session, coach: Coach, window: Window) -> dict[int, float]:
    """Hours by weekday."""
    if not coach.lessons:
        return {}
    first_on, last_on = (at.astimezone(coach.zone).date() for at in (window.start, window.end))
    rules = slots.rules_for(session, coach, coach.lessons[0], first_on=first_on, last_on=last_on)
    hours: dict[int, float] = defaultdict(float)
    for day in _days(first_on, last_on):
        hours[day.weekday()] += _offered_on(rules, day, window, is_end=day in (first_on, last_on))
    return {weekday: length for weekday, length in hours.items() if length}


def _offered_on(rules: Rules, day: date, window: Window, *, is_end: bool) -> float:
    """Hours of one local day, as they pass, within the window."""
    windows = rules.windows_on(day)
    if not windows:
        return 0.0
    has_24_hours = at_wall_time(day, DAY_MIN, rules.zone) - at_wall_time(day, 0, rules.zone) == DAY
    if has_24_hours and not is_end:
        return sum(each.end_min - each.start_min for each in windows) / 60
    edges = [
        (at_wall_time(day, each.start_min, rules.zone), at_wall_time(day, each.end_min, rules.zone)) for each in windows
    ]
    lengths = [min(end, window.end) - max(start, window.start) for start, end in edges]
    return sum(max(length, timedelta()).total_seconds() for length in lengths) / 3600


def _days(first_on: date, last_on: date) -> Iterator[date]:
    return (first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1))


def coach_names(session: Session) -> dict[int, str]:
    """Display names by coach id; where two have the same name, with the slug."""
    rows = session.execute(select(Coach.id, Account.name, Coach.slug).join(Coach.account)).all()
    common = Counter(name for _, name, _ in rows)
    return {coach_id: f"{name} ({slug})" if common[name] > 1 else name for coach_id, name, slug in rows}


def _coaches(session: Session) -> pa.Table:
    names = coach_names(session)
    return pa.table({"coach_id": pa.array(names.keys(), pa.int64()), "coach": pa.array(names.values(), pa.string())})


def _bookings() -> Select[*tuple[Any, ...]]:
    return select(
        Booking.coach_id, Booking.status, Booking.requested_at, Booking.expires_at, Booking.approved_at,
        Booking.denied_at, Booking.expired_at, Booking.starts_at, Booking.cancelled_late, Booking.attendance,
    )  # fmt: skip
