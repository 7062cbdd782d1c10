"""Totals of a window: throughput, error rate, mean latency, statements; and database load over time."""

from dataclasses import dataclass

import pyarrow as pa

from analytics.data_sources import Monitor
from analytics.latency import REQUESTS, Scope, by_step, opened, with_hours, with_steps
from analytics.time_window import Window


@dataclass(frozen=True)
class Totals:
    """Sums over requests. Means are of sums, never of means."""

    n: int  # requests
    errors: int  # requests that failed
    sum_us: int  # of durations
    db_count: int  # of statements

    @property
    def error_rate(self) -> float | None:
        """0.0 to 1.0; None when there was nothing."""
        return self.errors / self.n if self.n else None

    @property
    def mean_ms(self) -> float | None:
        """Mean latency; None when there was nothing."""
        return self.sum_us / self.n / 1000 if self.n else None


def totals(monitor: Monitor, window: Window, scope: Scope = REQUESTS) -> Totals:
    """Totals of a window's requests; one longer than a month is widened to whole hours."""
    with opened(monitor, window) as (log, exact):
        found = log.ask("totals_exact" if exact else "totals", scope.named, where=scope.where)
    return Totals(**found.to_pylist()[0])


def database_over_time(monitor: Monitor, window: Window, scope: Scope = REQUESTS) -> pa.Table:
    """Time series of database load: step_us, n, statements, db_ms and all_ms (means of a request); oldest first."""
    with opened(monitor, window) as (log, exact):
        if exact:
            source, split = with_steps(log, window), by_step(window)
            return log.ask(
                "database_over_time_exact", scope.named, step=split.columns, source=source, where=scope.where
            )
        with_hours(log, window)
        return log.ask("database_over_time", scope.named, where=scope.where)
