"""
Sample traffic, with one bad hour in it: for the demo gym's charts, and for the benchmarks.

Rows go straight into the archive's files, some days at a time; the hot store stays as it is, so that what really happens
meanwhile is recorded and shown beside it. The same seed gives the same rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analytics import compaction, manifest, parquet, shared_archive_storage
from analytics.data_sources import Monitor, monitor_for
from analytics.duckdb_cursors import Cursor, cursor, run
from analytics.manifest import DAY_US, File
from analytics.request_store import query
from analytics.short_request_ids import PACKED
from analytics.tiles import TILES
from core.errors import Unavailable
from core.platform import clock
from core.platform.clock import microseconds
from core.platform.settings import Settings
from core.telemetry.traffic_categories import derived

BAD_DAY = timedelta(days=19)
BAD_HOUR_UTC = 23  # an afternoon in California
OTHERS = ("statement_log", "event_log", "metric_log")


@dataclass(frozen=True)
class Traffic:
    """Parameters of the sample."""

    days: int = 365  # until now
    rows_a_day: int = 4_000  # requests on a busy day, about
    fact_days: int = 90  # newest days of which rows are made; of all there are tiles
    at_a_time: int = 30  # days made together: more take more memory, fewer make more files
    seed: int = 1
    others: bool = True  # slow statements, mails, deploys, vitals and host metrics too


def make_for(settings: Settings) -> int:
    """Make a year of sample traffic for a gym, unless its archive has a past. How many requests. Raises Unavailable."""
    monitor = monitor_for(settings)
    now = clock.now()
    try:
        with monitor.store.read() as connection:
            has_a_past = manifest.live(connection, "tile_day_all", end_us=microseconds(now - timedelta(days=2)))
        made = 0 if has_a_past else make(monitor, Traffic(), now=now)
        compaction.merge_files(monitor.store, monitor.folder, now_us=microseconds(now))
        return made
    finally:
        monitor.store.dispose()


def bad_hour(now: datetime) -> datetime:
    """Start of the 45 minutes in which everything was slow, in sample traffic that ends now."""
    return (now - BAD_DAY).replace(hour=BAD_HOUR_UTC, minute=10, second=0, microsecond=0)


def make(monitor: Monitor, traffic: Traffic, *, now: datetime) -> int:
    """
    Make sample traffic up to now. How many requests.

    Raises:
        Unavailable: the shared storage does not take the files.
    """
    end_us, total = microseconds(now), 0
    begin_us = (end_us // DAY_US - traffic.days + 1) * DAY_US
    for start_us, days in _stretches(traffic, end_us):
        given = {
            "start": start_us,
            "end": end_us,
            "days": days,
            "count": days * traffic.rows_a_day,
            "first": (start_us - begin_us) // DAY_US * traffic.rows_a_day,
            "seed": traffic.seed,
            "incident": microseconds(bad_hour(now)),
            "begin": begin_us,
        }
        with_rows = start_us >= end_us - traffic.fact_days * DAY_US
        with cursor(monitor.folder) as work:
            _ask(work, "CREATE TEMP TABLE stretch AS " + query("sample_requests"), given)
            files = [*_tiles(work, monitor), *(_facts(work, monitor, traffic, given) if with_rows else ())]
            total += run(work, "SELECT count(*) FROM stretch")[0][0]
        if not shared_archive_storage.upload(monitor.store, monitor.folder, files):
            raise Unavailable("The storage of the monitor's files does not take them.")
        with monitor.store.write() as connection:
            manifest.add(connection, files, now_us=end_us)
            if not with_rows:
                manifest.note_gone(connection, "request_log", before_us=start_us + days * DAY_US)
    return total


def _stretches(traffic: Traffic, end_us: int) -> Iterator[tuple[int, int]]:
    """Each stretch's first instant, a midnight UTC, and its days: first those of which only tiles are kept."""
    after = end_us // DAY_US + 1
    facts_from = after - traffic.fact_days
    day = after - traffic.days
    while day < after:
        until = min(day + traffic.at_a_time, facts_from if day < facts_from else after)
        yield day * DAY_US, until - day
        day = until


def _tiles(work: Cursor, monitor: Monitor) -> list[File]:
    built = [
        parquet.write(work, tile.build("stretch"), folder=monitor.folder, stream=tile.stream) for tile in TILES.values()
    ]
    return [file for file in built if file is not None]


def _facts(work: Cursor, monitor: Monitor, traffic: Traffic, given: dict[str, Any]) -> list[File]:
    """A file a day of the requests, one for the stretch of everything else."""
    first = given["start"] // DAY_US
    written = [
        parquet.write(
            work,
            f"SELECT * REPLACE ({PACKED}, {derived()} AS category) FROM stretch WHERE at_us // {DAY_US} = {day} ORDER BY at_us",
            folder=monitor.folder,
            stream="request_log",
        )
        for day in range(first, first + given["days"])
    ]
    for stream in OTHERS if traffic.others else ():
        _ask(work, f"CREATE TEMP TABLE {stream} AS {query(f'sample_{stream}')}", given)
        written.append(
            parquet.write(work, f"SELECT * FROM {stream} ORDER BY at_us", folder=monitor.folder, stream=stream)
        )
    return [file for file in written if file is not None]


def _ask(work: Cursor, text: str, given: dict[str, Any]) -> None:
    run(work, text, {name: value for name, value in given.items() if f"${name}" in text})
