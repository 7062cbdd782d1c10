"""
Interval arithmetic: which starts can be booked. Pure functions on plain values, without a database.

Availability is local wall-clock time (weekly hours, and overrides that add to one day or take from it); busy time and slots
are instants. A slot is offered if all of these hold at `now`:

1. it begins on a step counted in wall time from the beginning of a window, at a wall time that exists that day
   (an hour that comes twice is meant the first time), and the whole lesson lies within the window;
2. lesson and buffers touch nothing busy; a pending request's time is free from the instant it expires;
3. it is no sooner than the notice, and its local day no later than the horizon;
4. if the coach has to be asked, she has at least 30 minutes to answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.schedule.models import Asks

MIN_TIME_TO_ANSWER = timedelta(minutes=30)  # for the coach, between a request and its expiry
INSTANT = timedelta(microseconds=1)  # the clock's resolution
DAY_MIN = 1440


@dataclass(frozen=True)
class Window:
    """A half-open interval of local wall-clock time on one day, in minutes since midnight; 1440 ends the day."""

    start_min: int
    end_min: int


@dataclass(frozen=True)
class Busy:
    """A half-open interval of taken time, aware UTC, buffers included."""

    start: datetime
    end: datetime
    until: datetime | None = None  # when a pending request's time is free again


@dataclass(frozen=True)
class Slot:
    """A time that can be booked, aware UTC, without buffers."""

    starts_at: datetime
    ends_at: datetime
    requires_approval: bool


@dataclass(frozen=True)
class OpenSlots:
    """Free slots, with how long the answer may be cached."""

    slots: tuple[Slot, ...]  # earliest first
    valid_until: datetime  # the first instant at which the answer would be another


@dataclass(frozen=True)
class Rules:
    """One coach's booking rules for one lesson type; fields as on core.schedule.models.Coach and LessonType."""

    zone: ZoneInfo
    weekly: dict[int, tuple[Window, ...]]  # by weekday, 0 is Monday
    extra: dict[date, tuple[Window, ...]]  # by local day
    removed: dict[date, tuple[Window, ...]]  # by local day
    notice: timedelta
    horizon_days: int
    step_min: int
    lesson: timedelta
    buffer_before: timedelta
    buffer_after: timedelta
    asks: Asks
    asks_under: timedelta
    expiry_before: timedelta

    def windows_on(self, day: date) -> list[Window]:
        """The day's hours: the union of weekly and extra windows minus the removed ones, in order, none touching another."""
        joined = _union([*self.weekly.get(day.weekday(), ()), *self.extra.get(day, ())])
        for cut in self.removed.get(day, ()):
            joined = [piece for window in joined for piece in _difference(window, cut)]
        return joined

    def asks_at(self, starts_at: datetime, now: datetime) -> bool:
        """Whether a request made at `now` for this start needs the coach's approval."""
        if self.asks is Asks.UNDER_NOTICE:
            return starts_at - now < self.asks_under
        return self.asks is Asks.ALWAYS

    def bookable_from(self, day: date) -> datetime:
        """The instant from which this local day may be booked."""
        return at_wall_time(day - timedelta(days=self.horizon_days), 0, self.zone)

    def bookable_until(self, starts_at: datetime) -> datetime:
        """The last instant, included, at which this start satisfies the notice and the time to answer."""
        by_notice = starts_at - self.notice
        asked_in_time = min(by_notice, starts_at - self.expiry_before - MIN_TIME_TO_ANSWER)
        if self.asks is Asks.ALWAYS:
            return asked_in_time
        if self.asks is Asks.UNDER_NOTICE:
            return min(by_notice, max(asked_in_time, starts_at - self.asks_under))
        return by_notice


