"""The one place that reads the time, and counts it in microseconds. Everything else is told what time it is."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present instant, aware UTC, to the microsecond."""
    return datetime.now(UTC)


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant, exactly."""
    return (at - EPOCH) // timedelta(microseconds=1)


def instant(at_us: int) -> datetime:
    """The instant, aware UTC, of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at_us)
