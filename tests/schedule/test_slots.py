"""What is listed is bookable, and nothing else is: the list and the command agree on every start."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from core.bookings import cancellation, expiry, requests, slots
from core.errors import NoLongerOffered, NotFound, SlotUnavailable
from core.people.models import Role
from core.platform.actor import PARENT_ON_SITE
from core.schedule import queries
from core.schedule.availability import OpenSlots, Slot
from core.schedule.models import Asks, Coach, DateOverride, LessonType, WeeklyHours
from tests.support import people
from tests.support.people import NOW, at, sam_wants

MINUTE, HOUR, DAY, INSTANT = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
TUESDAY, FRIDAY = date(2026, 11, 24), date(2026, 11, 27)


def listed(
    session: Session, coach: Coach, lesson: LessonType, on: date, *, now: datetime = NOW, last_on: date | None = None
) -> OpenSlots:
    return slots.open_slots(session, coach, lesson, first_on=on, last_on=last_on or on, now=now)


def ask(session: Session, coach: Coach, lesson: LessonType, starts_at: datetime, *, now: datetime = NOW) -> None:
    requests.request_lesson(session, coach, sam_wants(coach, lesson, starts_at), now=now)


def bookable(session: Session, coach: Coach, lesson: LessonType, starts_at: datetime, *, now: datetime) -> bool:
    """Try it through the command, and undo it."""
    attempt = session.begin_nested()
    try:
        ask(session, coach, lesson, starts_at, now=now)
    except SlotUnavailable:
        return False
    finally:
        attempt.rollback()
        session.expire_all()
    return True


def luna(session: Session, zone: str, asks: Asks) -> tuple[Coach, LessonType]:
    """She teaches at odd minutes of the night, with buffers on both sides, some hours more or less on some days."""
    lesson = LessonType(
        slug="moon-45", name="Moon", minutes=45, price_cents=1, buffer_before_min=5, buffer_after_min=10
    )
    coach = people.coach(
        session,
        "luna",
        "Luna Reyes",
        [lesson],
        hours=(),
        timezone=zone,
        asks=asks,
        asks_under_hours=3,
        notice_min=45,
        horizon_days=2,
        slot_step_min=20,
    )
    for weekday in range(7):
        windows = [(10, 265), (600, 720)]
        session.add_all(WeeklyHours(coach_id=coach.id, weekday=weekday, start_min=a, end_min=b) for a, b in windows)
    session.flush()
    return coach, lesson


@pytest.mark.parametrize(
    ("zone", "day", "asks"),
    [
        ("America/Los_Angeles", date(2026, 3, 8), Asks.ALWAYS),
        ("America/Los_Angeles", date(2026, 11, 1), Asks.UNDER_NOTICE),
        ("Europe/Berlin", date(2026, 10, 25), Asks.ALWAYS),
        ("Australia/Lord_Howe", date(2026, 10, 4), Asks.UNDER_NOTICE),
        ("Australia/Lord_Howe", date(2026, 4, 5), Asks.NEVER),
    ],
)
def test_every_listed_time_can_be_booked_and_no_other(session: Session, zone: str, day: date, asks: Asks) -> None:
    coach, lesson = luna(session, zone, asks)
    session.add_all(
        [
            DateOverride(coach_id=coach.id, local_on=day, adds=True, start_min=720, end_min=800),
            DateOverride(coach_id=coach.id, local_on=day, adds=False, start_min=200, end_min=215),
        ]
    )
    session.flush()
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    ask(session, coach, lesson, listed(session, coach, lesson, day, now=midnight).slots[-2].starts_at, now=midnight)
    now = midnight - 30 * MINUTE
    starts = {slot.starts_at for slot in listed(session, coach, lesson, day, now=now).slots}
    assert len(starts) >= 5
    grid = {midnight + minute * MINUTE for minute in range(-30, 900, 15)} & on(day, coach)
    assert {start for start in grid | starts if bookable(session, coach, lesson, start, now=now)} == starts


def on(day: date, coach: Coach) -> set[datetime]:
    """Every minute of this local day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY
    minutes = {midnight + minute * MINUTE for minute in range(3 * 1440)}
    return {minute for minute in minutes if minute.astimezone(coach.zone).date() == day}


@pytest.mark.parametrize("asks", list(Asks))
def test_a_time_can_be_booked_to_the_last_instant_that_lists_it(session: Session, asks: Asks) -> None:
    coach, lesson = luna(session, "Europe/Berlin", asks)
    answer = listed(session, coach, lesson, TUESDAY, now=NOW - 6 * HOUR)
    for _ in range(6):  # as time goes by
        last, then = answer.valid_until - INSTANT, answer.valid_until
        starts = [slot.starts_at for slot in answer.slots]
        assert [start for start in starts if bookable(session, coach, lesson, start, now=last)] == starts
        after = listed(session, coach, lesson, TUESDAY, now=then)
        assert after.slots != answer.slots
        gone = set(starts) - {slot.starts_at for slot in after.slots}
        assert not [start for start in gone if bookable(session, coach, lesson, start, now=then)]
        answer = after


