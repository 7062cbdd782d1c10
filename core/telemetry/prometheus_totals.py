"""
Cumulative counters and histograms for Prometheus: every process adds to the same rows in the transaction of its flush,
so they are exact across processes and restarts. Only where SPIRIT_METRICS_TOKEN is set.

    http     by method, route and status, with a histogram of durations
    task     by task and outcome, with the same
    event    mails, bookings' changes, losses …: by kind and name
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from core.telemetry.tables import TOTAL_BUCKETS, metric_total

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)  # OpenTelemetry's
BOUNDS_US = tuple(round(bound * 1_000_000) for bound in BOUNDS_S)
KEYS = ("family", "service", "first", "second", "third")
COUNTED = ("mail", "business", "image", "nudge", "deploy")  # a loss counts by its value; a vital is no count

Key = tuple[str, str, str, str, str]


class Sums:
    """Increments of one counter by one flush."""

    def __init__(self) -> None:
        self.count = 0
        self.sum_us = 0
        self.buckets = [0] * TOTAL_BUCKETS  # durations by bound, not cumulative; the last for longer ones

    def add(self, duration_us: int) -> None:
        self.count += 1
        self.sum_us += duration_us
        self.buckets[bisect_left(BOUNDS_US, duration_us)] += 1


def add(connection: Connection, batch: Mapping[str, Sequence[Any]], service: str, lost: Mapping[str, int]) -> None:
    """Add this flush's increments, sorted by key, so that no two writers deadlock."""
    sums = summed(batch, service, lost)
    if not sums:
        return
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(metric_total)
    grown = {name: metric_total.c[name] + insert.excluded[name] for name in ("count", "sum_us", *_bucket_names())}
    connection.execute(
        insert.on_conflict_do_update(index_elements=KEYS, set_=grown),
        [
            {
                **dict(zip(KEYS, key, strict=True)),
                "count": one.count,
                "sum_us": one.sum_us,
                **dict(zip(_bucket_names(), one.buckets, strict=True)),
            }
            for key, one in sorted(sums.items())
        ],
    )


def summed(batch: Mapping[str, Sequence[Any]], service: str, lost: Mapping[str, int]) -> dict[Key, Sums]:
    """Aggregate the rows of a flush by counter."""
    sums: dict[Key, Sums] = defaultdict(Sums)
    for row in batch.get("request_log", ()):
        if row.kind == "http":
            sums["http", service, row.method, row.route, str(row.status)].add(row.duration_us)
        elif row.kind == "task":
            sums["task", service, row.route, row.outcome, ""].add(row.duration_us)
    for row in batch.get("event_log", ()):
        if row.kind in COUNTED:
            sums["event", service, row.kind, row.name, ""].count += 1
    for reason, count in lost.items():
        sums["event", service, "lost", reason, ""].count += count
    return sums


def _bucket_names() -> Iterable[str]:
    return tuple(f"bucket_{number}" for number in range(TOTAL_BUCKETS))


def buckets_of(row: Any) -> list[int]:
    """A row's histogram, not cumulative: a count for each bound, and one for what took longer."""
    return [getattr(row, name) for name in _bucket_names()]
