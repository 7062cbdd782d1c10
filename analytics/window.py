"""The stretch of time that a page looks at, and the steps a chart of it has."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

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
DAYS_UPTO = timedelta(days=120)
EXACT_UPTO = timedelta(days=31)


@dataclass(frozen=True)
class Window:
    """Half-open [start, end), aware; zone: whose days and weeks its steps are, once they are that long."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    @property
    def start_us(self) -> int:
        return microseconds(self.start)

    @property
    def end_us(self) -> int:
        return microseconds(self.end)

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def step_us(self) -> int | None:
        """The length of a step; None when steps are days or weeks of the calendar, which have 23 or 25 hours twice a year."""
        return next((step for longest, step in STEPS if self.length <= longest), None)

    def previous(self) -> "Window":
        """The same length, just before."""
        return Window(self.start - self.length, self.start, self.zone)

    def a_week_before(self) -> "Window":
        """The same weekday and hour a week earlier, or as many weeks as it is long."""
        weeks = timedelta(days=7) * max(1, -(-self.length // timedelta(days=7)))
        return Window(self.start - weeks, self.end - weeks, self.zone)

    def steps(self) -> list[datetime]:
        """Where each step begins, the first one at or before the start."""
        step = self.step_us
        if step is not None:
            first = self.start_us // step * step
            return [instant(at_us) for at_us in range(first, self.end_us, step)]
        every = 1 if self.length <= DAYS_UPTO else 7
        day = self.start.astimezone(self.zone).date()
        if every == 7:
            day -= timedelta(days=day.weekday())
        found: list[datetime] = []
        while (begins := _midnight(day, self.zone)) < self.end:
            found.append(begins)
            day += timedelta(days=every)
        return found

    def step_table(self) -> pa.Table:
        """The steps as a relation of one column, step_us, for an ASOF JOIN."""
        return pa.table({"step_us": pa.array([microseconds(step) for step in self.steps()], type=pa.int64())})


def last(name: str, *, now: datetime, zone: ZoneInfo) -> Window:
    """The window of a named range that ends now."""
    return Window(now - RANGES[name], now, zone)


def microseconds(at: datetime) -> int:
    """Since 1970, exactly."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def instant(at_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
