"""Commands as they really run: through transact, with the coach's row locked, and committed or undone as a whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from core.bookings import cancellation, expiry
from core.bookings.decisions import Decision, by_link, decide
from core.bookings.models import Booking, BookingEvent, Hold, Status
from core.bookings.requests import request_lesson
from core.errors import NotFound, SlotUnavailable
from core.outbox.models import OutboxMessage
from core.platform.actor import PARENT_ON_SITE
from core.platform.db import Database
from core.platform.failpoints import FailpointReached, armed
from core.schedule.models import Coach
from tests.bookings.conftest import TUESDAY_AT_FOUR
from tests.support import people
from tests.support.people import NOW, sam_wants

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Gym:
    """A gym that has been committed. nora: her id."""

    database: Database
    nora: int
    tumbling: int

    def version(self) -> int:
        with self.database.read() as session:
            return session.get_one(Coach, self.nora).schedule_version

    def counts(self) -> list[int]:
        with self.database.read() as session:
            tables: list[type[Any]] = [Booking, BookingEvent, Hold, OutboxMessage]
            return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    def transact(self, command: Callable[..., Any], *args: Any, **how: Any) -> Any:
        return self.database.transact(
            lambda tx: command(tx.session, tx.coach, *args, now=tx.now, **how), coach=self.nora
        )

    def ask(self, **changed: Any) -> Booking:
        with self.database.read() as session:
            coach = session.get_one(Coach, self.nora)
            lesson = next(lesson for lesson in coach.lessons if lesson.id == self.tumbling)
            wanted = sam_wants(coach, lesson, TUESDAY_AT_FOUR, **changed)
        booking: Booking = self.transact(request_lesson, wanted)
        return booking

    def stored(self, booking: Booking) -> Booking:
        with self.database.read() as session:
            return session.get_one(Booking, booking.id)


@pytest.fixture
def gym(database: Database) -> Gym:
    with database.write() as transaction:
        nora = people.nora(transaction.session)
        return Gym(database, nora.id, people.tumbling(transaction.session).id)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def test_every_change_moves_the_coachs_schedule_version(gym: Gym, clock: time_machine.Traveller) -> None:
    seen = [gym.version()]
    booking = gym.ask()
    seen.append(gym.version())
    gym.transact(_by_link(Decision.APPROVE), booking.id)
    seen.append(gym.version())
    gym.transact(cancellation.cancel, booking.id, by=PARENT_ON_SITE)
    seen.append(gym.version())
    gym.ask()
    clock.move_to(TUESDAY_AT_FOUR)
    gym.transact(expiry.expire_overdue)
    seen.append(gym.version())
    assert seen == sorted(set(seen))


def _by_link(decision: Decision) -> Callable[..., Booking]:
    def answer(session: Any, coach: Coach, booking_id: int, *, now: datetime) -> Booking:
        return decide(session, coach, booking_id, decision, by=by_link(coach), now=now)

    return answer


def test_a_refused_command_moves_nothing(gym: Gym) -> None:
    gym.ask()
    before = gym.version(), gym.counts()
    with pytest.raises(SlotUnavailable):
        gym.ask(customer_email="priya@example.org")
    assert (gym.version(), gym.counts()) == before


def test_what_a_command_returns_can_be_read_after_its_transaction(gym: Gym) -> None:
    booking = gym.ask()
    assert (booking.status, booking.coach.name, booking.lesson.name) == (
        Status.PENDING,
        "Nora Lindqvist",
        "Private tumbling",
    )


def test_the_clock_is_read_inside(gym: Gym, clock: time_machine.Traveller) -> None:
    clock.move_to(NOW + HOUR)
    assert gym.ask().requested_at == NOW + HOUR


def test_an_unknown_coach_is_not_found(gym: Gym) -> None:
    with pytest.raises(NotFound):
        gym.database.transact(lambda tx: expiry.expire_overdue(tx.session, tx.coach, now=tx.now), coach=999_999)


@pytest.mark.parametrize("place", ["before_change", "after_change"])
def test_a_program_that_dies_within_a_decision_leaves_nothing_of_it(gym: Gym, place: str) -> None:
    booking = gym.ask()
    before = gym.version(), gym.counts()
    with armed(**{place: "raise"}), pytest.raises(FailpointReached):
        gym.transact(_by_link(Decision.DENY), booking.id)
    assert (gym.version(), gym.counts()) == before
    assert gym.stored(booking).status is Status.PENDING
    gym.transact(_by_link(Decision.DENY), booking.id)
    assert gym.stored(booking).status is Status.DENIED


def test_an_unswept_request_expires_in_the_transaction_of_the_one_that_takes_its_time(
    gym: Gym, clock: time_machine.Traveller
) -> None:
    with gym.database.write() as transaction:
        transaction.session.get_one(Coach, gym.nora).answer_within_min = 60
    first = gym.ask()
    assert first.expires_at == NOW + HOUR
    clock.move_to(NOW + HOUR - timedelta(microseconds=1))
    with pytest.raises(SlotUnavailable):
        gym.ask(customer_email="priya@example.org")
    clock.move_to(NOW + HOUR)
    second = gym.ask(customer_email="priya@example.org")
    stored = gym.stored(first)
    assert (stored.status, stored.expired_at, second.requested_at) == (Status.EXPIRED, NOW + HOUR, NOW + HOUR)
    assert gym.counts() == [2, 3, 1, 2 + 2 + 2]  # asked, expired, asked; nobody is reminded within the hour
