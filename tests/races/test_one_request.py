"""Approval by mail, denial in the console, the parent's cancellation and the expiry meet on one request: one wins."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm.attributes import set_committed_value

from core.bookings import cancellation, expiry
from core.bookings.decisions import Decision, by_link, decide
from core.bookings.models import Booking, BookingEvent, Hold, Status
from core.bookings.permissions import by_staff
from core.bookings.transition import TAKES_TIME, change
from core.outbox.models import MessageKind
from core.people.models import Account
from core.platform.actor import PARENT_ON_SITE, THE_CLOCK, ActorRole, Channel
from core.platform.db import Database
from core.schedule.models import Coach
from tests.races.house import House, ask, without_our_queue
from tests.races.runners import RUNNERS, Outcome, Runners, Try, meet
from tests.support.people import NOW, at

FIRST_TUESDAY, REQUESTS = 8, 10
PAST_THE_EXPIRY = NOW + timedelta(days=2)  # and, for every lesson here, long before it
TOO_LATE = {"AlreadyDecided", "BookingCancelled", "RequestExpired", "NotPossible"}
ASKED = Counter({MessageKind.REQUEST_RECEIVED: 1, MessageKind.REQUEST: 1, MessageKind.REMINDER: 1})
TELLS = {
    Status.APPROVED: Counter({MessageKind.CONFIRMED: 1}),
    Status.DENIED: Counter({MessageKind.DENIED: 1, MessageKind.DECIDED_BY_ADMIN: 1}),
    Status.CANCELLED: Counter({MessageKind.CANCELLED: 1, MessageKind.LESSON_CANCELLED: 1}),
    Status.EXPIRED: Counter({MessageKind.EXPIRED: 1, MessageKind.REQUEST_EXPIRED: 1}),
}


def approve_by_link(database: Database, coach_id: int, booking_id: int) -> Status:
    with database.write(coach_id) as transaction:
        coach = transaction.session.get_one(Coach, coach_id)
        link = by_link(coach)
        approved = decide(transaction.session, coach, booking_id, Decision.APPROVE, by=link, slot_version=1, now=NOW)
        return approved.status


def deny_in_console(database: Database, coach_id: int, booking_id: int, admin_id: int) -> Status:
    with database.write(coach_id) as transaction:
        coach = transaction.session.get_one(Coach, coach_id)
        by = by_staff(transaction.session.get_one(Account, admin_id), coach, Channel.CONSOLE)
        why = "The floor is being repaired."
        denied = decide(transaction.session, coach, booking_id, Decision.DENY, by=by, reason=why, now=NOW)
        return denied.status


def cancel_by_parent(database: Database, coach_id: int, booking_id: int) -> Status:
    with database.write(coach_id) as transaction:
        coach = transaction.session.get_one(Coach, coach_id)
        return cancellation.cancel(transaction.session, coach, booking_id, by=PARENT_ON_SITE, now=NOW).status


def expire(database: Database, coach_id: int, booking_id: int) -> Status | None:
    """As the sweep, whose clock is ahead of the others'."""
    with database.write(coach_id) as transaction:
        coach = transaction.session.get_one(Coach, coach_id)
        expired = expiry.expire_overdue(transaction.session, coach, now=PAST_THE_EXPIRY)
        return Status.EXPIRED if booking_id in [booking.id for booking in expired] else None


def test_four_ways_to_end_a_request_meet_and_one_wins(house: House, runners: Runners) -> None:
    """Five runners try each way, on one request after the other; each time another way stands first in line."""
    for number in range(REQUESTS):
        booking_id = _asked(house, number)
        four: list[Try] = [
            (approve_by_link, house.nora, booking_id),
            (deny_in_console, house.nora, booking_id, house.ada),
            (cancel_by_parent, house.nora, booking_id),
            (expire, house.nora, booking_id),
        ]
        ended = runners.race(house.url, [four[(number + runner) % 4] for runner in range(RUNNERS)])
        _check_that_one_won(house, booking_id, ended)
    assert house.count(Booking) == REQUESTS


def _check_that_one_won(house: House, booking_id: int, ended: Sequence[Outcome]) -> None:
    """A request ends once; only an approved lesson may still be cancelled, by the parent. The mails say the same."""
    assert _endings(house, booking_id) == 1
    life = house.life(booking_id)
    states = tuple(after for _, after in life[1:])
    assert life == list(zip([None, Status.PENDING, *states], [Status.PENDING, *states], strict=False))
    assert len(states) == 1 or states == (Status.APPROVED, Status.CANCELLED)
    assert house.mails(booking_id) == sum((TELLS[state] for state in states), ASKED)
    booking = house.booking(booking_id)
    assert (booking.status, booking.version) == (states[-1], 1 + len(states))
    with house.database.read() as session:
        holds = session.scalars(select(Hold).where(Hold.booking_id == booking_id)).all()
    assert len(holds) == (1 if booking.status in TAKES_TIME else 0)
    assert {outcome.error for outcome in ended} <= {None, *TOO_LATE}
    assert {outcome.value for outcome in ended} <= {None, *states}


def stale_change(database: Database, coach_id: int, booking_id: int, to: Status) -> bool:
    """What was read before the others wrote is written after them, and without the coach's lock."""
    with database.read() as session:
        version = session.get_one(Booking, booking_id).version
    meet()
    with database.write() as transaction:
        booking = transaction.session.get_one(Booking, booking_id)
        set_committed_value(booking, "version", version)
        set_committed_value(booking, "status", Status.PENDING)
        return change(transaction.session, booking, to, by=THE_CLOCK, now=NOW)


def careless_change(database: Database, coach_id: int, booking_id: int, to: Status) -> bool:
    """As a program without our rules would: read the state, and write it without looking again."""
    engine = without_our_queue(database)
    try:
        with engine.connect() as connection:
            before = connection.scalar(select(Booking.status).where(Booking.id == booking_id))
        meet()
        if before is not Status.PENDING:
            return False
        event = {"booking_id": booking_id, "coach_id": coach_id, "from_status": before, "to_status": to, "at": NOW}
        with engine.begin() as connection:
            connection.execute(update(Booking).where(Booking.id == booking_id).values(status=to))
            connection.execute(insert(BookingEvent).values(actor=ActorRole.CLOCK, channel=Channel.CLOCK, **event))
        return True
    finally:
        engine.dispose()


@pytest.mark.parametrize(("attempt", "winners"), [(stale_change, 1), (careless_change, RUNNERS)])
def test_control_the_conditional_update_lets_one_win_and_a_plain_one_lets_all(
    house: House, runners: Runners, attempt: object, winners: int
) -> None:
    """Even without the coach's lock one wins; without the condition all do, and the count of endings sees it."""
    booking_id = _asked(house, 0)
    ways = list(TELLS)
    ended = runners.race(house.url, [(attempt, house.nora, booking_id, ways[runner % 4]) for runner in range(RUNNERS)])
    assert {outcome.error for outcome in ended} == {None}
    assert [outcome.value for outcome in ended].count(True) == winners
    assert _endings(house, booking_id) == winners


def _endings(house: House, booking_id: int) -> int:
    """How often the request was ended."""
    return sum(before is Status.PENDING for before, _ in house.life(booking_id))


def _asked(house: House, number: int) -> int:
    """A family's pending request, for an hour of its own."""
    starts_at = at(FIRST_TUESDAY + 7 * (number // 2), 13 + 2 * (number % 2))
    return ask(house.database, house.nora, house.lessons["tumbling-60"], starts_at, number)
