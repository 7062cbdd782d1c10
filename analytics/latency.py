"""
How long things take: by route and over time.

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
from analytics.window import EXACT_UPTO, HOUR_US, Window
from core.platform.clock import microseconds
from core.telemetry.categories import FAMILY

MAX_EXACT_ROWS = 3_000_000  # 0.15 s a million; beyond, a page of six questions would take seconds
MAX_EXACT_ROWS_OF_A_DAY = 20_000_000  # the steps of a day are shorter than a tile, so it is worth waiting for
A_DAY = timedelta(hours=25)  # with the day of 25 hours
THIN = 20  # fewer than this many make no percentile that one could trust


@dataclass(frozen=True)
class RouteLatency:
    """
    One route in one window.

    Attributes:
        n: how many; errors of them failed. Below THIN the percentiles are there, but thin.
        p50_ms, p95_ms, p99_ms, max_ms: milliseconds.
    """

    service: str
    kind: str
    route: str
    n: int
    errors: int
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
        return self.n < THIN


@dataclass(frozen=True)
class Scope:
    """Which requests: kind (http, script, task), and one service, one route or one category of them, or all."""

    kind: str = "http"
    service: str = ""
    route: str = ""
    category: str = ""  # core/telemetry/categories.py

    @property
    def where(self) -> str:
        """SQL for it, with $names; `named` are their values."""
        of_category = " AND category = $category" if self.category else ""
        return f"kind = $kind AND {self.where_it_ran}{of_category}"

    @property
    def where_it_ran(self) -> str:
        """The same for rows of which the service and the route alone are known."""
        parts = [f"{name} = ${name}" for name in ("service", "route") if getattr(self, name)]
        return " AND ".join(parts) or "true"

    @property
    def named(self) -> dict[str, str]:
        return {"kind": self.kind, "service": self.service, "route": self.route, "category": self.category}


REQUESTS = Scope()
FAMILIES = Scope(category=FAMILY)


def is_exact(monitor: Monitor, window: Window) -> bool:
    """Whether this window is read row by row: it is short, has not too many rows, and all of them are kept still."""
    if window.by_hours or window.length > EXACT_UPTO:
        return False
    with monitor.store.read() as connection:
        if window.start_us < manifest.rows_gone_before(connection, "request_log", tiles="tile_hour_all"):
            return False  # the rows are gone, and their histograms stay
        files = manifest.live(connection, "request_log", start_us=window.start_us, end_us=window.end_us)
    most = MAX_EXACT_ROWS_OF_A_DAY if window.length <= A_DAY else MAX_EXACT_ROWS
    return sum(file.rows_within(window.start_us, window.end_us) for file in files) <= most


def readable(monitor: Monitor, window: Window) -> Window:
    """The window that can be answered: as it was asked for from rows; to whole hours where tiles alone can answer."""
    is_short = window.length <= EXACT_UPTO
    return window.widened() if is_short and not is_exact(monitor, window) else window


def by_route(monitor: Monitor, window: Window, scope: Scope = REQUESTS) -> list[RouteLatency]:
    """Each route's latency, slowest p95 first; empty when nothing was logged."""
    with opened(monitor, window) as (log, exact):
        found = ask(log, scope, BY_ROUTE) if exact else ask_tiles(log, scope, BY_ROUTE, source="by_route")
    return [RouteLatency(**row) for row in found.to_pylist()]


def overall(monitor: Monitor, window: Window, scope: Scope = REQUESTS) -> RouteLatency | None:
    """All of them as one; None when nothing was logged."""
    with opened(monitor, window) as (log, exact):
        found = (
            ask(log, scope, AS_ONE)
            if exact
            else ask_tiles(log, scope, AS_ONE, source="by_route" if scope.route else "as_one")
        )
    return next((RouteLatency(**row) for row in found.to_pylist()), None)


def over_time(monitor: Monitor, window: Window, scope: Scope = REQUESTS) -> pa.Table:
    """
    The same by step of the window, oldest first; steps without a request are left out.

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
    """What the answer has a line for: SQL of the columns, their names, and the order of the lines."""

    columns: str
    names: str
    order: str


BY_ROUTE = Split("service, kind, route", "service, kind, route", "p95_ms DESC")
AS_ONE = Split("$service AS service, kind, $route AS route", "service, kind, route", "n")
BY_HOURS_STEP = Split("step_us", "step_us", "step_us")


def by_step(window: Window) -> Split:
    """Of rows, by the steps of a window; to be asked of `with_steps`."""
    step_us = window.even_step_us
    column = f"at_us - at_us % {step_us} AS step_us" if step_us is not None else "step_us"
    return Split(column, "step_us", "step_us")


def with_steps(log: Log, window: Window) -> str:
    """SQL of the relation of rows that knows each row's step: its own, where a division tells it, for a join takes longer."""
    if window.even_step_us is not None:
        return "request_log"
    log.cursor.register("steps", window.step_table())
    return "request_log ASOF JOIN steps ON request_log.at_us >= steps.step_us"


def ask(log: Log, scope: Scope, split: Split, *, source: str = "request_log") -> pa.Table:
    """Row by row, from a log of rows. source: the relation of them."""
    return log.ask(
        "latency_of_rows", scope.named, split=split.columns, where=scope.where, order=split.order, source=source
    )


def ask_tiles(log: Log, scope: Scope, split: Split, *, source: str) -> pa.Table:
    """Within 1 %, from a log of tiles. source: one of its relations."""
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
    """A relation more: hours (at_us, step_us), to add up tiles of hours by the window's steps."""
    steps = [microseconds(step) for step in window.steps()]
    given = {"first": window.start_us // HOUR_US * HOUR_US, "end": window.end_us, "steps": steps}
    run(log.cursor, query("hours"), given)


@contextmanager
def opened(monitor: Monitor, window: Window) -> Iterator[tuple[Log, bool]]:
    """The log of this window, and whether it has rows (else tiles)."""
    exact = is_exact(monitor, window)
    opener = open_log if exact else open_tiles
    with opener(monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us) as log:
        yield log, exact
