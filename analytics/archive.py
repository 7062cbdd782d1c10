"""
The archive's pass: moves facts from the store into Parquet files and tiles, which charts read for a year.

A pass, for each table of facts, in numbered steps:

1. Read, while no writer is at work, the watermark and the highest id. The watermark is an id, not a time: a flush that
   comes after its hour is over would be lost otherwise.
2. Read the rows between the two.
3. Write them into a Parquet file a day (UTC), and the tiles of requests beside it. Each file is there whole or not at all;
   where several hosts share the store, it is uploaded to where all of them find it (analytics/shared_archive_storage.py).
4. In one transaction move the watermark and enter the files into the manifest, if nobody else has moved it meanwhile;
   else throw our files away. Until here readers see nothing of it, from here on all of it.
5. Merge the small files of days that are over (analytics/compaction.py).
6. Ten minutes later, when no reader uses them: delete hot rows that lie in files which this process has opened, and files that were merged, are too
   old, or are known to nobody (analytics/retention.py).

Killed at any step, nothing is lost and nothing is there twice; the next pass goes on.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Table, func, select

from analytics import compaction, manifest, parquet, recent_rows, retention, shared_archive_storage
from analytics.data_sources import monitor_for
from analytics.duckdb_cursors import cursor, run
from analytics.manifest import DAY_US, File
from analytics.retention import Keep
from analytics.short_request_ids import PACKED
from analytics.tiles import TILES
from core.errors import Unavailable
from core.gym.models import the_gym
from core.platform import clock
from core.platform.clock import microseconds
from core.platform.failpoints import failpoint
from core.platform.services import Services
from core.telemetry.store import Store
from core.telemetry.tables import FACTS, request_log
from core.telemetry.traffic_categories import derived

BATCH_ROWS = 500_000  # about 300 MB in memory


@dataclass(frozen=True)
class Archived:
    """Outcome of a pass."""

    rows: int = 0  # moved into files
    files: int = 0  # written
    merged: int = 0  # files that went into others
    removed: int = 0  # files
    deleted: int = 0  # hot rows


def archive(store: Store, folder: Path, *, now_us: int, keep: Keep | None = None) -> Archived:
    """
    One pass: archive every committed fact, compact, and apply retention. Idempotent; several at once are safe.

    Raises:
        OperationalError: the store stays busy. OSError: a file cannot be written.
    """
    rows = files = 0
    for table in FACTS.values():
        while moved := _archive_batch(store, folder, table, now_us=now_us):
            rows, files = rows + moved[0], files + moved[1]
    merged = compaction.merge_files(store, folder, now_us=now_us)
    removed, deleted = retention.tidy_up(store, folder, keep or Keep(), now_us=now_us)
    return Archived(rows, files, merged, removed, deleted)


def archive_now(services: Services) -> Archived:
    """One pass for this gym, now, by its retention settings. Raises what `archive` raises."""
    with services.database.read() as session:
        gym = the_gym(session)
    keep = Keep(
        fact_days=gym.monitoring_days,
        error_days=gym.monitoring_days,
        budget_bytes=gym.monitoring_budget_mb * 1024 * 1024,
    )
    monitor = monitor_for(services.settings)
    try:
        return archive(monitor.store, monitor.folder, now_us=microseconds(clock.now()), keep=keep)
    finally:
        monitor.store.dispose()


def _archive_batch(store: Store, folder: Path, table: Table, *, now_us: int) -> tuple[int, int] | None:
    """Steps 1 to 4 for at most BATCH_ROWS ids. Rows and files; None when there is nothing to do, or another was faster."""
    with store.exclusive() as connection:
        before = manifest.taken_mark(connection, table.name)
        highest = connection.execute(select(func.max(table.c.id)).where(table.c.id > before)).scalar()
    if highest is None:
        return None  # nothing above the watermark
    upto = min(highest, before + BATCH_ROWS)
    failpoint("archive_bounds_read")
    with store.read() as connection:
        batch = recent_rows.rows(connection, table, after=before, upto=upto)
    files = _write_files(folder, table, batch)
    failpoint("archive_files_written")
    if not shared_archive_storage.upload(store, folder, files):  # the rows stay hot; the next pass tries again
        _throw_away(store, folder, files)
        return None
    with store.write() as connection:
        moved = manifest.move_mark(
            connection, table.name, before=before, after=upto, rows=batch.num_rows, now_us=now_us
        )
        if moved:
            manifest.add(connection, files, now_us=now_us)
            failpoint("archive_entered")
    if not moved:  # another pass was faster
        _throw_away(store, folder, files)
        return None
    failpoint("archive_committed")
    return batch.num_rows, len(files)


def _throw_away(store: Store, folder: Path, files: Sequence[File]) -> None:
    """Delete files that no manifest names; what the storage keeps is removed as a stray later."""
    for file in files:
        (folder / file.path).unlink(missing_ok=True)
        with suppress(Unavailable):
            shared_archive_storage.remove(store, file.path)


def _write_files(folder: Path, table: Table, batch: pa.Table) -> list[File]:
    """Step 3: a file a day, and of requests its tiles."""
    files: list[File | None] = []
    with cursor(folder) as work:
        work.register("batch", batch)
        days = run(work, f"SELECT DISTINCT at_us // {DAY_US} FROM batch ORDER BY 1")
        for (day,) in days:
            columns = f"* REPLACE ({PACKED}, {derived()} AS category)" if table is request_log else "*"
            of_day = f"SELECT {columns} FROM batch WHERE at_us // {DAY_US} = {int(day)} ORDER BY at_us"
            files.append(parquet.write(work, of_day, folder=folder, stream=table.name))
            failpoint("archive_file_written")
            if table is request_log:
                for tile in TILES.values():
                    query = tile.build(f"({of_day})")
                    files.append(parquet.write(work, query, folder=folder, stream=tile.stream))
    return [file for file in files if file is not None]
