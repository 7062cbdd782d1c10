"""Single requests: the rows behind a part of a chart, and the trace of one request."""

from dataclasses import dataclass

import pyarrow as pa

from analytics.data_sources import Monitor
from analytics.latency import REQUESTS, Scope
from analytics.request_store import open_log
from analytics.tiles import IS_ERROR
from analytics.time_window import MINUTE_US, Window

MAX_ROWS = 200  # a table that a person reads
AROUND_US = 60 * MINUTE_US  # a task may run some time after the request that asked for it
ORDERS = {"slowest": "duration_us", "latest": "at_us"}


@dataclass(frozen=True)
class Rows:
    """A page of requests."""

    table: pa.Table  # the first MAX_ROWS
    n: int  # all there are


def rows(
    monitor: Monitor,
    window: Window,
    scope: Scope = REQUESTS,
    *,
    failed_only: bool = False,
    order: str = "slowest",
) -> Rows:
    """
    Requests of a window. Rows are stored for 90 days; of older ones only the histograms are left.

    Args:
        order: "slowest" or "latest" first.

    Returns:
        at_us, service, kind, method, route, status, outcome, ms, db_ms, statements, wait_ms, request_id, error_id, release.
    """
    where = scope.where + (f" AND {IS_ERROR}" if failed_only else "")
    with open_log(monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us) as log:
        n = log.ask("request_count", scope.named, where=where).column("n")[0].as_py()
        found = log.ask("request_rows", scope.named | {"most": MAX_ROWS}, where=where, order=ORDERS[order])
    return Rows(found, n)


def story(monitor: Monitor, request_id: str, *, around_us: int) -> pa.Table:
    """
    Trace of one request: all that it caused, in order, within an hour of an instant.

    Returns:
        at_us, what (request, statement, event), service, name, detail, ms, error_id.
    """
    tables = ("request_log", "statement_log", "event_log")
    start_us, end_us = around_us - AROUND_US, around_us + AROUND_US
    with open_log(monitor.store, monitor.folder, start_us=start_us, end_us=end_us, tables=tables) as log:
        return log.ask("story", {"request_id": request_id})
