"""
The archive against PostgreSQL and against itself: the same rows, the same questions, in one run.

Rows are made up by analytics/sample_traffic.py: 10 million by default, SPIRIT_BENCH_ROWS=100000000 for a hundred. They are made
anew for each run, unless SPIRIT_BENCH_FOLDER names a folder to keep them in.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import psycopg

from analytics import compaction, duckdb_cursors, latency, manifest, sample_traffic
from analytics import request_store as reading
from analytics.data_sources import Monitor
from analytics.duckdb_cursors import cursor, run
from analytics.latency import Scope
from analytics.request_store import open_log
from analytics.short_request_ids import WHOLE
from analytics.time_window import Window
from core.platform.clock import microseconds
from core.telemetry.store import Store
from tests.bench.report import Section
from tests.support.postgresql import fresh_url

VARIABLE, KEEP_IN = "SPIRIT_BENCH_ROWS", "SPIRIT_BENCH_FOLDER"
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")
MONTH, QUARTER = 30, 90
MAX_FOR_THE_PEER = 10_000_000
PEERS_PATIENCE_S = 900.0  # a page stops a question after ten seconds; the peers may take longer
PEERS_MEMORY = "12GB"  # and more memory: exact percentiles of a hundred million rows do not fit in ours
KEPT = 0.80  # of the rows asked for the sample makes so many: weekends are quieter
ONE_EACH = "service, kind, route"
PEER = """
SELECT {split}, count(*), count(*) FILTER (WHERE status >= 500),
       percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_us), max(duration_us)
