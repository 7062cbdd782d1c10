"""
Ad-hoc queries from a fixed catalogue: a measure, a split (group by), a filter, and a window.

Whatever a person chooses is a key of this catalogue or a parameter; no SQL comes from outside. The five largest parts have
a line each, the rest together is "other", counted as one so that its percentiles are right.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from analytics.data_sources import Monitor
from analytics.latency import is_exact
from analytics.request_store import Log, open_log, open_tiles
from analytics.tiles import IS_ERROR, bucket_value_us
from analytics.time_window import Window

WHOLE = "all together"


@dataclass(frozen=True)
class Measure:
    """A measure of the catalogue."""

    label: str
    unit: str
    source: str  # table of facts; requests of long windows are read from tiles
    rows: str  # SQL of the value, over rows
    where: str  # SQL of what it counts
    splits: Mapping[str, str]  # what it can be split by and filtered on: label → column
    tiles: str = ""  # SQL of the value, over tiles
    is_of_many: bool = False  # a statistic: from fewer than 20 it is not to be trusted


BY_ROUTE = {"whose": "category", "service": "service", "route": "route"}
BY_STATEMENT = {"service": "service", "route": "route", "place": "place", "statement": "shape"}
BY_NAME = {"kind": "name", "service": "service", "route": "route"}


def _share(errors: str, n: str) -> str:
    return f"100.0 * coalesce(sum({n}) FILTER ({errors}), 0) / sum({n})"


def _percentile(share: float, label: str, where: str, what: str) -> Measure:
    return Measure(
        f"{what}, {label}",
        "ms",
        "request_log",
        f"quantile_disc(duration_us, {share}) / 1000.0",
        where,
        BY_ROUTE,
        tiles=f"min({bucket_value_us()}) FILTER (upto >= ceil({share} * total)) / 1000.0",
        is_of_many=True,
    )


def _metric(label: str, unit: str, name: str, value: str = "max(value)") -> Measure:
    return Measure(label, unit, "metric_log", value, f"name = '{name}'", {"service": "service"})


HTTP, PAGES, TASKS = "kind = 'http'", "kind = 'script'", "kind = 'task'"
# The keys stand in addresses of pages and in saved views: they never change.
CATALOGUE: dict[str, Measure] = {
    "requests": Measure("Requests", "requests", "request_log", "sum(weight)", HTTP, BY_ROUTE, tiles="sum(n)"),
    "failed": Measure(
        "Failed requests", "requests", "request_log", f"coalesce(sum(weight) FILTER ({IS_ERROR}), 0)", HTTP, BY_ROUTE,
        tiles="sum(errors)",
    ),
    "failed_share": Measure(
        "Error rate", "%", "request_log", _share(IS_ERROR, "weight"), HTTP, BY_ROUTE,
        tiles="100.0 * sum(errors) / sum(n)", is_of_many=True,
    ),
    "p50": _percentile(0.50, "p50", HTTP, "Latency"),
    "p95": _percentile(0.95, "p95", HTTP, "Latency"),
    "p99": _percentile(0.99, "p99", HTTP, "Latency"),
    "pages_p95": _percentile(0.95, "p95", PAGES, "Latency of console pages"),
    "tasks": Measure("Tasks run", "tasks", "request_log", "sum(weight)", TASKS, BY_ROUTE, tiles="sum(n)"),
    "tasks_p95": _percentile(0.95, "p95", TASKS, "Run time of tasks"),
    "slow": Measure("Slow statements", "statements", "statement_log", "count(*)", "kind = 'slow'", BY_STATEMENT),
    "repeated": Measure("Repeated statements", "requests", "statement_log", "count(*)", "kind = 'repeated'", BY_STATEMENT),
    "mails": Measure("Mails", "mails", "event_log", "count(*)", "kind = 'mail'", BY_NAME),
    "business": Measure("Bookings: what happened", "times", "event_log", "count(*)", "kind = 'business'", BY_NAME),
    "vitals": Measure(
        "Web vitals of browsers, p75", "ms", "event_log", "quantile_disc(value, 0.75)",
        "kind = 'vital' AND name <> 'CLS'", BY_NAME, is_of_many=True,
    ),
    "lost": Measure("Telemetry rows lost", "rows", "event_log", "sum(value)", "kind = 'lost'", BY_NAME),
    "killed": Measure(
        "Processes that ended without stopping", "times", "event_log", "count(*)", "kind = 'process' AND name = 'lost'",
        {"service": "service"},
    ),
    "memory": _metric("Memory of a process, at most", "MB", "process.memory_bytes", "max(value) / 1e6"),
    "processor": _metric("Processor of a process, at most", "% of a core", "process.cpu_share", "max(value) * 100"),
    "disk": _metric("Disk that is used, at most", "%", "disk.used_share", "max(value) * 100"),
    "overdue": _metric("Oldest due mail, at most", "s", "outbox.oldest_due_s"),
    "queue_age": _metric("Oldest waiting task, at most", "s", "queue.oldest_s"),
    "wal": _metric("Write-ahead log of the database, at most", "MB", "database.wal_bytes", "max(value) / 1e6"),
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A query, by keys of the catalogue."""

    measure: str = "p95"
    split: str = ""  # a label of the measure's splits, or ""
    only: tuple[str, str] | None = None  # filter: (label, value)

    @property
    def about(self) -> Measure:
        """Its measure."""
        return CATALOGUE[self.measure]


