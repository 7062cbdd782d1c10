"""File maintenance in every sweep: checkpoint of SQLite's write-ahead log, anonymization of copies and mail files."""

import time
from datetime import timedelta

from core.ops import names_in_copies
from core.platform import clock
from core.platform.database_files import shrink_wal
from core.platform.db import MAX_WAL_BYTES
from core.platform.services import Services

COPIES_EVERY = timedelta(days=1)


class _Copies:
    """When this process looked through the copies last, of time.monotonic()."""

    looked_at: float | None = None


def tidy_up_files(services: Services, *, names_left: bool) -> None:
    """
    Checkpoint a long write-ahead log. Once names have left the database they leave its log at once, and the copies.

    Args:
        names_left: whether bookings were anonymised just now. Copies are looked through then, and once a day.
    """
    shrink_wal(services.database, above=0 if names_left else MAX_WAL_BYTES)
    looked_at = _Copies.looked_at
    if names_left or looked_at is None or time.monotonic() - looked_at > COPIES_EVERY.total_seconds():
        names_in_copies.forget_in_copies(services, now=clock.now())
        _Copies.looked_at = time.monotonic()
