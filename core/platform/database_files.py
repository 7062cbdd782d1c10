"""
Checkpoint and truncate SQLite's write-ahead log (WAL).

A reader that holds a snapshot keeps SQLite from starting its log over, so the log grows with every write and never
shrinks by itself. `journal_size_limit` cuts it when it starts over; this checkpoint makes it start over.
"""

import time
from contextlib import closing
from pathlib import Path

from core.errors import Unavailable
from core.platform.db import MAX_WAL_BYTES, Database

WAIT_FOR_READERS_MS = 200  # writers wait meanwhile; a reader that takes longer is waited for by the next pass
WAIT_FOR_TURN_S = 2.0  # in the queue of writers


def wal_bytes(database: Database) -> int:
    """The size of the WAL file in bytes; 0 on PostgreSQL, which looks after its own."""
    if not database.is_sqlite:
        return 0
    path = Path(str(database.url.database))
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except FileNotFoundError:
        return 0


def shrink_wal(database: Database, *, above: int = MAX_WAL_BYTES) -> bool:
    """
    Checkpoint the WAL and truncate it, if it is larger than `above` bytes. Safe to run at any time.

    Returns:
        Whether it was cut; False as well while a reader needs it, or the database is busy.
    """
    if database.queue is None or wal_bytes(database) <= above:
        return False
    try:
        database.queue.acquire(time.monotonic() + WAIT_FOR_TURN_S)
    except Unavailable:
        return False  # a long write holds the turn; the next pass comes soon
    try:
        with closing(database.write_engine.raw_connection()) as pooled:
            cursor = pooled.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {WAIT_FOR_READERS_MS}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy, _, _ = cursor.fetchone() or (1, 0, 0)
            return not busy
    finally:
        database.queue.release()
