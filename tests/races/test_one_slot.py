"""Many families want the same time at the same moment, from many processes: one of them has it."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bookings.models import Booking, BookingEvent, Hold, HoldKind, Status
from core.outbox.models import MessageKind
from core.platform.actor import ActorRole, Channel
from core.platform.db import Database
from core.schedule.models import LessonType
from tests.races.house import House, ask, without_our_queue
from tests.races.runners import RUNNERS, Outcome, Runners, meet
from tests.support.people import NOW, at

TUESDAY_AT_TWO = at(1, 14)
ASKED_FOR = {MessageKind.REQUEST_RECEIVED: 1, MessageKind.REQUEST: 1, MessageKind.REMINDER: 1}


def test_twenty_families_ask_for_one_slot_and_one_gets_it(house: House, runners: Runners) -> None:
    hour = house.lessons["tumbling-60"]
    outcomes = runners.race(house.url, [(ask, house.nora, hour, TUESDAY_AT_TWO, family) for family in range(RUNNERS)])
    (booking_id,) = [outcome.value for outcome in outcomes if outcome.error is None]
    refused = [outcome for outcome in outcomes if outcome.error is not None]
    assert [outcome.error for outcome in refused] == ["SlotUnavailable"] * (RUNNERS - 1)
    assert {outcome.next_slots[0] for outcome in refused} == {at(1, 15, 15)}  # after the lesson and its buffer
    assert [house.count(table) for table in (Booking, Hold, BookingEvent)] == [1, 1, 1]
    assert house.life(booking_id) == [(None, Status.PENDING)]
    assert house.mails(booking_id) == ASKED_FOR


def test_every_start_of_an_afternoon_is_asked_for_at_once_and_no_two_lessons_overlap(
    house: House, runners: Runners
) -> None:
    """Lessons of 30, 45 and 60 minutes, a start each quarter of an hour: most of them lie in a neighbour's buffer."""
    wanted = house.offered()
    assert len(wanted) > 2 * RUNNERS
    outcomes = runners.race(house.url, [(ask, house.nora, *what, family) for family, what in enumerate(wanted)])
    booked = [outcome for outcome in outcomes if outcome.error is None]
    assert {outcome.error for outcome in outcomes} == {None, "SlotUnavailable"}
    assert len(booked) == house.count(Booking) == house.count(Hold) == house.count(BookingEvent) > 1
    assert house.overlaps() == 0
    assert house.offered() == []  # who was refused was refused rightly


def test_control_without_queue_and_check_the_wall_alone_still_refuses(house: House, runners: Runners) -> None:
    outcomes = _race_of_the_careless(house, runners)
    assert [outcome.error for outcome in outcomes].count(None) == 1
    refused = [outcome for outcome in outcomes if outcome.error is not None]
    assert {outcome.error for outcome in refused} == {"IntegrityError"}
    assert all("ex_hold_coach" in outcome.words for outcome in refused)
    assert (house.count(Booking), house.overlaps()) == (1, 0)


def test_control_with_the_wall_gone_too_the_lessons_overlap(house: House, runners: Runners) -> None:
    """The counter of overlaps can count: without it, the tests above would prove nothing."""
    house.drop_the_wall()
    outcomes = _race_of_the_careless(house, runners)
    assert {outcome.error for outcome in outcomes} == {None}
    assert house.count(Hold) == RUNNERS
    assert house.overlaps() == RUNNERS * (RUNNERS - 1) // 2


def _race_of_the_careless(house: House, runners: Runners) -> list[Outcome]:
    hour = house.lessons["tumbling-60"]
    return runners.race(house.url, [(look_and_take, house.nora, hour, TUESDAY_AT_TWO)] * RUNNERS)


def look_and_take(database: Database, coach_id: int, lesson_id: int, starts_at: datetime) -> bool:
    """Ask for a time as a program without a queue would: see that it is free, and only then write."""
    engine = without_our_queue(database)
    try:
        with Session(engine) as session:
            lesson = session.get_one(LessonType, lesson_id)
            busy_to = starts_at + timedelta(minutes=lesson.minutes + lesson.buffer_after_min)
            ends_at = starts_at + timedelta(minutes=lesson.minutes)
            taken = session.scalars(select(Hold).where(Hold.coach_id == coach_id, Hold.busy_to > starts_at)).first()
        meet()
        assert taken is None, "it looked before anybody wrote"
        with Session(engine) as session, session.begin():
            booking = _pending(coach_id, lesson_id, starts_at, ends_at)
            session.add(booking)
            session.flush()
            held = {"coach_id": coach_id, "booking_id": booking.id, "kind": HoldKind.LESSON}
            session.add(Hold(busy_from=starts_at, busy_to=busy_to, **held))
        return True
    finally:
        engine.dispose()


def _pending(coach_id: int, lesson_id: int, starts_at: datetime, ends_at: datetime) -> Booking:
    return Booking(
        handle=secrets.token_hex(16),
        coach_id=coach_id,
        lesson_type_id=lesson_id,
        status=Status.PENDING,
        starts_at=starts_at,
        ends_at=ends_at,
        price_cents=8500,
        customer_name="Sam Rivera",
        customer_email="sam@example.org",
        athlete_name="Ida",
        requested_at=NOW,
        expires_at=starts_at,
        changed_at=NOW,
        changed_by=ActorRole.PARENT,
        channel=Channel.SITE,
    )
