"""What is said of a key wherever keys are listed."""

from zoneinfo import ZoneInfo

from core.people.models import ApiKey
from core.wording import spoken_instant


def last_used(key: ApiKey, zone: ZoneInfo) -> str:
    """ "never used", or when it was used last."""
    return f"last used {spoken_instant(key.last_used_at, zone)}" if key.last_used_at else "never used"
