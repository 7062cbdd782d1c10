"""Percentiles are right: exact from rows, within 1 % from tiles, whoever wrote them and wherever they lie."""

import math
import subprocess
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics import latency
from analytics.data_sources import Monitor
from analytics.latency import Scope
from analytics.time_window import Window
from core.platform.clock import instant
from tests.analytics.house import DAY_US, HOUR_US, MINUTE_US, NOW_US, House, durations, requests

ZONE = ZoneInfo("America/Los_Angeles")
SHAPES = ("constant", "bimodal", "heavy", "tiny")
WITHIN = 0.01


def window(days: float, *, end_us: int = NOW_US) -> Window:
    return Window(instant(end_us) - timedelta(days=days), instant(end_us), ZONE)


def nearest_rank(values: list[int], share: float) -> int:
    return sorted(values)[math.ceil(share * len(values)) - 1]


def note_shape(house: House, shape: str, count: int = 3_000) -> list[int]:
    """Rows of this shape over three days, a third of them hot, the rest in files."""
    drawn = durations(shape, count)
    rows = [
        row | {"duration_us": duration}
        for row, duration in zip(requests(count, at_us=NOW_US - 3 * DAY_US, every_us=80_000_000), drawn, strict=True)
    ]
    assert rows[-1]["at_us"] < NOW_US
    house.note(rows[: count // 3])
    house.archive()
    house.note(rows[count // 3 : 2 * count // 3])
    house.archive()
    house.note(rows[2 * count // 3 :])
    return drawn


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_give_exact_percentiles(house: House, shape: str) -> None:
    drawn = note_shape(house, shape)
    (route,) = latency.by_route(Monitor(house.store, house.folder), window(7))
    exact = [nearest_rank(drawn, share) / 1000 for share in (0.5, 0.95, 0.99)]
    assert [route.p50_ms, route.p95_ms, route.p99_ms] == exact
    assert (route.n, route.max_ms) == (len(drawn), max(drawn) / 1000)


@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_give_them_within_one_percent(house: House, shape: str) -> None:
    drawn = note_shape(house, shape)
    monitor = Monitor(house.store, house.folder)
    assert not latency.is_exact(monitor, window(60))
    (by_route,) = latency.by_route(monitor, window(60))
    overall = latency.overall(monitor, window(60))
    assert overall is not None
    for found in (by_route, overall):
        assert found.n == len(drawn)
        for share, got_ms in ((0.5, found.p50_ms), (0.95, found.p95_ms), (0.99, found.p99_ms)):
            exact_us = max(1, nearest_rank(drawn, share))
            assert abs(got_ms * 1000 - exact_us) <= WITHIN * exact_us + 1e-6, (share, got_ms * 1000, exact_us)


WRITER = """
import sys
from core.telemetry.store import Store
from core.telemetry.tables import request_log
from tests.analytics.house import NOW_US, durations, requests
url, number = sys.argv[1], int(sys.argv[2])
store = Store(url, busy_ms=10_000)
drawn = durations("heavy", 400, seed=number)
rows = [row | {"duration_us": took} for row, took in zip(requests(400, at_us=NOW_US - 2_000_000_000), drawn)]
for at in range(0, 400, 50):
    with store.write() as connection:
        connection.execute(request_log.insert(), rows[at:at + 50])
"""


def test_eight_processes_write_one_exact_log(house: House) -> None:
    house.store.prepare()
    url = house.store.url.render_as_string(hide_password=False)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, str(number)]) for number in range(8)]
    house.archive()
    assert [writer.wait(240) for writer in writers] == [0] * 8
    house.archive()
    drawn = [took for number in range(8) for took in durations("heavy", 400, seed=number)]
    monitor = Monitor(house.store, house.folder)
    (exact,) = latency.by_route(monitor, window(1))
    assert (exact.n, exact.p99_ms) == (3_200, nearest_rank(drawn, 0.99) / 1000)
    (tiled,) = latency.by_route(monitor, window(60))
    assert tiled.n == 3_200
    assert abs(tiled.p99_ms / exact.p99_ms - 1) <= WITHIN


def test_whole_days_and_the_hours_around_them_are_counted_once(house: House) -> None:
    """Of a window of forty days and some hours: hours, then days, then hours, then what is hot."""
    rows = requests(40 * 24, at_us=NOW_US - 40 * DAY_US, every_us=HOUR_US)
    house.note(rows)
    house.archive()
    house.note(requests(7, at_us=NOW_US - 10 * MINUTE_US))
    monitor = Monitor(house.store, house.folder)
    (found,) = latency.by_route(monitor, window(40 + 5 / 24))
    assert found.n == len(rows) + 7
    (some,) = latency.by_route(monitor, window(35))
    assert some.n == 35 * 24 + 7


def test_errors_are_counted_apart_and_kinds_are_not_mixed(house: House) -> None:
    house.note(
        [
            *requests(8),
            *requests(2, status=500, outcome="error"),
            *requests(1, status=404),
            *requests(5, kind="task", route="sweep"),
        ]
    )
    monitor = Monitor(house.store, house.folder)
    (route,) = latency.by_route(monitor, window(1))
    assert (route.n, route.errors, route.error_rate) == (11, 2, 2 / 11)
    assert route.is_thin
    (task,) = latency.by_route(monitor, window(1), Scope(kind="task"))
    assert (task.route, task.n) == ("sweep", 5)
    assert latency.overall(monitor, window(1), Scope(service="console")) is None
    assert latency.by_route(monitor, window(1, end_us=NOW_US - 3 * DAY_US)) == []


@pytest.mark.parametrize("days", [1, 60])
def test_over_time_the_steps_add_up_to_the_whole(house: House, days: int) -> None:
    note_shape(house, "bimodal")
    monitor = Monitor(house.store, house.folder)
    whole = latency.overall(monitor, window(days))
    series = latency.over_time(monitor, window(days)).to_pylist()
    assert whole is not None
    assert sum(step["n"] for step in series) == whole.n
    assert [step["step_us"] for step in series] == sorted({step["step_us"] for step in series})
    assert 1 < len(series) <= 120


@pytest.mark.one_database
@pytest.mark.parametrize(("change_on", "hours"), [("2026-11-01", 25), ("2026-03-08", 23)])
def test_the_days_of_a_year_are_the_gyms_own(house: House, change_on: str, hours: int) -> None:
    """A request an hour; on the day that the clock changes there are more, or fewer, of them."""
    middle = datetime.fromisoformat(f"{change_on}T12:00").replace(tzinfo=ZONE)
    around = Window(middle - timedelta(days=16), middle + timedelta(days=16), ZONE)
    first = around.start_us // HOUR_US * HOUR_US
    house.note(requests(32 * 24, at_us=first, every_us=HOUR_US))
    house.archive(around.end_us)
    series = latency.over_time(Monitor(house.store, house.folder), around).to_pylist()
    counted = {instant(step["step_us"]).astimezone(ZONE).date().isoformat(): step["n"] for step in series}
    assert counted.pop(change_on) == hours
    inner = list(counted.values())[1:-1]
    assert set(inner) == {24}
