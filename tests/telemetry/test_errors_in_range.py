"""How often in this range: to the microsecond for a month, by whole hours before that, and the page can tell which."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics.retention import Keep, tidy_up
from core.platform.clock import microseconds
from core.telemetry import error_groups, error_queries
from core.telemetry.error_capture import CapturedError, capture
from core.telemetry.error_groups import MAX_MOMENTS, PendingGroup, mark_moments
from core.telemetry.store import Store
from tests.support.actors import as_staff
from tests.telemetry.conftest import Kept

AT = datetime(2026, 11, 23, 17, 40, 3, 250_000, tzinfo=UTC)


@pytest.fixture
def store(kept: Kept) -> Store:
    return kept.store


def happened(store: Store, moments: Sequence[datetime], *, level: str = "ERROR", marks: bool = True) -> None:
    """The same error at each of these instants, in one flush."""
    pending = None
    for at in moments:
        one: CapturedError = capture(None, source="core", message=f"a {level}", level=level, extra={}, who="")
        one.at_us = microseconds(at)
        pending = pending or PendingGroup(one)
        pending.add(one)
    assert pending is not None
    with store.write() as connection:
        if marks:
            mark_moments(connection)
        error_groups.write(connection, [pending], service="site", release="1")


def count(store: Store, start: datetime, end: datetime) -> int:
    return sum(group.count_in_range for group in error_queries.list_groups(store, start=start, end=end))


def test_the_count_is_of_the_range_and_not_of_its_hours(store: Store) -> None:
    moments = [AT + timedelta(seconds=number) for number in range(0, 37 * 40, 40)]
    happened(store, moments)
    for start, end in (
        (AT, AT + timedelta(seconds=1)),
        (AT + timedelta(microseconds=1), AT + timedelta(minutes=5)),
        (AT - timedelta(minutes=30), AT),
        (AT + timedelta(minutes=7), AT + timedelta(minutes=19, seconds=11)),
        (AT - timedelta(days=30), AT + timedelta(days=1)),
    ):
        counted = sum(start <= moment < end for moment in moments)
        assert count(store, start, end) == counted, (start, end)
        assert sum(n for _, n in error_queries.trend(store, None, start=start, end=end)) == counted
    later = error_queries.counted_from(store)
    assert later is not None and later <= AT - timedelta(days=30)


def test_a_storm_is_counted_by_seconds_and_loses_none(store: Store) -> None:
    moments = [AT + timedelta(milliseconds=number) for number in range(MAX_MOMENTS * 5)]
    happened(store, moments)
    assert count(store, AT - timedelta(seconds=1), AT + timedelta(seconds=5)) == len(moments)


def test_what_is_older_than_a_month_is_counted_by_whole_hours(store: Store, tmp_path: Path) -> None:
    happened(store, [AT, AT + timedelta(minutes=10)])
    now = AT + timedelta(days=40)
    happened(store, [now])
    tidy_up(store, tmp_path, Keep(), now_us=microseconds(now))
    assert count(store, AT + timedelta(minutes=5), AT + timedelta(minutes=6)) == 2, "the hour"
    assert count(store, now - timedelta(minutes=1), now + timedelta(minutes=1)) == 1
    assert count(store, now - timedelta(minutes=20), now) == 0, "exactly"
    begins = error_queries.counted_from(store)
    assert begins is not None and AT < begins < now


def test_a_store_from_before_moments_counts_by_hours_until_it_has_them(store: Store) -> None:
    happened(store, [AT], marks=False)
    assert error_queries.counted_from(store) is None
    assert count(store, AT - timedelta(minutes=20), AT - timedelta(minutes=10)) == 0, "it had not begun"
    with store.write() as connection:
        mark_moments(connection)
    assert error_queries.counted_from(store) == AT + timedelta(microseconds=1)
    happened(store, [AT + timedelta(minutes=1)])
    assert count(store, AT + timedelta(seconds=1), AT + timedelta(minutes=2)) == 1


def test_critical_errors_of_late_that_nobody_has_solved(store: Store) -> None:
    happened(store, [AT], level="CRITICAL")
    happened(store, [AT], level="ERROR")
    (group,) = error_queries.latest_critical(store, since=AT - timedelta(hours=1))
    assert group.level == "CRITICAL"
    assert error_queries.latest_critical(store, since=AT + timedelta(seconds=1)) == []
    error_queries.resolve(store, group.id, by=as_staff(1), now=AT + timedelta(seconds=5))
    assert error_queries.latest_critical(store, since=AT - timedelta(hours=1)) == []
