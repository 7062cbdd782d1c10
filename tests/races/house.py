"""What the races are about: one coach's afternoon, what families and staff try, and what the database says after it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, create_engine, func, select, text

from core.bookings import slots
from core.bookings.models import Booking, BookingEvent, Hold, Status
from core.bookings.requests import request_lesson
from core.migrations import triggers_and_constraints
from core.outbox.models import MessageKind, OutboxMessage
from core.platform.db import Database
from core.schedule.models import Coach, LessonType
from tests.support import people
from tests.support.people import NOW, at, sam_wants

TUESDAY_AT_FOUR = at(1, 16)
OVERLAPS = text(
    "SELECT count(*) FROM hold a JOIN hold b ON a.coach_id = b.coach_id AND a.id < b.id"
    " AND a.busy_from < b.busy_to AND b.busy_from < a.busy_to"
)
DROP_THE_WALL = {
    "sqlite": [f"DROP TRIGGER {name}" for name in triggers_and_constraints.SQLITE if name.startswith("ex_hold_coach")],
    "postgresql": ["ALTER TABLE hold DROP CONSTRAINT ex_hold_coach"],
}


@dataclass(frozen=True)
class House:
    """A committed gym. nora: her id; ada: the admin's account; lessons: ids by slug."""

    database: Database
    url: str
    nora: int
    ada: int
    lessons: dict[str, int]

    def offered(self) -> list[tuple[int, datetime]]:
        """Every lesson and start that can be booked on Tuesday."""
        with self.database.read() as session:
            coach = session.get_one(Coach, self.nora)
            day = TUESDAY_AT_FOUR.astimezone(coach.zone).date()
            return [
                (lesson.id, slot.starts_at)
                for lesson in coach.lessons
                for slot in slots.open_slots(session, coach, lesson, first_on=day, last_on=day, now=NOW).slots
            ]

    def count(self, table: type[Any]) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def overlaps(self) -> int:
        """Pairs of holds of one coach that share time: counted by the database, and again by hand."""
        with self.database.read() as session:
            counted = int(session.execute(OVERLAPS).scalar_one())
            spans = [(row.coach_id, row.busy_from, row.busy_to) for row in session.scalars(select(Hold))]
        pairs = [(one, other) for number, one in enumerate(spans) for other in spans[number + 1 :]]
        by_hand = sum(one[0] == other[0] and one[1] < other[2] and other[1] < one[2] for one, other in pairs)
        assert by_hand == counted
        return counted

    def life(self, booking_id: int) -> list[tuple[Status | None, Status]]:
        """The changes of a booking, oldest first."""
        with self.database.read() as session:
            rows = session.scalars(
                select(BookingEvent).where(BookingEvent.booking_id == booking_id).order_by(BookingEvent.id)
            )
            return [(row.from_status, row.to_status) for row in rows]

    def mails(self, booking_id: int) -> Counter[MessageKind]:
        with self.database.read() as session:
            found = session.scalars(select(OutboxMessage.kind).where(OutboxMessage.booking_id == booking_id))
            return Counter(found)

    def booking(self, booking_id: int) -> Booking:
        with self.database.read() as session:
            return session.get_one(Booking, booking_id)

    def drop_the_wall(self) -> None:
        """Take away the guard of the holds, on this test's own database."""
        kind = self.database.url.get_backend_name()
        with self.database.write() as transaction:
            for statement in DROP_THE_WALL[kind]:
                transaction.session.execute(text(statement))


def open_house(database: Database, url: str) -> House:
    """Nora teaches three lessons on Tuesday afternoon, every quarter of an hour; buffers reach into the neighbours."""
    with database.write() as transaction:
        session = transaction.session
        half_hour = people.first_lesson(session)
        half_hour.buffer_before_min = 5
        taught = [half_hour, people.strength(session), people.tumbling(session)]
        nora = people.coach(session, "nora", "Nora Lindqvist", taught, hours=(([1], 13, 17),), slot_step_min=15)
        return House(database, url, nora.id, people.ada(session).id, {lesson.slug: lesson.id for lesson in taught})


def ask(database: Database, coach_id: int, lesson_id: int, starts_at: datetime, family: int) -> int:
    """A family's request, as the site makes it. Returns the booking's id."""
    with database.write(coach_id) as transaction:
        assert transaction.coach is not None
        lesson = transaction.session.get_one(LessonType, lesson_id)
        wanted = sam_wants(transaction.coach, lesson, starts_at, customer_email=f"family{family}@example.org")
        return request_lesson(transaction.session, transaction.coach, wanted, now=NOW).id


def without_our_queue(database: Database) -> Engine:
    """The same database as any program would open it: no queue, no coach's lock, only the database's own rules."""
    if database.is_sqlite:
        return create_engine(database.url, connect_args={"timeout": 30})
    return create_engine(database.url.set(drivername="postgresql+psycopg"))
