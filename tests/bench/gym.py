"""A gym for the benches: coaches with long hours, one short lesson, every request booked by hand."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.bookings import requests, slots
from core.bookings.requests import LessonRequest
from core.migrations import migrate
from core.people.accounts import create_account
from core.people.models import Role
from core.platform import clock
from core.platform.db import Database
from core.schedule import queries
from core.schedule.models import Coach, LessonType, WeeklyHours

_parents = itertools.count()


@dataclass(frozen=True)
class BenchGym:
    """starts: by coach id, every free start of the next eight weeks."""

    lesson_id: int
    starts: dict[int, list[datetime]]


def open_gym(database: Database, *, coaches: int) -> BenchGym:
    """Migrate and fill an empty database. The limits of a parent are lifted: the bench has one parent a request."""
    migrate(database)
    lesson_id = database.transact(lambda tx: add_coaches(tx.session, coaches, now=tx.now))
    starts = {}
    with database.read() as session:
        for coach in queries.published_coaches(session):
            today = clock.now().date()
            offered = slots.open_slots(
                session,
                coach,
                queries.get_lesson_by_id(coach, lesson_id),
                first_on=today + timedelta(days=2),
                last_on=today + timedelta(days=57),
                now=clock.now(),
            )
            starts[coach.id] = [slot.starts_at for slot in offered.slots]
    return BenchGym(lesson_id, starts)


def add_coaches(session: Session, coaches: int, *, now: datetime) -> int:
    """Coaches who keep long hours every day, and the lesson they all teach. Returns its id."""
    lesson = LessonType(slug="half-hour", name="Half an hour", minutes=30, price_cents=4000)
    for number in range(coaches):
        account = create_account(
            session, email=f"coach{number}@spirit.example", name=f"Coach {number}", role=Role.COACH, now=now
        )
        coach = Coach(account=account, slug=f"coach-{number}", timezone="America/Los_Angeles", lessons=[lesson])
        session.add(coach)
        session.flush()
        session.add_all(
            WeeklyHours(coach_id=coach.id, weekday=day, start_min=8 * 60, end_min=20 * 60) for day in range(7)
        )
    session.flush()
    return lesson.id


def wanted(gym: BenchGym, coach_id: int, starts_at: datetime) -> LessonRequest:
    """A request by a parent who never asked before."""
    number = next(_parents)
    return LessonRequest(
        coach_id=coach_id,
        lesson_id=gym.lesson_id,
        starts_at=starts_at,
        customer_name="Sam Rivera",
        customer_email=f"parent{number}.{id(gym)}@example.org",
        athlete_name="Ida",
    )


request_lesson = requests.request_lesson
