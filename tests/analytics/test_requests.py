"""Requests one by one, totals, releases, and how the parts of the house do."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from analytics import deploy_markers, health, latency, overview, request_rows
from analytics.data_sources import Monitor
from analytics.health import State
from analytics.latency import Scope
from analytics.retention import Keep
from analytics.time_window import Window
from core.platform.clock import instant
from tests.analytics.house import HOUR_US, MINUTE_US, NOW_US, House
from tests.analytics.house import requests as some

GYM = ZoneInfo("America/Los_Angeles")
NOW = instant(NOW_US)
LAST_HOURS = Window(NOW - timedelta(hours=2), NOW, GYM)


@pytest.fixture
def monitor(house: House) -> Monitor:
    return Monitor(house.store, house.folder)


def test_a_part_of_a_chart_has_exactly_its_rows(house: House, monitor: Monitor) -> None:
    house.note(some(120, at_us=NOW_US - HOUR_US, every_us=MINUTE_US // 2))
    house.archive()
    part = Window(NOW - timedelta(minutes=30), NOW - timedelta(minutes=20), GYM)
    found = request_rows.rows(monitor, part)
    assert found.n == found.table.num_rows == 20
    times = found.table.column("at_us").to_pylist()
    assert min(times) == part.start_us and max(times) == part.end_us - MINUTE_US // 2
    durations = found.table.column("ms").to_pylist()
    assert durations == sorted(durations, reverse=True), "the slowest first"
    assert request_rows.rows(monitor, part, order="latest").table.column("at_us").to_pylist() == sorted(
        times, reverse=True
    )


def test_only_those_that_failed_and_only_those_of_a_route(house: House, monitor: Monitor) -> None:
    house.note(some(5))
    house.note(some(3, status=503))
    house.note(some(2, outcome="error", route="/bookings"))
    assert request_rows.rows(monitor, LAST_HOURS, failed_only=True).n == 5
    assert request_rows.rows(monitor, LAST_HOURS, Scope(route="/bookings", service="site"), failed_only=True).n == 2
    assert request_rows.rows(monitor, LAST_HOURS, Scope(service="console")).n == 0


def test_of_many_rows_the_first_two_hundred_are_shown_and_all_are_counted(house: House, monitor: Monitor) -> None:
    house.note(some(450))
    found = request_rows.rows(monitor, LAST_HOURS)
    assert (found.n, found.table.num_rows) == (450, request_rows.MAX_ROWS)


@pytest.mark.parametrize("archived", [False, True])
def test_one_request_is_told_with_all_that_it_caused(house: House, monitor: Monitor, archived: bool) -> None:
    house.note(some(1, request_id="r1", route="/bookings", status=500, error_id="e1"))
    house.note(
        some(
            1,
            at_us=NOW_US - HOUR_US + MINUTE_US,
            request_id="r1",
            kind="task",
            service="worker",
            method="",
            route="deliver_mail",
        )
    )
    house.note(some(3, request_id="another"))
    statement = {
        "at_us": NOW_US - HOUR_US + 5,
        "service": "site",
        "kind": "repeated",
        "shape": "SELECT 1",
        "place": "here",
        "rows": 3,
        "count": 12,
    }
    house.note([statement | {"duration_us": 9000, "route": "/bookings", "request_id": "r1"}], "statement_log")
    event = {
        "at_us": NOW_US - HOUR_US + 2 * MINUTE_US,
        "service": "worker",
        "kind": "mail",
        "name": "SENT",
        "request_id": "r1",
    }
    house.note([event], "event_log")
    if archived:
        house.archive()
    found = request_rows.story(monitor, "r1", around_us=NOW_US - HOUR_US).to_pylist()
    assert [(row["what"], row["name"]) for row in found] == [
        ("request", "http GET /bookings"), ("statement", "SELECT 1"), ("request", "task deliver_mail"), ("event", "mail SENT"),
    ]  # fmt: skip
    assert found[0]["error_id"] == "e1" and found[0]["detail"] == "500 ok"
    assert found[1]["detail"] == "repeated 12 times, here"


@pytest.mark.parametrize("days", [1, 60])
def test_totals_are_the_same_from_rows_and_from_tiles(house: House, monitor: Monitor, days: int) -> None:
    house.note(some(40, db_us=2_000, db_count=4))
    house.note(some(10, status=500, db_us=0, db_count=0))
    house.archive()
    house.note(some(50, at_us=NOW_US - MINUTE_US, every_us=1000, db_us=500, db_count=1))
    found = overview.totals(monitor, Window(NOW - timedelta(days=days), NOW, GYM))
    assert (found.n, found.errors, found.db_count) == (100, 10, 40 * 4 + 50)
    assert found.error_rate == 0.1
    steps = overview.database_over_time(monitor, Window(NOW - timedelta(days=days), NOW, GYM))
    assert sum(steps.column("statements").to_pylist()) == found.db_count
    assert sum(step["db_ms"] * step["n"] for step in steps.to_pylist()) == pytest.approx(40 * 2 + 50 * 0.5)
    assert overview.totals(monitor, Window(NOW - timedelta(days=90), NOW - timedelta(days=80), GYM)).error_rate is None


def test_a_release_is_marked_where_it_first_started(house: House, monitor: Monitor) -> None:
    at = {"service": "site", "kind": "deploy"}
    house.note(
        [
            at | {"at_us": NOW_US - minutes * MINUTE_US, "name": name}
            for minutes, name in ((90, "1"), (60, "1"), (30, "2"))
        ],
        "event_log",
    )
    found = deploy_markers.deploys(monitor, LAST_HOURS)
    assert [(marker.word, marker.at) for marker in found] == [
        ("1", NOW - timedelta(minutes=90)),
        ("2", NOW - timedelta(minutes=30)),
    ]


def by_name(monitor: Monitor, session: Session, now: datetime = NOW) -> dict[str, health.Part]:
    return {part.name: part for part in health.parts(monitor, session, now=now, zone=GYM)}


def test_of_a_house_that_nobody_has_heard_of_that_is_said(monitor: Monitor, session: Session) -> None:
    parts = by_name(monitor, session)
    assert list(parts) == ["Site", "Console", "Worker", "Mail", "Database", "Disk", "Monitor"]
    assert [parts[name].state for name in ("Site", "Disk")] == [State.UNKNOWN, State.UNKNOWN]
    assert parts["Mail"].words == "Nothing is late." and parts["Monitor"].state is State.WELL


@pytest.mark.parametrize(("failed", "state"), [(0, State.WELL), (1, State.WELL), (2, State.LOOK), (5, State.BAD)])
def test_a_site_that_fails_more_is_worse(
    house: House, monitor: Monitor, session: Session, failed: int, state: State
) -> None:
    house.note(some(100 - failed, at_us=NOW_US - 10 * MINUTE_US))
    if failed:
        house.note(some(failed, at_us=NOW_US - 10 * MINUTE_US, status=500))
    site = by_name(monitor, session)["Site"]
    assert site.state is state and site.words.startswith("100 requests in a quarter of an hour")


def test_a_few_failures_among_a_handful_are_no_alarm(house: House, monitor: Monitor, session: Session) -> None:
    house.note(some(1, at_us=NOW_US - MINUTE_US, status=500))
    assert by_name(monitor, session)["Site"].state is State.LOOK


def test_a_process_that_falls_silent_and_a_disk_that_fills_are_said(
    house: House, monitor: Monitor, session: Session
) -> None:
    at = {"at_us": NOW_US - 3 * MINUTE_US, "process": 1}
    house.note([at | {"service": "worker", "name": "process.memory_bytes", "value": 1.0}], "metric_log")
    house.note(
        [at | {"service": "site", "name": "disk.used_share", "value": 0.97, "at_us": NOW_US - MINUTE_US}], "metric_log"
    )
    parts = by_name(monitor, session)
    assert parts["Worker"].state is State.BAD and parts["Worker"].words == "Silent for 3 minutes."
    assert parts["Site"].state is State.WELL and parts["Disk"].state is State.BAD
    assert parts["Disk"].words == "97% full."


@pytest.mark.parametrize(
    ("used", "free", "wal", "state"),
    [
        (0.96, 640e9, None, State.WELL),  # five percent of a large disk are plenty
        (0.85, 30e9, None, State.LOOK),
        (0.96, 2e9, None, State.BAD),
        (0.40, 1e8, None, State.BAD),
        (0.40, 90e9, 300e6, State.LOOK),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_disk_is_full_by_what_is_left_and_a_long_write_ahead_log_is_said(
    house: House, monitor: Monitor, session: Session, used: float, free: float, wal: float | None, state: State
) -> None:
    at = {"at_us": NOW_US - MINUTE_US, "service": "site", "process": 1}
    measures = {"disk.used_share": used, "disk.free_bytes": free}
    measures |= {"database.wal_bytes": wal} if wal is not None else {}
    house.note([at | {"name": name, "value": value} for name, value in measures.items()], "metric_log")
    part = by_name(monitor, session)["Disk"]
    assert part.state is state and "free" in part.words and ("write-ahead log" in part.words) == (wal is not None)


def test_a_process_that_was_killed_is_said_with_what_may_be_missing(
    house: House, monitor: Monitor, session: Session
) -> None:
    at = {"at_us": NOW_US - HOUR_US, "service": "worker", "kind": "process", "name": "lost", "value": 12.0}
    house.note([at, at | {"at_us": NOW_US - 2 * HOUR_US}], "event_log")
    part = by_name(monitor, session)["Monitor"]
    assert part.state is State.LOOK
    assert part.words.startswith("The worker ended without stopping at ")
    assert part.words.endswith("the last of 2 times: up to 12 seconds of rows may be missing.")


def test_what_the_monitor_lost_is_counted_by_reason(house: House, monitor: Monitor) -> None:
    lost = {"service": "site", "kind": "lost", "name": "too many at once", "at_us": NOW_US - HOUR_US}
    house.note(
        [lost | {"value": 3.0}, lost | {"value": 4.0}, lost | {"name": "store: busy", "value": 1.0}], "event_log"
    )
    assert health.lost_lately(monitor, now=NOW, zone=GYM) == {"too many at once": 7, "store: busy": 1}


def test_a_window_whose_rows_are_gone_is_read_from_its_histograms(house: House, monitor: Monitor) -> None:
    old_us = NOW_US - 100 * 24 * HOUR_US
    house.note(some(40, at_us=old_us))
    house.archive(now_us=old_us + HOUR_US)
    house.note(some(7))
    house.archive(keep=Keep(fact_days=90))
    window = Window(instant(old_us - HOUR_US), instant(old_us + HOUR_US), GYM)
    assert request_rows.rows(monitor, window).n == 0, "the rows are gone"
    seen = latency.overall(monitor, window)
    assert not latency.is_exact(monitor, window) and seen is not None and seen.n == 40
    assert latency.is_exact(monitor, LAST_HOURS)
