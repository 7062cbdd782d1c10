"""Up to 31 days every number is counted from the rows themselves, whatever has been archived and merged since."""

import math
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from analytics import database_load, explorer, jobs, latency, overview
from analytics import request_rows as one_by_one
from analytics.data_sources import Monitor
from analytics.explorer import Question
from analytics.latency import FAMILIES, REQUESTS, Scope
from analytics.retention import Keep
from analytics.time_window import EXACT_UPTO, RANGES, Window, last
from core.platform.clock import instant, microseconds
from tests.analytics.house import DAY_US, HOUR_US, MINUTE_US, House

GYM = ZoneInfo("America/Los_Angeles")
NOW = datetime(
    2026, 11, 3, 17, 7, 20, tzinfo=GYM
)  # evening at the gym, the next day in UTC; the clock went back on Sunday
NOW_US = microseconds(NOW)
DAYS = 6
ROUTES = (("site", "http", "/", "family"), ("site", "http", "/readyz", "probe"), ("worker", "task", "sweep", "worker"))
Row = dict[str, Any]


def made_rows(seed: int = 3) -> list[Row]:
    """Six days of three routes at uneven times; one in nine fails."""
    chance, rows, at_us = random.Random(seed), [], NOW_US - DAYS * DAY_US
    while at_us < NOW_US:
        service, kind, route, category = chance.choice(ROUTES)
        failed = chance.random() < 1 / 9
        rows.append(
            {
                "at_us": at_us, "service": service, "kind": kind, "method": "GET", "route": route, "category": category,
                "status": 500 if failed and kind == "http" else 200, "outcome": "error" if failed else "ok",
                "duration_us": chance.randint(500, 90_000), "db_us": chance.randint(0, 400), "db_count": 3,
                "request_id": f"{at_us:013x}abc",
            }
        )  # fmt: skip
        at_us += chance.randint(1, 6 * MINUTE_US)
    return rows


@pytest.fixture
def rows(house: House) -> list[Row]:
    """They come as they happen; the archive runs every eight hours and merges what is over."""
    made, waiting = made_rows(), 0
    for now_us in range(NOW_US - DAYS * DAY_US + 8 * HOUR_US, NOW_US, 8 * HOUR_US):
        upto = bisect_right([row["at_us"] for row in made], now_us)
        house.note(made[waiting:upto])
        house.archive(now_us)
        waiting = upto
    house.note(made[waiting:])
    return made


@pytest.fixture
def monitor(house: House) -> Monitor:
    return Monitor(house.store, house.folder)


def ranges() -> dict[str, Window]:
    """Every named range up to a month, and some of yesterday and of the day with 25 hours."""
    found = {name: last(name, now=NOW, zone=GYM) for name, length in RANGES.items() if length <= EXACT_UPTO}
    noon = datetime(2026, 11, 2, 12, 3, tzinfo=GYM)
    found |= {
        "ten minutes of yesterday": Window(noon, noon + timedelta(minutes=10), GYM),
        "an hour of yesterday": Window(noon, noon + timedelta(hours=1), GYM),
        "yesterday": Window(datetime(2026, 11, 2, tzinfo=GYM), datetime(2026, 11, 3, tzinfo=GYM), GYM),
        "the day of 25 hours": Window(datetime(2026, 11, 1, tzinfo=GYM), datetime(2026, 11, 2, tzinfo=GYM), GYM),
        "a week around it": Window(datetime(2026, 10, 29, tzinfo=GYM), datetime(2026, 11, 3, 1, 30, tzinfo=GYM), GYM),
    }
    return found


def within(rows: list[Row], window: Window, kind: str = "http", category: str = "") -> list[Row]:
    return [
        row
        for row in rows
        if window.start_us <= row["at_us"] < window.end_us
        and row["kind"] == kind
        and category in ("", row.get("category", ""))
    ]


def failed(rows: list[Row]) -> int:
    return sum(row["outcome"] == "error" for row in rows)


def p95_ms(rows: list[Row]) -> float:
    values: list[int] = sorted(row["duration_us"] for row in rows)
    return values[math.ceil(0.95 * len(values)) - 1] / 1000


def by_steps(rows: list[Row], window: Window) -> Counter[int]:
    starts = [microseconds(step) for step in window.steps()]
    return Counter(starts[bisect_right(starts, row["at_us"]) - 1] for row in rows)


def check_latency(monitor: Monitor, window: Window, rows: list[Row]) -> None:
    for scope, counted in ((REQUESTS, within(rows, window)), (FAMILIES, within(rows, window, category="family"))):
        found = latency.overall(monitor, window, scope)
        steps = latency.over_time(monitor, window, scope).to_pylist()
        totals = overview.totals(monitor, window, scope)
        assert {row["step_us"]: row["n"] for row in steps} == by_steps(counted, window)
        assert sum(row["errors"] for row in steps) == failed(counted) == totals.errors
        assert totals.n == len(counted) and totals.sum_us == sum(row["duration_us"] for row in counted)
        if counted:
            assert found is not None
            assert (found.n, found.errors, found.p95_ms) == (len(counted), failed(counted), p95_ms(counted))
    by_route = {row.route: row.n for row in latency.by_route(monitor, window)}
    assert by_route == Counter(row["route"] for row in within(rows, window))


