"""
The people of the tests, and the hours they keep. Each builder adds what it needs and flushes.

    Nora    coaches tumbling and always wants to be asked
    Omar    coaches strength and is booked directly
    Sam     a parent; books for Ida
    Ada     administers
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.bookings.requests import LessonRequest
from core.people.accounts import create_account
from core.people.api_keys import make_key
from core.people.models import Account, Role, StaffSession
from core.people.sessions import start_session
from core.schedule.models import Asks, Coach, LessonType, WeeklyHours
from tests.support.actors import as_staff

PASSWORD = "chalk-and-rings"
ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # Monday, November 23, 9:00 am at the gym
EVERY_WEEKDAY = ((range(5), 9, 18),)


def tumbling(session: Session) -> LessonType:
    """An hour, 15 minutes kept free after it."""
    return _lesson(
        session, slug="tumbling-60", name="Private tumbling", minutes=60, price_cents=8500, buffer_after_min=15
    )


def strength(session: Session) -> LessonType:
    """Three quarters of an hour, 10 minutes kept free after it."""
    return _lesson(
        session, slug="strength-45", name="Strength & handstands", minutes=45, price_cents=6500, buffer_after_min=10
    )


def first_lesson(session: Session) -> LessonType:
    """Half an hour, with nothing kept free."""
    return _lesson(session, slug="first-lesson-30", name="First lesson", minutes=30, price_cents=4000)


def nora(session: Session, **preferences: Any) -> Coach:
    """Weekdays nine to six; always asks. `preferences` are columns of coach."""
    return coach(
        session, "nora", "Nora Lindqvist", [first_lesson(session), tumbling(session)], asks=Asks.ALWAYS, **preferences
    )


def omar(session: Session, **preferences: Any) -> Coach:
    """Weekdays nine to six; booked directly. `preferences` are columns of coach."""
    return coach(
        session, "omar", "Omar Haddad", [first_lesson(session), strength(session)], asks=Asks.NEVER, **preferences
    )


def ada(session: Session) -> Account:
    """An admin, with PASSWORD."""
    return create_account(
        session, email="ada@spirit.example", name="Ada Moreno", role=Role.ADMIN, password=PASSWORD, now=NOW
    )


def coach(
    session: Session,
    slug: str,
    name: str,
    lessons: Iterable[LessonType],
    hours: Iterable[tuple[Iterable[int], int, int]] = EVERY_WEEKDAY,
    **preferences: Any,
) -> Coach:
    """A coach with an account (PASSWORD) and weekly hours, each (weekdays, first hour, last hour)."""
    account = create_account(
        session, email=f"{slug}@spirit.example", name=name, role=Role.COACH, password=PASSWORD, now=NOW
    )
    made = Coach(account=account, slug=slug, lessons=list(lessons), **{"timezone": ZONE.key, **preferences})
    session.add(made)
    session.flush()
    session.add_all(
        WeeklyHours(coach_id=made.id, weekday=weekday, start_min=first * 60, end_min=last * 60)
        for weekdays, first, last in hours
        for weekday in weekdays
    )
    session.flush()
    return made


def at(day: int, hour: int, minute: int = 0, *, zone: ZoneInfo = ZONE) -> datetime:
    """`day` days after NOW's Monday, at this wall time of the gym; aware UTC. at(1, 16) is Tuesday, 4:00 pm."""
    on = NOW.astimezone(zone).date() + timedelta(days=day)
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=zone).astimezone(UTC)


def sam_wants(teacher: Coach, lesson: LessonType, starts_at: datetime, **changes: Any) -> LessonRequest:
    """What Sam sends in for Ida. `changes` are fields of LessonRequest."""
    fields = {
        "coach_id": teacher.id,
        "lesson_id": lesson.id,
        "starts_at": starts_at,
        "customer_name": "Sam Rivera",
        "customer_email": "sam@example.org",
        "customer_phone": "(415) 555-0134",
        "athlete_name": "Ida",
        "notes": "",
        **changes,
    }
    return LessonRequest(**fields)


def _lesson(session: Session, **columns: Any) -> LessonType:
    found = session.scalars(select(LessonType).where(LessonType.slug == columns["slug"])).one_or_none()
    if found is None:
        found = LessonType(**columns)
        session.add(found)
        session.flush()
    return found


def just_signed_in(session: Session, account_id: int, *, now: datetime = NOW) -> int:
    """The id of a session of hers that begins now."""
    start_session(session, account_id, user_agent="a test", now=now)
    return session.scalars(select(func.max(StaffSession.id))).one() or 0


def new_key_of(session: Session, account_id: int, *, name: str = "A script", now: datetime = NOW) -> str:
    """A key that she made when she had just signed in; of that session nothing is left."""
    here = just_signed_in(session, account_id, now=now)
    key = make_key(session, by=as_staff(account_id), name=name, in_session=here, now=now)
    session.delete(session.get_one(StaffSession, here))
    session.flush()
    return key
