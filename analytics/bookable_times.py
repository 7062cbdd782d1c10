"""Whether lessons were on offer at an instant: where nothing is, few requests are no incident."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.bookings import slots
from core.schedule.availability import Rules
from core.schedule.models import Coach, LessonType
from core.schedule.queries import published_coaches

DAYS_AHEAD = 7  # most ask for a lesson within the week


def are_there(session: Session, *, at: datetime, zone: ZoneInfo) -> bool:
    """Whether now (at) a lesson can be booked within DAYS_AHEAD, and the day is no closed one."""
    if not were_there(session, at=at, zone=zone):
        return False
    until = at + timedelta(days=DAYS_AHEAD)
    for coach in published_coaches(session):
        for lesson in _given(coach):
            found = slots.next_free(session, coach, lesson, now=at, count=1)
            if found and found[0].starts_at < until:
                return True
    return False


def were_there(session: Session, *, at: datetime, zone: ZoneInfo) -> bool:
    """
    Whether lessons were offered at an instant of the past, by the coaches' hours as they are known now.

    Not on a closed day, on which all that teach usually do not; nor when nobody taught for a week from then on. What was
    booked by then is not asked: a week that was booked out had requests.
    """
    day = at.astimezone(zone).date()
    known = list(_rules(session, day))
    usual = [rules for rules in known if rules.weekly.get(day.weekday())]
    if usual and not any(rules.windows_on(day) for rules in known):
        return False
    return any(rules.windows_on(day + timedelta(days=ahead)) for rules in known for ahead in range(DAYS_AHEAD + 1))


def _rules(session: Session, day: date) -> Iterator[Rules]:
    """Of each coach that parents see and that has a lesson to give."""
    last_on = day + timedelta(days=DAYS_AHEAD)
    for coach in published_coaches(session):
        for lesson in _given(coach)[:1]:  # her hours are the same for each
            yield slots.rules_for(session, coach, lesson, first_on=day, last_on=last_on)


def _given(coach: Coach) -> list[LessonType]:
    return [lesson for lesson in coach.lessons if lesson.active]
