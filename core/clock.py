"""The one place that reads the time. Everything else is told what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware UTC, to the microsecond."""
    return datetime.now(UTC)
