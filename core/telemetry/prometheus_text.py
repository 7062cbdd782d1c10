"""Metrics in Prometheus' text format, under OpenTelemetry's names. prometheus-client writes the text and measures nothing."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from sqlalchemy import func, select

from core.telemetry.prometheus_totals import BOUNDS_S, buckets_of
from core.telemetry.queues import now_us
from core.telemetry.store import Store
from core.telemetry.tables import metric_log, metric_total

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FRESH_US = 120 * 1_000_000  # a gauge is sampled every 15 seconds; an older one is of a process that is gone
MAX_METRIC_ROWS = 2000  # rows of measures that are looked at: some minutes of every process


def text(store: Store) -> bytes:
    """The body of GET /metrics."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(store))
    return generate_latest(registry)


class _Collector:
    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        with self._store.read() as connection:
            totals = connection.execute(select(metric_total)).all()
            newest = connection.scalar(select(func.max(metric_log.c.id))) or 0
            recent = metric_log.c.id > newest - MAX_METRIC_ROWS
            measures = connection.execute(select(metric_log).where(recent).order_by(metric_log.c.id)).all()
        yield _requests([row for row in totals if row.family == "http"])
        yield _tasks([row for row in totals if row.family == "task"])
        yield _events([row for row in totals if row.family == "event"])
        yield from _gauges(measures)


def _requests(rows: list[Any]) -> Metric:
    names = ["service_name", "http_request_method", "http_route", "http_response_status_code", "error_type"]
    metric = HistogramMetricFamily("http_server_request_duration_seconds", "Duration of HTTP requests.", labels=names)
    for row in rows:
        error = row.third if row.third >= "500" else ""
        _add(metric, [row.service, row.first, row.second, row.third, error], row)
    return metric


def _tasks(rows: list[Any]) -> Metric:
    names = ["service_name", "messaging_operation_name", "error_type"]
    metric = HistogramMetricFamily(
        "messaging_process_duration_seconds", "Duration of the worker's tasks.", labels=names
    )
    for row in rows:
        _add(metric, [row.service, row.first, "" if row.second == "ok" else row.second], row)
    return metric


def _events(rows: list[Any]) -> Metric:
    names = ["service_name", "kind", "name"]
    metric = CounterMetricFamily(
        "spirit_events", "Mails, changes of bookings, and what the monitor lost.", labels=names
    )
    for row in rows:
        metric.add_metric([row.service, row.first, row.second], row.count)
    return metric


def _gauges(rows: Iterable[Any]) -> Iterator[Metric]:
    """Gauges: the newest sample of each process, while it is fresh."""
    oldest_us = now_us() - FRESH_US
    newest = {(row.name, row.service, row.process): row.value for row in rows if row.at_us >= oldest_us}
    for wanted in sorted({name for name, _, _ in newest}):
        metric = GaugeMetricFamily(_gauge_name(wanted), f"{wanted}, newest.", labels=["service_name", "process_pid"])
        for (name, service, process), value in newest.items():
            if name == wanted:
                metric.add_metric([service, str(process)], value)
        yield metric


def _gauge_name(name: str) -> str:
    if name == "process.memory_bytes":
        return "process_memory_usage_bytes"
    known = name.replace(".", "_")
    return known if name.startswith("process.") else f"spirit_{known}"


def _add(metric: HistogramMetricFamily, labels: list[str], row: Any) -> None:
    counts = list(accumulate(buckets_of(row)))
    bounds = [*map(str, BOUNDS_S), "+Inf"]
    metric.add_metric(labels, list(zip(bounds, counts, strict=True)), row.sum_us / 1_000_000)
