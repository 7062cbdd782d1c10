"""The system clock, read in this one place: everything else takes the time as an argument."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The current time, aware UTC, to the microsecond."""
    return datetime.now(UTC)


def microseconds(at: datetime) -> int:
    """Microseconds since the epoch (1970) of an aware instant, exactly."""
    return (at - EPOCH) // timedelta(microseconds=1)


def instant(at_us: int) -> datetime:
    """The instant, aware UTC, of microseconds since the epoch (1970)."""
    return EPOCH + timedelta(microseconds=at_us)