def open_slots(rules: Rules, busy: Sequence[Busy], *, first_on: date, last_on: date, now: datetime) -> OpenSlots:
    """
    Free slots on these local days, `last_on` included, at `now`.

    valid_until is exact: the answer is the same at every instant before it, and another at it, unless `busy` or
    `rules` change first. It is never later than a year from now.
    """
    taken = _Taken(busy)
    slots: list[Slot] = []
    changes: list[datetime] = [now + timedelta(days=366)]
    for day in (first_on + timedelta(days=offset) for offset in range((last_on - first_on).days + 1)):
        horizon_from = rules.bookable_from(day)
        for starts_at in _starts_on(rules, day):
            open_until = rules.bookable_until(starts_at)
            if now > open_until:  # too soon, and that does not change
                continue
            open_from = _free_from(rules, taken, starts_at, horizon_from)
            if open_from is None or open_until < open_from:  # taken for good, or until it is too soon
                continue
            if now < open_from:  # beyond the horizon, or held by a request that may expire
                changes.append(open_from)
                continue
            asks = rules.asks_at(starts_at, now)
            slots.append(Slot(starts_at, starts_at + rules.lesson, asks))
            changes.append(open_until + INSTANT)
            if rules.asks is Asks.UNDER_NOTICE and not asks:
                changes.append(starts_at - rules.asks_under + INSTANT)
    return OpenSlots(tuple(slots), min(changes))


class _Taken:
    """A sweep line over busy time, walked once beside the starts: O(starts + busy)."""

    def __init__(self, busy: Sequence[Busy]) -> None:
        self._ahead = sorted(busy, key=lambda taken: taken.start, reverse=True)  # the next is last
        self._near: list[Busy] = []

    def touching(self, begins: datetime, ends: datetime) -> list[Busy]:
        """Busy intervals that overlap [begins, ends). Call it with both ascending."""
        while self._ahead and self._ahead[-1].start < ends:
            self._near.append(self._ahead.pop())
        self._near = [taken for taken in self._near if begins < taken.end]
        return self._near


def _free_from(rules: Rules, taken: _Taken, starts_at: datetime, horizon_from: datetime) -> datetime | None:
    """The instant from which this start is free; None while a confirmed lesson, which does not expire, overlaps it."""
    free_from = horizon_from
    for busy in taken.touching(starts_at - rules.buffer_before, starts_at + rules.lesson + rules.buffer_after):
        if busy.until is None:
            return None
        free_from = max(free_from, busy.until)
    return free_from


def _starts_on(rules: Rules, day: date) -> Iterator[datetime]:
    """Every start on a step of this day's windows, whose lesson ends within its window; in order, aware UTC."""
    midnight = at_wall_time(day, 0, rules.zone)
    has_24_hours = at_wall_time(day, DAY_MIN, rules.zone) - midnight == timedelta(minutes=DAY_MIN)
    for window in rules.windows_on(day):
        closes_at = at_wall_time(day, window.end_min, rules.zone)
        for minute in range(window.start_min, window.end_min, rules.step_min):
            starts_at = midnight + timedelta(minutes=minute) if has_24_hours else at_wall_time(day, minute, rules.zone)
            if starts_at + rules.lesson <= closes_at and (has_24_hours or wall_time_exists(day, minute, rules.zone)):
                yield starts_at


def at_wall_time(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """
    Convert local wall-clock time to an instant, aware UTC. minute: since midnight.

    An ambiguous time (the clocks go back) is the first of the two; one that is skipped is the instant of the skip.
    """
    wall = _naive(day, minute)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _skip_around(instant, zone)


def wall_time_exists(day: date, minute: int, zone: ZoneInfo) -> bool:
    """Whether this wall-clock time exists that day: False within the hour that a clock change skips."""
    wall = _naive(day, minute)
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall


def _naive(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def _skip_around(instant: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the clock change within the day before this one, by binary search on the UTC offset."""
    early, late = instant - timedelta(days=1), instant
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _union(windows: Iterable[Window]) -> list[Window]:
    """The union of windows, in order; those that overlap or touch become one."""
    joined: list[Window] = []
    for window in sorted(windows, key=lambda window: window.start_min):
        if joined and window.start_min <= joined[-1].end_min:
            joined[-1] = Window(joined[-1].start_min, max(joined[-1].end_min, window.end_min))
        else:
            joined.append(window)
    return joined


def _difference(window: Window, cut: Window) -> list[Window]:
    """The difference window − cut: no piece, one or two."""
    pieces = [
        Window(window.start_min, min(window.end_min, cut.start_min)),
        Window(max(window.start_min, cut.end_min), window.end_min),
    ]
    return [piece for piece in pieces if piece.start_min < piece.end_min]
