"""Half-open time window of a query, and its steps on a chart, in local days where they are long."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from core.platform.clock import instant, microseconds

MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
RANGES = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "13mo": timedelta(days=396),
}
STEPS = (  # the longest window that has this step
    (timedelta(minutes=15), 15_000_000),
    (timedelta(hours=1), MINUTE_US),
    (timedelta(hours=6), 5 * MINUTE_US),
    (timedelta(hours=25), 15 * MINUTE_US),
    (timedelta(days=8), 2 * HOUR_US),
    (timedelta(days=31), 6 * HOUR_US),
)
DAYS_UPTO = timedelta(days=120)  # beyond, a step is a week
EXACT_UPTO = timedelta(days=31)  # beyond, tiles are read instead of rows


@dataclass(frozen=True)
class Window:
    """Time window [start, end), in UTC, so that a length is elapsed time whatever the clock does."""

    start: datetime
    end: datetime
    zone: ZoneInfo  # on whose clock its steps lie
    by_hours: bool = False  # read from tiles of hours: it begins and ends with an hour, and no step is shorter

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    @property
    def start_us(self) -> int:
        """The start, microseconds since 1970."""
        return microseconds(self.start)

    @property
    def end_us(self) -> int:
        """The end, microseconds since 1970."""
        return microseconds(self.end)

    @property
    def length(self) -> timedelta:
        """Elapsed time."""
        return self.end - self.start

    @property
    def step_us(self) -> int | None:
        """The length of an ordinary step; None when steps are days or weeks of the calendar."""
        step = next((step for longest, step in STEPS if self.length <= longest), None)
        return max(step, HOUR_US) if step is not None and self.by_hours else step

    @property
    def even_step_us(self) -> int | None:
        """The step where all are equally long: up to an hour; else None. Longer ones follow the clock when it is changed."""
        step = self.step_us
        return step if step is not None and step <= HOUR_US else None

    def widened(self) -> "Window":
        """The window widened to whole hours, for tiles."""
        start, end = self.start_us // HOUR_US * HOUR_US, -(-self.end_us // HOUR_US) * HOUR_US
        return Window(instant(start), instant(end), self.zone, by_hours=True)

    def previous(self) -> "Window":
        """The window of the same length just before."""
        return Window(self.start - self.length, self.start, self.zone, self.by_hours)

    def a_week_before(self) -> "Window":
        """The window a week earlier on the gym's clock, or as many weeks as it is long."""
        weeks = timedelta(days=7) * max(1, -(-self.length // timedelta(days=7)))
        start, end = (at.astimezone(self.zone) - weeks for at in (self.start, self.end))
        return Window(start, end, self.zone, self.by_hours)

    def steps(self) -> list[datetime]:
        """Where each step begins, the first one at or before the start."""
        if (step := self.even_step_us) is not None:
            first = self.start_us // step * step
            return [instant(at_us) for at_us in range(first, self.end_us, step)]
        if (step := self.step_us) is not None:
            return self._by_the_clock(step // HOUR_US)
        every = 1 if self.length <= DAYS_UPTO else 7
        day = self.start.astimezone(self.zone).date()
        if every == 7:
            day -= timedelta(days=day.weekday())
        found: list[datetime] = []
        while (begins := _midnight(day, self.zone)) < self.end:
            found.append(begins)
            day += timedelta(days=every)
        return found

    def _by_the_clock(self, hours: int) -> list[datetime]:
        """Midnight, 2:00, 4:00, … of each of the gym's days, whatever hour is missing or comes twice."""
        day, last = (at.astimezone(self.zone).date() for at in (self.start, self.end))
        found: set[datetime] = set()
        while day <= last:
            found |= {datetime.combine(day, time(hour), self.zone).astimezone(UTC) for hour in range(0, 24, hours)}
            day += timedelta(days=1)
        first = max(step for step in found if step <= self.start)
        return sorted(step for step in found if first <= step < self.end)

    def step_table(self) -> pa.Table:
        """The steps as a relation of one column, step_us, for an ASOF JOIN."""
        return pa.table({"step_us": pa.array([microseconds(step) for step in self.steps()], type=pa.int64())})


def last(name: str, *, now: datetime, zone: ZoneInfo) -> Window:
    """The window of a named range that ends now."""
    return Window(now - RANGES[name], now, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