FROM request_log WHERE kind = 'http' AND at_us >= %s AND at_us < %s GROUP BY {split} ORDER BY 1
"""


TILES = (
    "Tiles: their cost follows the hours on the screen, the exact answer's the rows; so the ratio grows with the rows. "
    "Memory is the whole process's at its peak, libraries included."
)


@dataclass(frozen=True)
class Days:
    """So many days of traffic that end now, and how many rows they have."""

    monitor: Monitor
    rows: int


def measure() -> Section:
    """Each row of the table is one run of both sides, medians of several questions."""
    rows = int(os.environ.get(VARIABLE, "10000000"))
    reading.MAX_QUERY_S, duckdb_cursors.MEMORY = PEERS_PATIENCE_S, PEERS_MEMORY
    with tempfile.TemporaryDirectory(prefix="spirit-bench-") as scratch:
        folder = Path(os.environ.get(KEEP_IN, scratch)) / f"{rows}"
        folder.mkdir(parents=True, exist_ok=True)
        table = _against_postgresql(_traffic(folder / "month", MONTH, min(rows, MAX_FOR_THE_PEER)))
        quarter = _traffic(folder / "quarter", QUARTER, rows)
        small = _traffic(folder / "small", QUARTER, int(rows / 3.3))
        table += _from_tiles(quarter, small)
        notes = [
            _precision(quarter),
            f"{quarter.rows:,} rows over 90 days; more by `{VARIABLE}=100000000 make bench ONLY=history`.",
            TILES,
        ]
    return Section(
        "A month and a quarter of requests", ["work", "against", "ours", "peer", "ratio", "goal"], table, notes
    )


def _traffic(folder: Path, days: int, rows: int) -> Days:
    monitor = Monitor(Store(f"sqlite:///{folder}.db"), folder)
    with monitor.store.read() as connection:
        if kept := manifest.live(connection, "request_log"):
            return Days(monitor, sum(file.rows for file in kept))
    traffic = sample_traffic.Traffic(
        days=days, rows_a_day=int(rows / days / KEPT), fact_days=days, at_a_time=1, others=False, seed=rows
    )
    made = sample_traffic.make(monitor, traffic, now=NOW)
    compaction.merge_files(monitor.store, monitor.folder, now_us=microseconds(NOW))  # as the worker does
    return Days(monitor, made)


def _window(days: float) -> Window:
    return Window(NOW - timedelta(days=days), NOW, ZONE)


def _dashboard_exact(monitor: Monitor, window: Window) -> None:
    """By route and over time, row by row, as the peer does it."""
    with open_log(monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us) as log:
        latency.ask(log, Scope(), latency.BY_ROUTE)
        latency.ask(log, Scope(), latency.by_step(window), source=latency.with_steps(log, window))


def _dashboard(monitor: Monitor, window: Window) -> None:
    latency.by_route(monitor, window)
    latency.over_time(monitor, window)


def _seconds(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)


def _against_postgresql(month: Days) -> list[list[str]]:
    with psycopg.connect(fresh_url(), autocommit=True) as peer:
        _load(peer, month)
        peer_bytes = peer.execute("SELECT pg_total_relation_size('request_log')").fetchall()[0][0]
        version = peer.execute("SHOW server_version").fetchall()[0][0].split()[0]
        table = []
        for days, goal, times in ((1, 8, 3), (MONTH, 12, 1)):
            window = _window(days)
            ours = _seconds(partial(_dashboard_exact, month.monitor, window), 3)
            theirs = _seconds(partial(_ask_peer, peer, window), times)
            table.append(
                [
                    f"{'24 h' if days == 1 else '30 d'}, exact, by route and over time, {month.rows / 1e6:.1f} M rows",
                    f"PostgreSQL {version}, percentile_cont, indexed",
                    f"{ours * 1000:,.0f} ms",
                    f"{theirs * 1000:,.0f} ms",
                    f"{theirs / ours:.0f} × faster",
                    f"≥ {goal} ×",
                ]
            )
    with month.monitor.store.read() as connection:
        ours_bytes = sum(file.size_bytes for file in manifest.live(connection))
    table.append(
        [
            "disk, rows and tiles",
            "its table with its indexes",
            f"{ours_bytes / 1e6:,.0f} MB",
            f"{peer_bytes / 1e6:,.0f} MB",
            f"1/{peer_bytes / ours_bytes:.1f}",
            "≤ 1/15",
        ]
    )
    return table


def _ask_peer(peer: psycopg.Connection, window: Window) -> None:
    for split in (ONE_EACH, f"at_us / {_step_us(window)}"):
        peer.execute(PEER.format(split=split), (window.start_us, window.end_us)).fetchall()


def _step_us(window: Window) -> int:
    return window.step_us or 86_400_000_000


def _load(peer: psycopg.Connection, month: Days) -> None:
    """The same rows, all columns, with an index on time and one on route and time."""
    columns = (
        "id bigint, at_us bigint, service text, kind text, method text, route text, status integer, outcome text, "
        "duration_us bigint, wait_us bigint, ttfb_us bigint, db_us bigint, db_count integer, db_same_max integer, "
        "cache text, who text, request_id text, release text, error_id text, weight integer"
    )
    peer.execute(f"CREATE UNLOGGED TABLE request_log ({columns}, PRIMARY KEY (id))")
    with month.monitor.store.read() as connection:
        files = manifest.live(connection, "request_log")
    with tempfile.TemporaryDirectory(prefix="spirit-bench-") as scratch, cursor(Path(scratch)) as work:
        for number, file in enumerate(files):
            csv = Path(scratch) / f"{number}.csv"
            path = month.monitor.folder / file.path
            run(
                work,
                f"COPY (SELECT * REPLACE ({number} * 10000000 + row_number() OVER () AS id, {WHOLE}) FROM read_parquet('{path}')) TO '{csv}' (FORMAT csv, HEADER false)",
            )
            with peer.cursor().copy("COPY request_log FROM STDIN (FORMAT csv)") as copy, csv.open("rb") as rows:
                while chunk := rows.read(1 << 20):
                    copy.write(chunk)
            csv.unlink()
    peer.execute("CREATE INDEX ON request_log (at_us)")
    peer.execute("CREATE INDEX ON request_log (route, at_us)")
    peer.execute("VACUUM ANALYZE request_log")


def _from_tiles(quarter: Days, small: Days) -> list[list[str]]:
    window = _window(QUARTER)
    tiles_s, megabytes = _in_a_process(quarter, "tiles")
    raw_s, _ = _in_a_process(quarter, "raw")
    small_s, _ = _in_a_process(small, "tiles")
    assert not latency.is_exact(quarter.monitor, window)
    return [
        [
            f"90 d from tiles, by route and over time, {quarter.rows / 1e6:.0f} M rows",
            "DuckDB exact on the same files",
            f"{tiles_s * 1000:,.0f} ms, {megabytes:.0f} MB",
            f"{raw_s * 1000:,.0f} ms",
            f"{raw_s / tiles_s:.0f} × faster",
            "≥ 150 × at 100 M rows, < 200 MB",
        ],
        [
            "cost when rows grow 3.3 ×",
            "itself",
            f"{tiles_s * 1000:,.0f} ms",
            f"{small_s * 1000:,.0f} ms",
            f"{tiles_s / small_s:.2f} ×",
            "≤ 1.2 ×",
        ],
    ]


def _in_a_process(days: Days, how: str) -> tuple[float, float]:
    """Median seconds of the dashboard in a process of its own, after one to warm up, and its peak memory in MB."""
    answer = subprocess.run(
        [sys.executable, "-m", "tests.bench.history", how, str(days.monitor.store.url), str(days.monitor.folder)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=PEERS_PATIENCE_S,
    )
    seconds, megabytes = answer.stdout.split()
    return float(seconds), float(megabytes)


def _answer(how: str, url: str, folder: str) -> None:
    reading.MAX_QUERY_S = PEERS_PATIENCE_S
    duckdb_cursors.MEMORY = duckdb_cursors.MEMORY if how == "tiles" else PEERS_MEMORY
    monitor, window = Monitor(Store(url), Path(folder)), _window(QUARTER)
    ask = _dashboard if how == "tiles" else _dashboard_exact
    ask(monitor, window)
    seconds = _seconds(lambda: ask(monitor, window), 5 if how == "tiles" else 1)
    print(seconds, _own_peak_kb() / 1024)


def _own_peak_kb() -> int:
    """What the kernel says of this program alone; getrusage begins with what its parent had."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def _precision(quarter: Days) -> str:
    """How far the percentiles of the tiles are from `quantile_disc` over the same rows, at most over all routes."""
    window, worst = _window(QUARTER), 0.0
    tiles = {route.route: route for route in latency.by_route(quarter.monitor, window, Scope())}
    with open_log(quarter.monitor.store, quarter.monitor.folder, start_us=window.start_us, end_us=window.end_us) as log:
        exact = latency.ask(log, Scope(), latency.BY_ROUTE).to_pylist()
    for row in exact:
        for name in ("p50_ms", "p95_ms", "p99_ms"):
            worst = max(worst, abs(getattr(tiles[row["route"]], name) / row[name] - 1))
    return f"Largest difference of p50, p95 and p99 by route to the exact ones: {worst:.2%} (goal ≤ 1 %)."


if __name__ == "__main__":
    _answer(*sys.argv[1:])
