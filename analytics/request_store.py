"""
The request store: hot rows and the archive's files as one relation, through DuckDB.

    with open_log(store, folder, start_us=…, end_us=…) as log:            rows as they happened
        latency.ask(log, …)
    with open_tiles(store, folder, start_us=…, end_us=…) as log:          histograms, for long ranges
        latency.ask_tiles(log, …)

Watermark, files and hot rows come from one snapshot of the store, so that a row is never missed and never counted twice,
whatever the archive does meanwhile. Files whose rows lie outside of the window are not opened.
"""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Connection

from analytics import manifest, recent_rows, shared_archive_storage
from analytics.duckdb_cursors import Cursor, cursor, quoted, run
from analytics.short_request_ids import WHOLE
from analytics.tiles import DAY_US, HOUR_US, TILES, Tile
from core.errors import SpiritError
from core.telemetry.store import Store
from core.telemetry.tables import FACTS
from core.telemetry.traffic_categories import derived

QUERIES = Path(__file__).parent / "queries"
MAX_QUERY_S = 10.0  # a person waits for the page; a year from tiles takes one


class LogUnreadable(SpiritError):
    """A file of the archive cannot be read; the message names it."""

    code = "log_unreadable"


class QuestionTooSlow(SpiritError):
    """A query was stopped at its timeout."""

    code = "question_too_slow"


@dataclass(frozen=True)
class Log:
    """The relations of one window [start_us, end_us), on one cursor, from one snapshot."""

    cursor: Cursor
    start_us: int
    end_us: int
    relations: dict[str, str] = field(default_factory=dict)  # SQL of lazy views: each costs a look into its files

    def ask(self, name: str, parameters: Mapping[str, Any] | None = None, **parts: str) -> pa.Table:
        """
        Run queries/{name}.sql.

        Args:
            parameters: for its $names; $start and $end are there already.
            parts: SQL of ours for its {names}.

        Raises:
            QuestionTooSlow, LogUnreadable.
        """
        return self.sql(query(name).format(**parts) if parts else query(name), parameters)

    def sql(self, text: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Run a query of ours. Raises QuestionTooSlow after MAX_QUERY_S, LogUnreadable."""
        given = {"start": self.start_us, "end": self.end_us, **(parameters or {})}
        used = {name: value for name, value in given.items() if f"${name}" in text}
        for name in self.relations.keys() & set(re.findall(r"\w+", text)):
            _view(self.cursor, name, self.relations.pop(name))
        timer = threading.Timer(MAX_QUERY_S, self.cursor.interrupt)
        timer.start()
        try:
            return self.cursor.sql(text, params=used).to_arrow_table()
        except duckdb.InterruptException:
            raise QuestionTooSlow(
                f"This took more than {MAX_QUERY_S:.0f} seconds and was stopped. Try a shorter range."
            ) from None
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise LogUnreadable(f"A file of the monitoring archive cannot be read: {error}") from error
        finally:
            timer.cancel()


@contextmanager
def open_log(
    store: Store, folder: Path, *, start_us: int, end_us: int, tables: Sequence[str] = ("request_log",)
) -> Iterator[Log]:
    """
    Context manager: facts of [start, end) as relations named like their tables; columns that older files lack are empty.

    Raises:
        LogUnreadable: a file cannot be opened; the message names it.
    """
    with cursor(folder) as work:
        with store.read() as connection:
            for name in tables:
                live = manifest.live(connection, name, start_us=start_us, end_us=end_us)
                files, _ = shared_archive_storage.present(store, folder, live)  # what is missing is named by the page
                _register_hot(work, connection, name, start_us=start_us)
                window = f"at_us >= {start_us} AND at_us < {end_us}"
                archived = f" UNION ALL BY NAME SELECT * FROM {_read(folder, files)} WHERE {window}" if files else ""
                columns = f"* REPLACE ({WHOLE}, {derived()} AS category)" if name == "request_log" else "*"
                _view(work, name, f"SELECT {columns} FROM (SELECT * FROM hot_{name} WHERE {window}{archived})")
        yield Log(work, start_us, end_us)


@contextmanager
def open_tiles(store: Store, folder: Path, *, start_us: int, end_us: int) -> Iterator[Log]:
    """
    Context manager: histograms of requests; the window is widened to whole hours. Raises LogUnreadable.

    Relations:
        by_route (at_us, service, kind, category, route, bucket, n, errors): whole days (UTC) where the window has them, hours at its ends
        as_one (at_us, service, kind, category, bucket, n, errors): the same, all routes together
        over_time (like as_one), over_time_by_route (like by_route): hours
        totals (at_us, service, kind, category, route, n, errors, sum_us, max_us, db_us, db_count): hours
    """
    start_us, end_us = start_us // HOUR_US * HOUR_US, -(-end_us // HOUR_US) * HOUR_US
    with cursor(folder) as work:
        with store.read() as connection:
            _register_hot(work, connection, "request_log", start_us=start_us)
            _view(work, "tail", f"SELECT * FROM hot_request_log WHERE at_us >= {start_us} AND at_us < {end_us}")

            def hours(stream: str, start: int = start_us, end: int = end_us) -> str:
                return _whole_tiles(store, connection, folder, TILES[stream], start, end)

            def with_tail(stream: str, *parts: str) -> str:
                return " UNION ALL BY NAME ".join((*parts, TILES[stream].build("tail")))

            def days(stream: str, hourly: str) -> str:
                first, last = -(-start_us // DAY_US) * DAY_US, end_us // DAY_US * DAY_US
                if first >= last:
                    return with_tail(hourly, hours(hourly))
                return with_tail(
                    hourly, hours(hourly, start_us, first), hours(stream, first, last), hours(hourly, last, end_us)
                )

            relations = {
                "by_route": days("tile_day", "tile_hour"),
                "as_one": days("tile_day_all", "tile_hour_all"),
                "over_time": with_tail("tile_hour_all", hours("tile_hour_all")),
                "over_time_by_route": with_tail("tile_hour", hours("tile_hour")),
                "totals": with_tail("total_hour", hours("total_hour")),
            }
        yield Log(work, start_us, end_us, relations)


@cache
def query(name: str) -> str:
    """The text of queries/{name}.sql."""
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def _register_hot(work: Cursor, connection: Connection, name: str, *, start_us: int) -> None:
    recent = recent_rows.rows(connection, FACTS[name], after=manifest.mark(connection, name), since_us=start_us)
    work.register(f"hot_{name}", recent)


def _whole_tiles(store: Store, connection: Connection, folder: Path, tile: Tile, start_us: int, end_us: int) -> str:
    live = manifest.live(connection, tile.stream, start_us=start_us, end_us=end_us) if start_us < end_us else []
    files, _ = shared_archive_storage.present(store, folder, live)
    if not files:
        return f"(SELECT * FROM ({tile.build('tail')}) LIMIT 0)"
    return f"(SELECT * FROM {tile.readable(_read(folder, files))} WHERE at_us >= {start_us} AND at_us < {end_us})"


def _read(folder: Path, files: Sequence[manifest.File]) -> str:
    return f"read_parquet([{', '.join(quoted(folder / file.path) for file in files)}], union_by_name = true)"


def _view(work: Cursor, name: str, text: str) -> None:
    try:
        run(work, f"CREATE TEMP VIEW {name} AS {text}")
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise LogUnreadable(f"A file of the monitoring archive cannot be read: {error}") from error