def over_time(monitor: Monitor, window: Window, question: Question) -> pa.Table:
    """Time series of a query: step_us, series, n, value; oldest first; at most six series."""
    return _answer(monitor, window, question, window.step_table())


def whole(monitor: Monitor, window: Window, question: Question) -> pa.Table:
    """Totals of a query over the whole window: series, n, value; the largest first."""
    found = _answer(monitor, window, question, pa.table({"step_us": pa.array([0], type=pa.int64())}))
    return found.sort_by([("value", "descending")])


def choices(monitor: Monitor, window: Window, measure: str, split: str) -> list[str]:
    """Values of a split that a filter can have, the most frequent first; at most a hundred."""
    about = CATALOGUE[measure]
    with _opened(monitor, window, Question(measure, split)) as (log, source, weight):
        found = log.ask("explore_choices", column=about.splits[split], source=source, where=about.where, weight=weight)
    return [value for value in found.column("value").to_pylist() if value]


def _answer(monitor: Monitor, window: Window, question: Question, steps: pa.Table) -> pa.Table:
    about = question.about
    column = f"{about.splits[question.split]}" if question.split else f"'{WHOLE}'"
    where, given = about.where, {}
    if question.only is not None:
        label, value = question.only
        where, given = f"{where} AND {about.splits[label]} = $only", {"only": value}
    with _opened(monitor, window, question) as (log, source, weight):
        log.cursor.register("steps", steps)
        is_tiles = weight == "n"
        name = "explore_tiles" if is_tiles else "explore_rows"
        value_sql = about.tiles if is_tiles else about.rows
        return log.ask(name, given, split=column, source=source, where=where, weight=weight, value=value_sql)


@contextmanager
def _opened(monitor: Monitor, window: Window, question: Question) -> Iterator[tuple[Log, str, str]]:
    """(log, relation to read, SQL of a row's weight)."""
    about = question.about
    if about.source == "request_log" and not is_exact(monitor, window):
        with open_tiles(monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us) as log:
            needs_route = "route" in (question.split, question.only[0] if question.only else "")
            yield log, "over_time_by_route" if needs_route else "over_time", "n"
        return
    start_us, end_us = window.start_us, window.end_us
    with open_log(monitor.store, monitor.folder, start_us=start_us, end_us=end_us, tables=[about.source]) as log:
        yield log, about.source, "weight" if about.source == "request_log" else "1"
