"""Load of the database: by route, and by slow or repeated (N+1) statement."""

import pyarrow as pa

from analytics.data_sources import Monitor
from analytics.latency import opened
from analytics.request_store import open_log
from analytics.time_window import Window

MAX_ROWS = 50
ROWS_AS_TOTALS = "(SELECT service, kind, route, weight AS n, db_count * weight AS db_count, db_us * weight AS db_us FROM request_log)"


def statements(monitor: Monitor, window: Window, kind: str, *, of_worker: bool = False) -> pa.Table:
    """
    Slow or repeated statements by shape and place, the most costly first; at most MAX_ROWS.

    Args:
        kind: "slow" (100 ms or more), or "repeated" (ten times or more in one request, run of a page or task).
        of_worker: those of the worker's tasks and passes; else those that somebody waited for.

    Returns:
        shape (without any value), place, n (of slow: how often; of repeated: in how many requests), times (it ran in all),
        p50_ms, max_ms, total_ms (of all its runs), most_times (in one request), most_rows, routes, last_route,
        last_request_id, last_us.
    """
    with open_log(
        monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us, tables=["statement_log"]
    ) as log:
        return log.ask("statements", {"kind": kind, "of_worker": of_worker, "most": MAX_ROWS})


def by_route(monitor: Monitor, window: Window) -> pa.Table:
    """
    Database time by route, page and task, the greatest first; long windows are widened to whole hours.

    Returns:
        service, kind, route, n, statements_each, db_ms_each, db_ms.
    """
    with opened(monitor, window) as (log, exact):
        source = ROWS_AS_TOTALS if exact else "totals"
        return log.ask("database_by_route", {"most": MAX_ROWS}, source=source)
