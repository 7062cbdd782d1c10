"""
What can be booked, found the slow way: walk every minute that the clock on the wall shows, and ask of each.

Knows the rules as a coach would tell them, and nothing of how `core.schedule.availability` computes them.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.schedule.availability import Busy, Rules, Slot
from core.schedule.models import Asks

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HALF_AN_HOUR = timedelta(minutes=30)


def bookable(
    rules: Rules, busy: Sequence[Busy], *, answer_within: timedelta, first_on: date, last_on: date, now: datetime
) -> list[Slot]:
    """Every slot of these local days, `last_on` included, that a parent can book at `now`."""
    found = []
    day = first_on
    while day <= last_on:
        for start in starts_in_hours(rules, day):
            asks = is_asked(rules, start, now)
            in_time = is_far_enough(rules, start, now) and is_near_enough(rules, day, now)
            answered = not asks or is_answerable(rules, answer_within, start, now)
            if in_time and answered and is_free(rules, busy, start, now):
                found.append(Slot(start, start + rules.lesson, asks))
        day += DAY
    return found


def starts_in_hours(rules: Rules, day: date) -> Iterator[datetime]:
    """The instants at which a lesson can begin as far as the hours of this day go."""
    covered = minutes_covered(rules, day)
    for at, minute in minutes_shown(rules.zone, day):
        if minute not in covered:
            continue
        opens = closes = minute
        while opens - 1 in covered:
            opens -= 1
        while closes in covered:
            closes += 1
        on_the_step = (minute - opens) % rules.step_min == 0
        if on_the_step and at + rules.lesson <= first_instant_at_or_past(rules.zone, day, closes):
            yield at


def minutes_covered(rules: Rules, day: date) -> set[int]:
    """The wall minutes of this day at which the coach teaches."""
    covered = set()
    for window in [*rules.weekly.get(day.weekday(), ()), *rules.extra.get(day, ())]:
        covered |= set(range(window.start_min, window.end_min))
    for window in rules.removed.get(day, ()):
        covered -= set(range(window.start_min, window.end_min))
    return covered


@lru_cache
def minutes_shown(zone: ZoneInfo, day: date) -> list[tuple[datetime, int]]:
    """Every minute that the clock shows on this day, the first time: its instant and its place since midnight."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY
    shown: dict[int, datetime] = {}
    for _ in range(3 * 24 * 60):
        wall = at.astimezone(zone)
        if wall.date() == day:
            shown.setdefault(wall.hour * 60 + wall.minute, at)
        at += MINUTE
    return [(at, minute) for minute, at in shown.items()]


@lru_cache
def first_instant_at_or_past(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """When the clock on the wall first shows this minute of the day, or has jumped over it."""
    wanted = datetime.combine(day, time()) + minute * MINUTE
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY
    while at.astimezone(zone).replace(tzinfo=None) < wanted:
        at += MINUTE
    return at


def is_asked(rules: Rules, start: datetime, now: datetime) -> bool:
    if rules.asks is Asks.ALWAYS:
        return True
    return rules.asks is Asks.UNDER_NOTICE and start - now < rules.asks_under


def is_far_enough(rules: Rules, start: datetime, now: datetime) -> bool:
    return start - now >= rules.notice


def is_near_enough(rules: Rules, day: date, now: datetime) -> bool:
    today = now.astimezone(rules.zone).date()
    return day <= today + rules.horizon_days * DAY


def is_free(rules: Rules, busy: Sequence[Busy], start: datetime, now: datetime) -> bool:
    needs_from, needs_to = start - rules.buffer_before, start + rules.lesson + rules.buffer_after
    for taken in busy:
        still_taken = taken.until is None or now < taken.until
        apart = taken.end <= needs_from or needs_to <= taken.start
        if still_taken and not apart:
            return False
    return True


def is_answerable(rules: Rules, answer_within: timedelta, start: datetime, now: datetime) -> bool:
    expires = min(start - rules.expiry_before, now + answer_within)
    return expires - now >= HALF_AN_HOUR
