"""
Latency percentiles by route and over time.

Percentiles are nearest rank: p95 is the least duration that 95 % of the requests did not exceed. Ranges up to a month
are read exactly, row by row, while all of their rows are kept and are few enough; beyond, from tiles, within 1 %.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa

from analytics import manifest
from analytics.data_sources import Monitor
from analytics.duckdb_cursors import run
from analytics.request_store import Log, open_log, open_tiles, query
from analytics.tiles import bucket_value_us
from analytics.time_window import EXACT_UPTO, HOUR_US, Window
from core.platform.clock import microseconds
from core.telemetry.traffic_categories import FAMILY

MAX_EXACT_ROWS = 3_000_000  # 0.15 s a million; beyond, a page of six questions would take seconds
MAX_EXACT_ROWS_OF_A_DAY = 20_000_000  # the steps of a day are shorter than a tile, so it is worth waiting for
A_DAY = timedelta(hours=25)  # with the day of 25 hours
THIN = 20  # with fewer samples p95 is the greatest of them


@dataclass(frozen=True)
class RouteLatency:
    """Latency and errors of one route in one window, milliseconds."""

    service: str
    kind: str
    route: str
    n: int  # requests; below THIN the percentiles are there, but thin
    errors: int  # requests that failed
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float

    @property
    def error_rate(self) -> float:
        """0.0 to 1.0."""
        return self.errors / self.n if self.n else 0.0

    @property
    def is_thin(self) -> bool:
        """Whether there are too few samples for a percentile that one could trust."""
        return self.n < THIN


@dataclass(frozen=True)
class Scope:
    """Filter of requests; "" for all."""

    kind: str = "http"  # http, script, task
    service: str = ""
    route: str = ""
    category: str = ""  # core/telemetry/traffic_categories.py

    @property
    def where(self) -> str:
        """SQL condition with $names; `named` are their values."""
        of_category = " AND category = $category" if self.category else ""
        return f"kind = $kind AND {self.where_it_ran}{of_category}"

    @property
    def where_it_ran(self) -> str:
        """SQL condition on service and route, for rows that have no kind and category."""
        parts = [f"{name} = ${name}" for name in ("service", "route") if getattr(self, name)]
        return " AND ".join(parts) or "true"

    @property
    def named(self) -> dict[str, str]:
        """Parameters of `where` and `where_it_ran`."""
        return {"kind": self.kind, "service": self.service, "route": self.route, "category": self.category}


REQUESTS = Scope()
FAMILIES = Scope(category=FAMILY)


def is_exact(monitor: Monitor, window: Window) -> bool:
    """Whether a window is read row by row: it is short, has not too many rows, and all of them are stored still."""
    if window.by_hours or window.length > EXACT_UPTO:
        return False  # too long, or decided already
    with monitor.store.read() as connection:
        if window.start_us < manifest.rows_gone_before(connection, "request_log", tiles="tile_hour_all"):
            return False  # the rows are gone, and their histograms stay
        files = manifest.live(connection, "request_log", start_us=window.start_us, end_us=window.end_us)
    most = MAX_EXACT_ROWS_OF_A_DAY if window.length <= A_DAY else MAX_EXACT_ROWS
    return sum(file.rows_within(window.start_us, window.end_us) for file in files) <= most


def readable(monitor: Monitor, window: Window) -> Window:
    """The window that a query covers: as given where rows are read; widened to whole hours where tiles are."""
    is_short = window.length <= EXACT_UPTO
    return window.widened() if is_short and not is_exact(monitor, window) else window


def by_route(monitor: Monitor, window: Window, scope: Scope = REQUESTS) -> list[RouteLatency]:
    """Latency by route, slowest p95 first; empty when nothing was logged."""
    with opened(monitor, window) as (log, exact):
        found = ask(log, scope, BY_ROUTE) if exact else ask_tiles(log, scope, BY_ROUTE, source="by_route")
    return [RouteLatency(**row) for row in found.to_pylist()]


def overall(monitor: Monitor, window: Window, scope: Scope = REQUESTS) -> RouteLatency | None:
    """Latency of all requests together; None when nothing was logged."""
    with opened(monitor, window) as (log, exact):
        found = (
            ask(log, scope, AS_ONE)
            if exact
            else ask_tiles(log, scope, AS_ONE, source="by_route" if scope.route else "as_one")
        )
    return next((RouteLatency(**row) for row in found.to_pylist()), None)


def over_time(monitor: Monitor, window: Window, scope: Scope = REQUESTS) -> pa.Table:
    """
    Latency by step of the window, oldest first; steps without a request are left out.

    Returns:
        step_us (where the step begins), n, errors, p50_ms, p95_ms, p99_ms, max_ms.
    """
    with opened(monitor, window) as (log, exact):
        if exact:
            return ask(log, scope, by_step(window), source=with_steps(log, window))
        with_hours(log, window)
        hourly = "over_time_by_route" if scope.route else "over_time"
        return ask_tiles(log, scope, BY_HOURS_STEP, source=f"{hourly} JOIN hours USING (at_us)")


@dataclass(frozen=True)
class Split:
    """GROUP BY of a query."""

    columns: str  # SQL
    names: str  # of the columns
    order: str  # ORDER BY


BY_ROUTE = Split("service, kind, route", "service, kind, route", "p95_ms DESC")
AS_ONE = Split("$service AS service, kind, $route AS route", "service, kind, route", "n")
BY_HOURS_STEP = Split("step_us", "step_us", "step_us")


def by_step(window: Window) -> Split:
    """GROUP BY step of a window, over the relation of `with_steps`."""
    step_us = window.even_step_us
    column = f"at_us - at_us % {step_us} AS step_us" if step_us is not None else "step_us"
    return Split(column, "step_us", "step_us")


def with_steps(log: Log, window: Window) -> str:
    """SQL of the relation of rows with their step: by division where steps are even, since the join takes longer."""
    if window.even_step_us is not None:
        return "request_log"
    log.cursor.register("steps", window.step_table())
    return "request_log ASOF JOIN steps ON request_log.at_us >= steps.step_us"


def ask(log: Log, scope: Scope, split: Split, *, source: str = "request_log") -> pa.Table:
    """Exact percentiles from rows. source: their relation."""
    return log.ask(
        "latency_of_rows", scope.named, split=split.columns, where=scope.where, order=split.order, source=source
    )


def ask_tiles(log: Log, scope: Scope, split: Split, *, source: str) -> pa.Table:
    """Percentiles from tiles, within 1 %. source: one of their relations."""
    return log.ask(
        "latency_of_tiles",
        scope.named,
        split=split.columns,
        names=split.names,
        source=source,
        where=scope.where,
        order=split.order,
        value=bucket_value_us(),
    )


def with_hours(log: Log, window: Window) -> None:
    """Create the relation hours (at_us, step_us), which maps tiles of hours to the window's steps."""
    steps = [microseconds(step) for step in window.steps()]
    given = {"first": window.start_us // HOUR_US * HOUR_US, "end": window.end_us, "steps": steps}
    run(log.cursor, query("hours"), given)


@contextmanager
def opened(monitor: Monitor, window: Window) -> Iterator[tuple[Log, bool]]:
    """Context manager: the log of a window, and whether it has rows (else tiles). Raises LogUnreadable."""
    exact = is_exact(monitor, window)
    opener = open_log if exact else open_tiles
    with opener(monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us) as log:
        yield log, exact
