"""The arithmetic of free times against the slow model, and by hand on the days the clock changes."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.schedule.availability import Busy, OpenSlots, Rules, Slot, Window, open_slots
from core.schedule.models import Asks
from tests.schedule import model

LOS_ANGELES, BERLIN, LORD_HOWE, SANTIAGO = (
    ZoneInfo(name) for name in ("America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago")
)
ORDINARY_DAY = date(2026, 11, 24)
CLOCK_CHANGES = [
    (LOS_ANGELES, date(2026, 3, 8)),  # 2:00 becomes 3:00
    (LOS_ANGELES, date(2026, 11, 1)),  # 2:00 becomes 1:00
    (BERLIN, date(2026, 3, 29)),  # 2:00 becomes 3:00
    (BERLIN, date(2026, 10, 25)),  # 3:00 becomes 2:00
    (LORD_HOWE, date(2026, 10, 4)),  # 2:00 becomes 2:30
    (LORD_HOWE, date(2026, 4, 5)),  # 2:00 becomes 1:30
    (SANTIAGO, date(2026, 9, 6)),  # midnight becomes 1:00
    (SANTIAGO, date(2026, 4, 4)),  # midnight becomes 23:00
]
PLACES = [*CLOCK_CHANGES, *((zone, ORDINARY_DAY) for zone in (LOS_ANGELES, BERLIN, LORD_HOWE))]
ANSWER_WITHIN = timedelta(days=2)
INSTANT = timedelta(microseconds=1)


@st.composite
def windows(draw: Callable[..., Any]) -> Window:
    """Any window of whole minutes; often near the hours in which clocks change."""
    start = draw(st.one_of(st.integers(0, 1439), st.integers(0, 240), st.sampled_from([0, 60, 90, 120, 150, 180])))
    end = draw(st.one_of(st.integers(start + 1, 1440), st.integers(start + 1, min(1440, start + 300))))
    return Window(start, end)


def minutes(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda count: timedelta(minutes=count))


@st.composite
def questions(draw: Callable[..., Any]) -> tuple[Rules, list[Busy], date, date, datetime]:
    """A coach's rules, what is busy, the days asked for and the instant of asking."""
    zone, day = draw(st.sampled_from(PLACES))
    first_on = day - timedelta(days=draw(st.integers(0, 1)))
    last_on = day + timedelta(days=draw(st.integers(0, 1)))
    hours = st.lists(windows(), max_size=2).map(tuple)
    usual = st.lists(windows(), min_size=1, max_size=2).map(tuple)
    by_day = st.dictionaries(st.sampled_from([first_on, day, last_on]), hours, max_size=2)
    rules = Rules(
        zone=zone,
        weekly=draw(st.fixed_dictionaries({on.weekday(): usual for on in (first_on, day, last_on)})),
        extra=draw(by_day),
        removed=draw(by_day),
        notice=draw(st.sampled_from([0, 1, 120, 1440]).map(lambda count: timedelta(minutes=count))),
        horizon_days=draw(st.integers(2, 6)),
        step_min=draw(st.sampled_from([5, 7, 15, 30, 45, 60, 240])),
        lesson=draw(minutes(5, 120)),
        buffer_before=draw(st.sampled_from([0, 0, 5, 20]).map(lambda count: timedelta(minutes=count))),
        buffer_after=draw(st.sampled_from([0, 0, 10, 35]).map(lambda count: timedelta(minutes=count))),
        asks=draw(st.sampled_from(Asks)),
        asks_under=timedelta(hours=draw(st.sampled_from([1, 2, 24, 48]))),
        expiry_before=draw(st.sampled_from([15, 60, 600, 2880]).map(lambda count: timedelta(minutes=count))),
    )
    midnight = model.first_instant_at_or_past(zone, day, 0)
    limits = st.sampled_from([rules.asks_under, rules.notice, rules.expiry_before + timedelta(minutes=30)])
    before = st.one_of(minutes(-600, 4 * 1440), st.builds(lambda limit, into: limit - into, limits, minutes(0, 1440)))
    now = midnight - draw(before) + draw(st.sampled_from([timedelta(), INSTANT, -INSTANT, timedelta(seconds=17)]))
    untils = st.one_of(st.none(), minutes(-300, 600).map(lambda offset: now + offset), st.just(now + INSTANT))
    starts = minutes(-1440, 2 * 1440).map(lambda offset: midnight + offset)
    busy = draw(
        st.lists(
            st.builds(lambda start, length, until: Busy(start, start + length, until), starts, minutes(1, 180), untils),
            max_size=4,
        )
    )
    return rules, busy, first_on, last_on, now


