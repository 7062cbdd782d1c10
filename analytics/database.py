"""What the database is asked: which routes ask most, and which statements were slow or ran again and again."""

import pyarrow as pa

from analytics.log import open_log, open_tiles
from analytics.monitor import Monitor
from analytics.window import Window

MOST = 50


def statements(monitor: Monitor, window: Window, kind: str) -> pa.Table:
    """
    Statements by shape and place, those that cost most first.

    Args:
        kind: "slow" (100 ms or more), or "repeated" (ten times or more in one request).

    Returns:
        shape (without any value), place, n, p50_ms, max_ms, total_ms, most_times, most_rows, routes, last_route,
        last_request_id, last_us.
    """
    with open_log(
        monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us, tables=["statement_log"]
    ) as log:
        return log.ask("statements", {"kind": kind, "most": MOST})


def by_route(monitor: Monitor, window: Window, kind: str = "http") -> pa.Table:
    """service, route, n, statements_each, db_ms_each, db_ms: who keeps the database busy; widened to whole hours."""
    with open_tiles(monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us) as log:
        return log.ask("database_by_route", {"kind": kind, "most": MOST})
