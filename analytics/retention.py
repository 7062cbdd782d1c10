"""
How long what is kept, and what goes: whole files, never rows out of a file.

A byte budget stands above all ages: while the files weigh more, the oldest facts go first, then the oldest tiles by hour.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, select

from analytics import manifest
from analytics.manifest import DAY_US, File
from analytics.tiles import TILES
from core.failpoints import failpoint
from core.telemetry.store import Store
from core.telemetry.tables import (
    FACTS,
    archive_run,
    error_change,
    error_event,
    error_group,
    error_hour,
    error_person,
)

MINUTE_US = 60_000_000
READERS_MAY_TAKE_US = 10 * MINUTE_US
STRAY_AFTER_S = 3600
CHUNK_ROWS = 2_000
FOR_EVER = ("tile_day", "tile_day_all")


@dataclass(frozen=True)
class Keep:
    """
    fact_days: rows as they happened; error_days: the stories of errors (their groups and counts stay as long as tiles);
    tile_days: histograms by hour (thirteen months); budget_bytes: all files together.
    """

    fact_days: int = 90
    error_days: int = 90
    tile_days: int = 396
    budget_bytes: int = 512 * 1024 * 1024


def tidy_up(store: Store, folder: Path, keep: Keep, *, now_us: int) -> tuple[int, int]:
    """Retire what is too old or too much, then remove what no reader uses any more. Returns files and hot rows removed."""
    _retire_old(store, keep, now_us=now_us)
    _forget_errors(store, keep, now_us=now_us)
    removed = _remove_files(store, folder, now_us=now_us)
    return removed, _delete_hot_rows(store, now_us=now_us)


def too_old_or_too_much(files: list[File], keep: Keep, *, now_us: int) -> list[File]:
    """Which of these files have had their time, oldest first."""
    gone = [file for file in files if file.last_us < now_us - _days(file, keep) * DAY_US]
    left = [file for file in files if file not in gone]
    weight = sum(file.size_bytes for file in left)
    for file in sorted(left, key=lambda file: (file.stream in TILES, file.stream in FOR_EVER, file.last_us)):
        if weight <= keep.budget_bytes:
            break
        gone.append(file)
        weight -= file.size_bytes
    return gone


def _days(file: File, keep: Keep) -> int:
    if file.stream in FOR_EVER:
        return 365_000
    return keep.tile_days if file.stream in TILES else keep.fact_days


def _retire_old(store: Store, keep: Keep, *, now_us: int) -> None:
    with store.write() as connection:
        gone = too_old_or_too_much(manifest.live(connection), keep, now_us=now_us)
        if gone:
            manifest.retire(connection, gone, now_us=now_us)


def _forget_errors(store: Store, keep: Keep, *, now_us: int) -> None:
    stories = select(error_event.c.id).where(error_event.c.at_us < now_us - keep.error_days * DAY_US).limit(CHUNK_ROWS)
    long_ago = now_us - keep.tile_days * DAY_US
    while True:
        with store.write() as connection:
            told = connection.execute(delete(error_event).where(error_event.c.id.in_(stories.scalar_subquery())))
        if told.rowcount < CHUNK_ROWS:
            break
    with store.write() as connection:
        connection.execute(delete(error_hour).where(error_hour.c.hour_us < long_ago))
        unseen = list(connection.scalars(select(error_group.c.id).where(error_group.c.last_seen_us < long_ago)))
        for table in (error_person, error_change, error_event):
            connection.execute(delete(table).where(table.c.group_id.in_(unseen)))
        connection.execute(delete(error_group).where(error_group.c.id.in_(unseen)))


def _remove_files(store: Store, folder: Path, *, now_us: int) -> int:
    """First the file, then its line in the manifest: a crash between the two leaves a line that the next pass removes."""
    with store.read() as connection:
        retired = manifest.retired(connection, before_us=now_us - READERS_MAY_TAKE_US)
        known = manifest.known_paths(connection)
    for _, path in retired:
        (folder / path).unlink(missing_ok=True)
    failpoint("files_removed")
    if retired:
        with store.write() as connection:
            manifest.forget(connection, [file_id for file_id, _ in retired])
    strays = [path for path in folder.glob("*/*.p*") if _is_stray(path, folder, known, now_us=now_us)]
    for stray in strays:
        stray.unlink(missing_ok=True)
    return len(retired) + len(strays)


def _is_stray(path: Path, folder: Path, known: set[str], *, now_us: int) -> bool:
    """A file that a killed pass has left: in no manifest, and too old to be on its way there."""
    return str(path.relative_to(folder)) not in known and path.stat().st_mtime < now_us / 1e6 - STRAY_AFTER_S


def _delete_hot_rows(store: Store, *, now_us: int) -> int:
    """In small steps, so that no writer waits long."""
    deleted = 0
    for table in FACTS.values():
        settled = select(func.max(archive_run.c.upto_id)).where(
            archive_run.c.stream == table.name, archive_run.c.at_us < now_us - READERS_MAY_TAKE_US
        )
        with store.read() as connection:
            upto = connection.execute(settled).scalar()
        while upto:
            chunk = select(table.c.id).where(table.c.id <= upto).order_by(table.c.id).limit(CHUNK_ROWS)
            with store.write() as connection:
                gone = connection.execute(delete(table).where(table.c.id.in_(chunk.scalar_subquery()))).rowcount
            deleted += gone
            if gone < CHUNK_ROWS:
                break
    return deleted
