"""
Sanity check of the machine's clock: a jump is compared with the time that really passed.

Expiry cannot be undone, so a clock that runs hours ahead (a wrong date by hand, a broken time server) must not expire
everything. A jump is doubted for ten minutes: long enough for a time server, or a person, to set it right. One that
stays is believed then: it was the old time that was wrong.
"""

import threading
import time
from datetime import datetime, timedelta

import structlog

from core.platform import clock

MAX_JUMP = timedelta(minutes=10)
DOUBTED_S = 600.0

log = structlog.get_logger()


def time_since_boot_s() -> float:
    """Seconds that really passed, those asleep included. No date or time server moves it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ClockCheck:
    """Asked before each pass whether the clock can be trusted."""

    def __init__(self) -> None:
        self._seen: tuple[datetime, float] | None = None
        self._doubted_at_s: float | None = None
        self._mutex = threading.Lock()

    def __call__(self) -> bool:
        """False for ten minutes after a jump ahead."""
        with self._mutex:
            return self._is_trusted()

    def _is_trusted(self) -> bool:
        now, passed_s = clock.now(), time_since_boot_s()
        jump = now - self._seen[0] - timedelta(seconds=passed_s - self._seen[1]) if self._seen else timedelta()
        if jump <= MAX_JUMP:
            self._seen, self._doubted_at_s = (now, passed_s), None
            return True
        if self._doubted_at_s is None:
            self._doubted_at_s = passed_s
            log.error(
                "the clock jumped ahead; nothing expires for ten minutes", minutes=round(jump.total_seconds() / 60)
            )
        if passed_s - self._doubted_at_s < DOUBTED_S:
            return False
        log.warning("the clock stayed where it jumped to, and is believed")
        self._seen, self._doubted_at_s = (now, passed_s), None
        return True