def test_a_request_takes_its_time_from_the_list_until_it_expires(session: Session) -> None:
    coach, lesson = people.nora(session, answer_within_min=60, slot_step_min=60), people.first_lesson(session)
    before = listed(session, coach, lesson, TUESDAY)
    ask(session, coach, lesson, at(1, 16))
    held = listed(session, coach, lesson, TUESDAY)
    assert [slot for slot in before.slots if slot not in held.slots] == [Slot(at(1, 16), at(1, 16, 30), True)]
    assert held.valid_until == NOW + HOUR
    assert listed(session, coach, lesson, TUESDAY, now=NOW + HOUR).slots == before.slots
    expiry.expire_overdue(session, coach, now=NOW + HOUR)
    assert listed(session, coach, lesson, TUESDAY, now=NOW + HOUR).slots == before.slots


def test_a_booked_lesson_keeps_its_time_and_a_cancelled_one_gives_it_back(session: Session) -> None:
    coach, lesson = people.omar(session), people.strength(session)
    before = listed(session, coach, lesson, TUESDAY)
    booking = requests.request_lesson(session, coach, sam_wants(coach, lesson, at(1, 16)), now=NOW)
    taken = listed(session, coach, lesson, TUESDAY)
    assert at(1, 16) not in {slot.starts_at for slot in taken.slots}
    assert len(taken.slots) < len(before.slots)
    cancellation.cancel(session, coach, booking.id, by=PARENT_ON_SITE, now=NOW)
    assert listed(session, coach, lesson, TUESDAY).slots == before.slots


def test_a_lesson_on_the_day_before_keeps_its_buffer_free_after_midnight(session: Session) -> None:
    lesson = people.tumbling(session)
    coach = people.coach(session, "luna", "Luna", [lesson], [(range(7), 0, 2), (range(7), 23, 24)], asks=Asks.NEVER)
    ask(session, coach, lesson, at(1, 23))
    wednesday = listed(session, coach, lesson, date(2026, 11, 25))
    assert [slot.starts_at for slot in wednesday.slots] == [at(2, 0, 30), at(2, 1), at(2, 23)]


def test_another_coachs_lessons_take_nothing(session: Session) -> None:
    nora, omar, lesson = people.nora(session), people.omar(session), people.first_lesson(session)
    before = listed(session, nora, lesson, TUESDAY)
    ask(session, omar, lesson, at(1, 16))
    assert listed(session, nora, lesson, TUESDAY).slots == before.slots


def test_a_coachs_days_are_those_of_her_own_zone(session: Session) -> None:
    lesson = people.tumbling(session)
    kiri = people.coach(session, "kiri", "Kiri", [lesson], [([1], 9, 11)], timezone="Pacific/Auckland", asks=Asks.NEVER)
    tuesday = listed(session, kiri, lesson, TUESDAY, last_on=FRIDAY)
    assert [slot.starts_at for slot in tuesday.slots] == [at(0, 12), at(0, 12, 30), at(0, 13)]  # Monday at the gym


def test_several_days_are_the_days_together(session: Session) -> None:
    coach, lesson = people.nora(session), people.tumbling(session)
    together = listed(session, coach, lesson, TUESDAY, last_on=FRIDAY)
    apart = [listed(session, coach, lesson, TUESDAY + number * DAY) for number in range(4)]
    assert together.slots == tuple(slot for day in apart for slot in day.slots)
    assert together.valid_until == min(day.valid_until for day in apart)


def test_the_next_free_times_run_on_to_the_horizon_and_no_further(session: Session) -> None:
    lesson = people.tumbling(session)
    coach = people.coach(session, "luna", "Luna", [lesson], [([0], 9, 10)], horizon_days=20, asks=Asks.NEVER)
    free = slots.next_free(session, coach, lesson, now=NOW)
    assert [slot.starts_at for slot in free] == [at(7, 9), at(14, 9)]
    assert [slot.starts_at for slot in slots.next_free(session, coach, lesson, now=NOW, after=at(7, 9) + INSTANT)] == [
        at(14, 9)
    ]
    assert slots.next_free(session, coach, lesson, now=NOW, count=1) == free[:1]


def test_published_coaches_are_listed_by_name_and_hidden_ones_are_not_found(session: Session) -> None:
    nora, omar = people.nora(session), people.omar(session)
    ada = people.ada(session)
    assert list(queries.published_coaches(session)) == [nora, omar]
    assert queries.get_coach(session, "omar") is omar
    assert queries.coach_of(session, nora.account) is nora
    assert queries.coach_of(session, ada) is None
    assert ada.role is Role.ADMIN
    omar.published = False
    session.flush()
    assert list(queries.published_coaches(session)) == [nora]
    assert queries.coach_of(session, omar.account) is omar
    with pytest.raises(NoLongerOffered, match="gives no private lessons here at the moment"):
        queries.get_coach(session, "omar")
    with pytest.raises(NotFound, match="We know no such coach"):
        queries.get_coach(session, "nobody")
    with pytest.raises(NotFound, match="We know no such coach"):
        queries.get_coach_by_id(session, omar.id)


def test_a_lesson_is_found_with_those_who_teach_it(session: Session) -> None:
    nora, tumbling = people.nora(session), people.tumbling(session)
    strength = people.strength(session)
    assert queries.get_lesson(nora, "tumbling-60") is tumbling
    assert queries.get_lesson_by_id(nora, tumbling.id) is tumbling
    with pytest.raises(NotFound, match="does not teach this lesson"):
        queries.get_lesson(nora, "strength-45")
    with pytest.raises(NotFound, match="does not teach this lesson"):
        queries.get_lesson_by_id(nora, strength.id)
    tumbling.active = False
    with pytest.raises(NotFound):
        queries.get_lesson(nora, "tumbling-60")
