"""When an API key was last used, as text for the lists of keys."""

from zoneinfo import ZoneInfo

from core.people.models import ApiKey
from core.wording import spoken_instant


def last_used(key: ApiKey, zone: ZoneInfo) -> str:
    """The last use of a key: "never used", or "last used" with the time in this zone."""
    return f"last used {spoken_instant(key.last_used_at, zone)}" if key.last_used_at else "never used"
