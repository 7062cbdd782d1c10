"""
Compaction: merges small files, a day's facts once the day is over, and the tiles of a month's days that are over.

So a chart of a year opens some fourteen files of tiles and one for each hour of today, whatever the day of the month: to
open one takes longer than to read what a day has in it.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from analytics import manifest, parquet, shared_archive_storage
from analytics.duckdb_cursors import cursor, quoted
from analytics.manifest import DAY_US, File
from analytics.tiles import TILES
from core.errors import Unavailable
from core.platform.failpoints import failpoint
from core.telemetry.store import Store

MAX_FILES_A_DAY = 26  # one an hour, and a few more before today is merged early
SETTLED_US = 3_600_000_000  # a day is over an hour after its end: late rows have come by then


def merge_files(store: Store, folder: Path, *, now_us: int) -> int:
    """One pass of compaction. How many files went into others."""
    with store.read() as connection:
        files = manifest.live(connection)
    merged = 0
    for (stream, label), group in _groups(files, now_us=now_us).items():
        merged += _merge(store, folder, stream, label, group, now_us=now_us)
    return merged


def _groups(files: Sequence[File], *, now_us: int) -> dict[tuple[str, str], list[File]]:
    """Files of one stream and day, or of one stream and month, that are worth merging."""
    groups: dict[tuple[str, str], list[File]] = defaultdict(list)
    today = parquet.day_label((now_us - SETTLED_US) // DAY_US)
    for file in files:
        groups[file.stream, _label(file, today)].append(file)
    return {
        key: group
        for key, group in groups.items()
        if len(group) > 1 and (key[1] < today or len(group) > MAX_FILES_A_DAY)
    }


def _label(file: File, today: str) -> str:
    """ "2026-11-26", or "2026-11" for tiles of a day that is over."""
    day = parquet.day_label(file.day)
    return day[:7] if file.stream in TILES and day < today else day


def _merge(store: Store, folder: Path, stream: str, label: str, files: Sequence[File], *, now_us: int) -> int:
    if shared_archive_storage.present(store, folder, files)[1]:
        return 0  # one of them cannot be read here; another host, or a later pass, merges them
    source = f"read_parquet([{', '.join(quoted(folder / file.path) for file in files)}], union_by_name = true)"
    query = TILES[stream].merge(source) if stream in TILES else f"SELECT * FROM {source} ORDER BY at_us"
    with cursor(folder) as work:
        whole = parquet.write(work, query, folder=folder, stream=stream, label=label)
    assert whole is not None
    failpoint("merge_written")
    if not shared_archive_storage.upload(store, folder, [whole]):
        (folder / whole.path).unlink(missing_ok=True)
        return 0  # other hosts could not read it; a later pass tries again
    with store.write() as connection:
        still_there = manifest.retire(connection, files, now_us=now_us)
        if still_there:
            manifest.add(connection, [whole], now_us=now_us)
        else:
            connection.rollback()
    if not still_there:  # somebody else has merged or removed one of them meanwhile
        (folder / whole.path).unlink(missing_ok=True)
        with suppress(Unavailable):
            shared_archive_storage.remove(store, whole.path)
        return 0
    failpoint("merge_committed")
    return len(files)