def check_rows(monitor: Monitor, window: Window, rows: list[Row]) -> None:
    assert one_by_one.rows(monitor, window).n == len(within(rows, window))


def check_database(monitor: Monitor, window: Window, rows: list[Row]) -> None:
    steps = overview.database_over_time(monitor, window).to_pylist()
    assert {row["step_us"]: row["n"] for row in steps} == by_steps(within(rows, window), window)
    counted = within(rows, window) + within(rows, window, "task")
    found = {row["route"]: (row["n"], row["db_ms"]) for row in database_load.by_route(monitor, window).to_pylist()}
    for route, n in Counter(row["route"] for row in counted).items():
        spent_ms = sum(row["db_us"] for row in counted if row["route"] == route) / 1000
        assert found[route] == (n, pytest.approx(spent_ms))


def check_jobs(monitor: Monitor, window: Window, rows: list[Row]) -> None:
    tasks = within(rows, window, "task")
    found = jobs.by_task(monitor, window).to_pylist()
    assert [(row["n"], row["failed"]) for row in found] == ([(len(tasks), failed(tasks))] if tasks else [])


def check_explorer(monitor: Monitor, window: Window, rows: list[Row]) -> None:
    counted = within(rows, window)
    steps = explorer.over_time(monitor, window, Question("requests")).to_pylist()
    assert {row["step_us"]: row["n"] for row in steps} == by_steps(counted, window)
    if counted:
        (share,) = explorer.whole(monitor, window, Question("failed_share")).to_pylist()
        assert share["value"] == pytest.approx(100 * failed(counted) / len(counted))


CHECKS = (check_latency, check_rows, check_database, check_jobs, check_explorer)


def test_every_question_counts_the_rows_of_every_range(house: House, monitor: Monitor, rows: list[Row]) -> None:
    for name, window in ranges().items():
        assert latency.is_exact(monitor, window), name
        assert latency.readable(monitor, window) == window
        for check in CHECKS:
            _named(check, name)(monitor, window, rows)


def _named(check: Callable[..., None], name: str) -> Callable[..., None]:
    def run(*about: Any) -> None:
        try:
            check(*about)
        except AssertionError as error:
            raise AssertionError(f"{check.__name__} of {name}: {error}") from error

    return run


def test_where_rows_are_gone_the_window_is_whole_hours_and_says_so(
    house: House, monitor: Monitor, rows: list[Row]
) -> None:
    house.archive(NOW_US, Keep(fact_days=2))
    recent = last("24h", now=NOW, zone=GYM)
    assert latency.is_exact(monitor, recent)
    check_latency(monitor, recent, rows)
    older = Window(recent.start - timedelta(days=3, minutes=7), recent.end - timedelta(days=3), GYM)
    assert not latency.is_exact(monitor, older)
    wide = latency.readable(monitor, older)
    assert wide.by_hours and wide.start_us % HOUR_US == wide.end_us % HOUR_US == 0
    assert wide.start <= older.start and older.end <= wide.end
    steps = latency.over_time(monitor, wide).to_pylist()
    assert {row["step_us"]: row["n"] for row in steps} == by_steps(within(rows, wide), wide)
    assert overview.totals(monitor, wide, Scope(category="family")).n == len(within(rows, wide, category="family"))
    assert {wide.step_us} == {HOUR_US}


def test_files_from_before_categories_were_recorded_are_told_apart_by_their_route(
    house: House, monitor: Monitor
) -> None:
    old = [{name: value for name, value in row.items() if name != "category"} for row in made_rows()]
    house.note(old)
    house.archive(NOW_US)
    for path in [*house.folder.glob("request_log/*.parquet"), *house.folder.glob("tile_*/*.parquet")]:
        partial = path.with_suffix(".older")
        duckdb.execute(f"COPY (SELECT * EXCLUDE (category) FROM '{path}') TO '{partial}' (FORMAT parquet)")
        partial.rename(path)
    house.archive(NOW_US + DAY_US)  # what is merged then is made of such files alone
    window = last("24h", now=NOW, zone=GYM)
    found = latency.overall(monitor, window, FAMILIES)
    assert found is not None and found.route == ""
    assert found.n == len([row for row in within(old, window) if row["route"] == "/"])
    long_ago = last("90d", now=NOW, zone=GYM)
    (of_families,) = latency.by_route(monitor, long_ago, FAMILIES)
    assert of_families.n == len([row for row in within(old, long_ago) if row["route"] == "/"])
    assert instant(NOW_US) == NOW
