"""
Retention by age and by a byte budget: deletes whole files, never rows out of a file.

The budget stands above all ages: while files and hot store together are larger, the oldest facts go first, then the
oldest tiles by hour; of a hot store that is too large alone the oldest error events go. Freed pages are given back to the
disk some at a time, so that no writer waits long.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, func, select, update

from analytics import manifest, shared_archive_storage
from analytics.manifest import DAY_US, File
from analytics.tiles import TILES
from core.errors import Unavailable
from core.platform.failpoints import failpoint
from core.telemetry import processes
from core.telemetry.error_groups import MOMENTS_FROM
from core.telemetry.store import Store
from core.telemetry.tables import (
    FACTS,
    archive_mark,
    archive_run,
    error_change,
    error_event,
    error_group,
    error_hour,
    error_moment,
    error_person,
    request_log,
    written_batch,
)

MINUTE_US = 60_000_000
READERS_MAY_TAKE_US = 10 * MINUTE_US  # a query is stopped after ten seconds; the clocks of hosts differ
STRAY_AFTER_S = 3600  # no pass takes so long
CHUNK_ROWS = 2_000  # of one DELETE: a writer waits some milliseconds
ROW_BYTES = 200  # of a hot row, about
MOMENT_DAYS = 32  # of errors; ranges up to a month are counted by them
FOR_EVER = ("tile_day", "tile_day_all")  # some kilobytes a day


@dataclass(frozen=True)
class Keep:
    """Retention policy."""

    fact_days: int = 90  # of rows
    error_days: int = 90  # of error events; their groups and counts stay as long as tiles
    tile_days: int = 396  # of histograms by hour: thirteen months, so that a month has its last year's beside it
    budget_bytes: int = 512 * 1024 * 1024  # all files and the hot store together


def tidy_up(store: Store, folder: Path, keep: Keep, *, now_us: int) -> tuple[int, int]:
    """One pass of retention. (files removed, hot rows deleted)."""
    _forget_errors(store, keep, now_us=now_us)
    deleted = _delete_hot_rows(store, folder, now_us=now_us)
    _forget_flushes(store, now_us=now_us)
    store.shrink()
    _lighten(store, keep)
    _retire_old(store, keep, now_us=now_us)
    return _remove_files(store, folder, now_us=now_us), deleted


def too_old_or_too_much(files: list[File], keep: Keep, *, now_us: int, hot_bytes: int = 0) -> list[File]:
    """Files to retire by the policy, oldest first. hot_bytes: size of the hot store beside them."""
    gone = [file for file in files if file.last_us < now_us - _days(file, keep) * DAY_US]
    left = [file for file in files if file not in gone]
    weight = hot_bytes + sum(file.size_bytes for file in left)
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
    hot_bytes = _hot_bytes(store)
    with store.write() as connection:
        gone = too_old_or_too_much(manifest.live(connection), keep, now_us=now_us, hot_bytes=hot_bytes)
        if gone:
            manifest.retire(connection, gone, now_us=now_us)
            if rows := [file.last_us for file in gone if file.stream == request_log.name]:
                manifest.note_gone(connection, request_log.name, before_us=max(rows) + 1)


def _hot_bytes(store: Store) -> int:
    """Size of the hot store without its archived rows, which go in ten minutes: those count once."""
    with store.read() as connection:
        archived = sum(
            connection.scalar(
                select(func.count()).select_from(table).where(table.c.id <= manifest.mark(connection, table.name))
            )
            or 0
            for table in FACTS.values()
        )
    return max(0, store.size_bytes() - archived * ROW_BYTES)


def _lighten(store: Store, keep: Keep) -> None:
    """Delete the oldest error events while the hot store alone exceeds the budget; their counts stay."""
    while store.size_bytes() > keep.budget_bytes:
        oldest = select(error_event.c.id).order_by(error_event.c.id).limit(CHUNK_ROWS)
        with store.write() as connection:
            gone = connection.execute(
                delete(error_event).where(error_event.c.id.in_(oldest.scalar_subquery()))
            ).rowcount
        if not gone:
            return
        store.shrink()


def _forget_flushes(store: Store, *, now_us: int) -> None:
    """Delete idempotency keys of flushes that are not retried any more, and processes that ended long ago."""
    with store.write() as connection:
        connection.execute(delete(written_batch).where(written_batch.c.at_us < now_us - DAY_US))
        processes.forget_old(connection, now_us=now_us)


def _forget_errors(store: Store, keep: Keep, *, now_us: int) -> None:
    stories = select(error_event.c.id).where(error_event.c.at_us < now_us - keep.error_days * DAY_US).limit(CHUNK_ROWS)
    long_ago, month_ago = now_us - keep.tile_days * DAY_US, now_us - MOMENT_DAYS * DAY_US
    while True:
        with store.write() as connection:
            told = connection.execute(delete(error_event).where(error_event.c.id.in_(stories.scalar_subquery())))
        if told.rowcount < CHUNK_ROWS:
            break
    with store.write() as connection:
        _forget_moments(connection, before_us=month_ago)
        connection.execute(delete(error_hour).where(error_hour.c.hour_us < long_ago))
        unseen = list(connection.scalars(select(error_group.c.id).where(error_group.c.last_seen_us < long_ago)))
        for table in (error_person, error_change, error_event, error_moment):
            connection.execute(delete(table).where(table.c.group_id.in_(unseen)))
        connection.execute(delete(error_group).where(error_group.c.id.in_(unseen)))


def _forget_moments(connection: Connection, *, before_us: int) -> None:
    """Delete moments of errors; their hours stay, and the watermark moves to where moments are complete."""
    mark = (archive_mark.c.stream == MOMENTS_FROM, archive_mark.c.upto_id < before_us)
    if connection.execute(update(archive_mark).where(*mark).values(upto_id=before_us)).rowcount:
        connection.execute(delete(error_moment).where(error_moment.c.at_us < before_us))


def _remove_files(store: Store, folder: Path, *, now_us: int) -> int:
    """Delete retired files, each before its entry: a crash between the two leaves an entry that the next pass removes."""
    with store.read() as connection:
        retired = manifest.retired(connection, before_us=now_us - READERS_MAY_TAKE_US)
        known = manifest.known_paths(connection)
    removed = []
    for file_id, path in retired:
        (folder / path).unlink(missing_ok=True)
        try:
            shared_archive_storage.remove(store, path)
        except Unavailable:
            break  # a later pass goes on
        removed.append(file_id)
    failpoint("files_removed")
    if removed:
        with store.write() as connection:
            manifest.forget(connection, removed)
    strays = [path for path in folder.glob("*/*.p*") if _is_stray(path, folder, known, now_us=now_us)]
    for stray in strays:
        stray.unlink(missing_ok=True)
    return len(retired) + len(strays)


def _is_stray(path: Path, folder: Path, known: set[str], *, now_us: int) -> bool:
    """A file that a killed pass has left: in no manifest, and too old to be on its way there."""
    return str(path.relative_to(folder)) not in known and path.stat().st_mtime < now_us / 1e6 - STRAY_AFTER_S


def _delete_hot_rows(store: Store, folder: Path, *, now_us: int) -> int:
    """Delete archived hot rows in small steps, so that no writer waits long, and only where their files can be opened here."""
    deleted = 0
    for table in FACTS.values():
        settled = select(func.max(archive_run.c.upto_id)).where(
            archive_run.c.stream == table.name, archive_run.c.at_us < now_us - READERS_MAY_TAKE_US
        )
        with store.read() as connection:
            upto = connection.execute(settled).scalar()
            oldest_us = connection.execute(select(func.min(table.c.at_us)).where(table.c.id <= (upto or 0))).scalar()
            files = manifest.live(connection, table.name, start_us=oldest_us) if oldest_us is not None else []
        if oldest_us is None or not shared_archive_storage.are_opened(store, folder, files):
            continue
        while upto:
            chunk = select(table.c.id).where(table.c.id <= upto).order_by(table.c.id).limit(CHUNK_ROWS)
            with store.write() as connection:
                gone = connection.execute(delete(table).where(table.c.id.in_(chunk.scalar_subquery()))).rowcount
            deleted += gone
            if gone < CHUNK_ROWS:
                break
    return deleted
