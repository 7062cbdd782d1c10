"""Statistics of background tasks: queue latency, run time, outcomes; and metrics over time."""

import pyarrow as pa

from analytics.data_sources import Monitor
from analytics.request_store import open_log
from analytics.time_window import EXACT_UPTO, Window


def by_task(monitor: Monitor, window: Window) -> pa.Table:
    """
    Outcomes, queue latency and run time by task, the busiest first; lost: its process was killed.

    Rows are stored for 90 days; of a longer range the newest month is read (see `read_part`).

    Returns:
        task, n, failed, retried, interrupted, expired, lost, wait_p50_ms, wait_p95_ms, run_p50_ms, run_p95_ms, run_max_ms.
    """
    part = read_part(window)
    with open_log(monitor.store, monitor.folder, start_us=part.start_us, end_us=part.end_us) as log:
        return log.ask("tasks")


def measure_over_time(monitor: Monitor, window: Window, name: str) -> pa.Table:
    """Time series of one metric: step_us, service, value (the greatest of the step), n; oldest first."""
    with open_log(
        monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us, tables=["metric_log"]
    ) as log:
        log.cursor.register("steps", window.step_table())
        return log.ask("metric_over_time", {"name": name})


def read_part(window: Window) -> Window:
    """The part of a window that is read row by row: all of it, or its newest month."""
    return window if window.length <= EXACT_UPTO else Window(window.end - EXACT_UPTO, window.end, window.zone)
