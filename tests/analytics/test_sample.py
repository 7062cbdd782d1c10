"""The made-up traffic looks like a gym's, has its bad hour, and is the same every time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from analytics import bookings, latency, sample_traffic
from analytics.data_sources import Monitor
from analytics.latency import Scope
from analytics.request_store import open_log
from analytics.time_window import Window
from core.http.edge_middleware import labels_of
from core.telemetry.request_context import UNMATCHED
from core.telemetry.store import Store
from public_site.routes import ROUTES

NOW = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")
SMALL = sample_traffic.Traffic(days=60, rows_a_day=1_500, fact_days=30, at_a_time=20)


@pytest.fixture(scope="module")
def monitor(tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    folder = tmp_path_factory.mktemp("sample")
    monitor = Monitor(Store(f"sqlite:///{folder}/telemetry.db"), folder / "monitoring")
    assert 50_000 < sample_traffic.make(monitor, SMALL, now=NOW) < 90_000
    return monitor


def test_rows_are_kept_of_the_newest_days_and_tiles_of_all(monitor: Monitor) -> None:
    whole = latency.overall(monitor, Window(NOW - timedelta(days=60), NOW, ZONE))
    newest = latency.overall(monitor, Window(NOW - timedelta(days=29), NOW, ZONE))
    assert whole is not None and newest is not None
    assert whole.n > 1.5 * newest.n
    assert latency.is_exact(monitor, Window(NOW - timedelta(days=29), NOW, ZONE))


def test_the_bad_hour_stands_out(monitor: Monitor) -> None:
    began = sample_traffic.bad_hour(NOW)
    bad = latency.overall(monitor, Window(began, began + timedelta(minutes=45), ZONE))
    before = latency.overall(monitor, Window(began - timedelta(days=1), began, ZONE))
    assert bad is not None and before is not None
    assert bad.p95_ms > 5 * before.p95_ms
    assert bad.error_rate > 0.03 > before.error_rate


def test_its_routes_are_the_sites_own_and_so_are_those_that_the_funnel_counts(monitor: Monitor) -> None:
    known = set(labels_of(ROUTES).values())
    day = Window(NOW - timedelta(days=1), NOW, ZONE)
    made_up = {route.route for route in latency.by_route(monitor, day)}
    assert made_up - known == {UNMATCHED}
    assert {bookings.WEEK, bookings.FORM} <= known & made_up


def test_tasks_and_console_pages_are_there_too(monitor: Monitor) -> None:
    day = Window(NOW - timedelta(days=1), NOW, ZONE)
    assert {route.route for route in latency.by_route(monitor, day, Scope(kind="task"))} == {"sweep", "deliver_mail"}
    assert latency.by_route(monitor, day, Scope(kind="script"))


def test_statements_mails_and_the_machine_are_of_the_same_traffic(monitor: Monitor) -> None:
    start, end = (NOW - timedelta(days=29)).timestamp() * 1e6, NOW.timestamp() * 1e6
    tables = ["request_log", "statement_log", "event_log", "metric_log"]
    with open_log(monitor.store, monitor.folder, start_us=int(start), end_us=int(end), tables=tables) as log:
        found = log.sql(
            "SELECT count(*) AS n, count(*) FILTER (request_id IN (SELECT request_id FROM request_log)) AS linked "
            "FROM statement_log"
        ).to_pylist()[0]
        kinds = {row["kind"] for row in log.sql("SELECT DISTINCT kind FROM event_log").to_pylist()}
        metrics = log.sql("SELECT count(*) AS n FROM metric_log").to_pylist()[0]["n"]
    assert 0 < found["linked"] == found["n"]
    assert {"mail", "business", "vital", "cache", "deploy"} <= kinds
    assert metrics > 28 * 96 * 7


def test_the_same_seed_gives_the_same_rows(tmp_path: Path) -> None:
    tiny = sample_traffic.Traffic(days=3, rows_a_day=200, fact_days=3, others=False)
    found = []
    for name in ("one", "two"):
        monitor = Monitor(Store(f"sqlite:///{tmp_path}/{name}.db"), tmp_path / name)
        sample_traffic.make(monitor, tiny, now=NOW)
        found.append(latency.by_route(monitor, Window(NOW - timedelta(days=3), NOW, ZONE)))
    assert found[0] == found[1] != []