@given(questions())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_slots_are_those_of_the_slow_model(question: tuple[Rules, list[Busy], date, date, datetime]) -> None:
    rules, busy, first_on, last_on, now = question
    fast = open_slots(rules, busy, first_on=first_on, last_on=last_on, now=now)
    assert list(fast.slots) == model.bookable(
        rules, busy, answer_within=ANSWER_WITHIN, first_on=first_on, last_on=last_on, now=now
    )


@given(questions(), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_answer_stays_until_valid_until_and_is_another_at_that_instant(
    question: tuple[Rules, list[Busy], date, date, datetime], data: st.DataObject
) -> None:
    rules, busy, first_on, last_on, now = question
    fast = open_slots(rules, busy, first_on=first_on, last_on=last_on, now=now)

    def slow(at: datetime) -> list[Slot]:
        return model.bookable(rules, busy, answer_within=ANSWER_WITHIN, first_on=first_on, last_on=last_on, now=at)

    assert fast.valid_until > now
    until = min(fast.valid_until, now + timedelta(days=20))
    moments = data.draw(
        st.lists(st.floats(0, 1, exclude_max=True).map(lambda part: now + (until - now) * part), min_size=2, max_size=4)
    )
    for at in [*moments, until - INSTANT]:
        assert slow(min(at, until - INSTANT)) == list(fast.slots)
    if fast.valid_until < now + timedelta(days=366):
        assert slow(fast.valid_until) != list(fast.slots)


def rules_of(zone: ZoneInfo = LOS_ANGELES, **changed: Any) -> Rules:
    """A coach who teaches from 9 to 12 on every day, an hour a lesson, and asks nobody."""
    plain: dict[str, Any] = {
        "zone": zone,
        "weekly": {weekday: (Window(9 * 60, 12 * 60),) for weekday in range(7)},
        "extra": {},
        "removed": {},
        "notice": timedelta(hours=2),
        "horizon_days": 60,
        "step_min": 30,
        "lesson": timedelta(minutes=60),
        "buffer_before": timedelta(),
        "buffer_after": timedelta(),
        "asks": Asks.NEVER,
        "asks_under": timedelta(hours=24),
        "expiry_before": timedelta(minutes=60),
    }
    return Rules(**{**plain, **changed})


def on_day(rules: Rules, day: date, *, busy: list[Busy] | None = None, now: datetime | None = None) -> OpenSlots:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return open_slots(rules, busy or [], first_on=day, last_on=day, now=now or midnight - timedelta(days=5))


def wall_times(answer: OpenSlots, zone: ZoneInfo) -> list[str]:
    return [f"{slot.starts_at.astimezone(zone):%H:%M}" for slot in answer.slots]


def utc(hour: int, minute: int = 0, *, day: date = ORDINARY_DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def test_starts_are_counted_from_the_beginning_of_each_window() -> None:
    hours = {ORDINARY_DAY.weekday(): (Window(9 * 60 + 10, 11 * 60), Window(14 * 60, 15 * 60 + 30))}
    assert wall_times(on_day(rules_of(weekly=hours), ORDINARY_DAY), LOS_ANGELES) == ["09:10", "09:40", "14:00", "14:30"]


def test_windows_that_touch_are_one() -> None:
    hours = {ORDINARY_DAY.weekday(): (Window(10 * 60 + 15, 12 * 60), Window(9 * 60, 10 * 60 + 15))}
    assert wall_times(on_day(rules_of(weekly=hours), ORDINARY_DAY), LOS_ANGELES) == [
        "09:00",
        "09:30",
        "10:00",
        "10:30",
        "11:00",
    ]


def test_an_override_adds_hours_and_another_takes_them() -> None:
    changed = rules_of(extra={ORDINARY_DAY: (Window(720, 780),)}, removed={ORDINARY_DAY: (Window(540, 600),)})
    assert wall_times(on_day(changed, ORDINARY_DAY), LOS_ANGELES) == ["10:00", "10:30", "11:00", "11:30", "12:00"]
    assert wall_times(on_day(changed, date(2026, 11, 25)), LOS_ANGELES) == ["09:00", "09:30", "10:00", "10:30", "11:00"]


def test_a_day_off_has_no_slots() -> None:
    assert on_day(rules_of(removed={ORDINARY_DAY: (Window(0, 1440),)}), ORDINARY_DAY).slots == ()


def test_a_lesson_stays_within_the_hours_but_its_buffers_may_stick_out() -> None:
    buffered = rules_of(buffer_before=timedelta(minutes=20), buffer_after=timedelta(minutes=20))
    assert wall_times(on_day(buffered, ORDINARY_DAY), LOS_ANGELES) == ["09:00", "09:30", "10:00", "10:30", "11:00"]


def test_buffers_of_neighbours_add_up() -> None:
    taken = Busy(utc(18, 0), utc(19, 15))  # 10 to 11 in Los Angeles, and 15 minutes of its own after it
    plain = on_day(rules_of(lesson=timedelta(minutes=30), step_min=5), ORDINARY_DAY, busy=[taken])
    buffered = on_day(
        rules_of(lesson=timedelta(minutes=30), step_min=5, buffer_before=timedelta(minutes=10)),
        ORDINARY_DAY,
        busy=[taken],
    )
    assert next(at for at in wall_times(plain, LOS_ANGELES) if at > "10") == "11:15"
    assert next(at for at in wall_times(buffered, LOS_ANGELES) if at > "10") == "11:25"


def test_a_lesson_may_touch_what_is_busy() -> None:
    taken = Busy(utc(18), utc(19))
    assert wall_times(on_day(rules_of(), ORDINARY_DAY, busy=[taken]), LOS_ANGELES) == ["09:00", "11:00"]


def test_a_pending_requests_time_is_free_from_the_instant_it_expires() -> None:
    now, expires = utc(0), utc(3)
    taken = Busy(utc(17), utc(20), until=expires)
    early = on_day(rules_of(), ORDINARY_DAY, busy=[taken], now=now)
    assert (early.slots, early.valid_until) == ((), expires)
    assert on_day(rules_of(), ORDINARY_DAY, busy=[taken], now=expires - INSTANT).slots == ()
    assert len(on_day(rules_of(), ORDINARY_DAY, busy=[taken], now=expires).slots) == 5


def test_the_notice_ends_on_the_microsecond() -> None:
    last = utc(17) - timedelta(hours=2)  # for the lesson at 9:00
    answer = on_day(rules_of(), ORDINARY_DAY, now=last)
    assert wall_times(answer, LOS_ANGELES)[0] == "09:00"
    assert answer.valid_until == last + INSTANT
    assert wall_times(on_day(rules_of(), ORDINARY_DAY, now=last + INSTANT), LOS_ANGELES)[0] == "09:30"


def test_the_horizon_opens_a_day_at_the_coachs_midnight() -> None:
    opens = datetime(2026, 9, 25, 7, 0, tzinfo=UTC)  # midnight in Los Angeles, 60 days before
    closed = on_day(rules_of(), ORDINARY_DAY, now=opens - INSTANT)
    assert (closed.slots, closed.valid_until) == ((), opens)
    assert len(on_day(rules_of(), ORDINARY_DAY, now=opens).slots) == 5


def test_a_coach_who_asks_needs_half_an_hour_to_answer() -> None:
    asks = rules_of(asks=Asks.ALWAYS, notice=timedelta(), expiry_before=timedelta(hours=3))
    last = utc(17) - timedelta(hours=3, minutes=30)
    assert on_day(asks, ORDINARY_DAY, now=last).slots[0] == Slot(utc(17), utc(18), True)
    assert on_day(asks, ORDINARY_DAY, now=last + INSTANT).slots[0].starts_at == utc(17, 30)
    direct = rules_of(notice=timedelta(), expiry_before=timedelta(hours=3))
    assert on_day(direct, ORDINARY_DAY, now=last + INSTANT).slots[0] == Slot(utc(17), utc(18), False)


def test_a_coach_who_asks_under_notice_is_asked_only_for_sooner_lessons() -> None:
    mixed = rules_of(asks=Asks.UNDER_NOTICE)
    at_the_notice = utc(17) - timedelta(hours=24)
    answer = on_day(mixed, ORDINARY_DAY, now=at_the_notice)
    assert not any(slot.requires_approval for slot in answer.slots)
    assert answer.valid_until == at_the_notice + INSTANT
    later = on_day(mixed, ORDINARY_DAY, now=at_the_notice + INSTANT)
    assert [slot.requires_approval for slot in later.slots] == [True, False, False, False, False]


def test_a_coach_who_could_not_answer_in_time_is_not_asked_and_the_time_closes() -> None:
    slow = rules_of(asks=Asks.UNDER_NOTICE, expiry_before=timedelta(hours=48))
    at_the_notice = utc(17) - timedelta(hours=24)
    assert on_day(slow, ORDINARY_DAY, now=at_the_notice).slots[0] == Slot(utc(17), utc(18), False)
    assert on_day(slow, ORDINARY_DAY, now=at_the_notice + INSTANT).slots[0].starts_at == utc(17, 30)


def test_an_empty_answer_is_asked_again_within_a_year() -> None:
    now = utc(0)
    assert on_day(rules_of(weekly={}), ORDINARY_DAY, now=now) == OpenSlots((), now + timedelta(days=366))


NIGHT = {weekday: (Window(0, 5 * 60),) for weekday in range(7)}


@pytest.mark.parametrize(
    ("zone", "day", "step_min", "offered"),
    [
        (LOS_ANGELES, date(2026, 3, 8), 60, ["00:00", "01:00", "03:00", "04:00"]),
        (LOS_ANGELES, date(2026, 11, 1), 60, ["00:00", "01:00", "02:00", "03:00", "04:00"]),
        (BERLIN, date(2026, 3, 29), 60, ["00:00", "01:00", "03:00", "04:00"]),
        (BERLIN, date(2026, 10, 25), 60, ["00:00", "01:00", "02:00", "03:00", "04:00"]),
        (LORD_HOWE, date(2026, 10, 4), 30, ["00:00", "00:30", "01:00", "01:30", "02:30", "03:00", "03:30", "04:00"]),
        (
            LORD_HOWE,
            date(2026, 4, 5),
            30,
            ["00:00", "00:30", "01:00", "01:30", "02:00", "02:30", "03:00", "03:30", "04:00"],
        ),
    ],
)
def test_a_time_that_the_clock_skips_is_never_offered(
    zone: ZoneInfo, day: date, step_min: int, offered: list[str]
) -> None:
    assert wall_times(on_day(rules_of(zone, weekly=NIGHT, step_min=step_min), day), zone) == offered


@pytest.mark.parametrize(
    ("zone", "day", "wall", "first"),
    [
        (LOS_ANGELES, date(2026, 11, 1), "01:30", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
        (BERLIN, date(2026, 10, 25), "02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (LORD_HOWE, date(2026, 4, 5), "01:30", datetime(2026, 4, 4, 14, 30, tzinfo=UTC)),
    ],
)
def test_an_hour_that_comes_twice_is_meant_the_first_time(
    zone: ZoneInfo, day: date, wall: str, first: datetime
) -> None:
    answer = on_day(rules_of(zone, weekly=NIGHT), day)
    assert [slot.starts_at for slot in answer.slots if f"{slot.starts_at.astimezone(zone):%H:%M}" == wall] == [first]


def test_a_lesson_across_the_skipped_hour_has_its_full_length() -> None:
    day = date(2026, 3, 8)
    slot = on_day(rules_of(weekly=NIGHT), day).slots[3]
    assert (slot.starts_at, slot.ends_at) == (utc(9, 30, day=day), utc(10, 30, day=day))
    assert f"{slot.ends_at.astimezone(LOS_ANGELES):%H:%M}" == "03:30"


def test_a_window_that_ends_in_the_skipped_hour_ends_at_the_skip() -> None:
    day = date(2026, 3, 8)
    hours = {day.weekday(): (Window(0, 2 * 60 + 30),)}
    assert wall_times(on_day(rules_of(weekly=hours), day), LOS_ANGELES) == ["00:00", "00:30", "01:00"]


def test_each_busy_time_is_looked_at_a_few_times_however_many_starts_there_are() -> None:
    looked_at = 0

    class Counted(Busy):
        def __getattribute__(self, name: str) -> Any:
            nonlocal looked_at
            looked_at += name == "end"
            return super().__getattribute__(name)

    days, opens = 366, datetime(2026, 11, 23, 17, tzinfo=UTC)
    hours = [opens + timedelta(days=day, hours=hour) for day in range(days) for hour in range(9)]
    rules = Rules(
        zone=LOS_ANGELES,
        weekly=dict.fromkeys(range(7), (Window(540, 1080),)),
        extra={},
        removed={},
        notice=timedelta(0),
        horizon_days=days + 1,
        step_min=15,
        lesson=timedelta(hours=1),
        buffer_before=timedelta(0),
        buffer_after=timedelta(minutes=15),
        asks=Asks.NEVER,
        asks_under=timedelta(0),
        expiry_before=timedelta(0),
    )
    taken = [Counted(hour, hour + timedelta(minutes=50)) for hour in hours]
    first_on = date(2026, 11, 23)
    found = open_slots(rules, taken, first_on=first_on, last_on=first_on + timedelta(days=days - 1), now=opens)
    assert not found.slots and looked_at < 12 * len(taken)
