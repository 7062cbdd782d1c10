"""Questions from the catalogue: each is answered, split, narrowed, and the same from rows and from tiles."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics import explorer
from analytics.data_sources import Monitor
from analytics.explorer import CATALOGUE, WHOLE, Question
from analytics.time_window import Window
from core.platform.clock import instant
from tests.analytics.house import HOUR_US, NOW_US, House
from tests.analytics.house import requests as some

GYM = ZoneInfo("America/Los_Angeles")
NOW = instant(NOW_US)
SHORT, LONG = Window(NOW - timedelta(hours=3), NOW, GYM), Window(NOW - timedelta(days=60), NOW, GYM)


@pytest.fixture
def monitor(house: House) -> Monitor:
    return Monitor(house.store, house.folder)


def whole(monitor: Monitor, window: Window, *question: object) -> dict[str, float]:
    found = explorer.whole(monitor, window, Question(*question))  # type: ignore[arg-type]
    return {row["series"]: row["value"] for row in found.to_pylist()}


@pytest.mark.parametrize("measure", list(CATALOGUE))
@pytest.mark.parametrize("window", [SHORT, LONG], ids=["rows", "tiles"])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_every_measure_is_answered_by_every_split(house: House, monitor: Monitor, measure: str, window: Window) -> None:
    note_everything(house)
    house.archive()
    for split in ("", *CATALOGUE[measure].splits):
        found = explorer.over_time(monitor, window, Question(measure, split))
        assert found.column_names == ["step_us", "series", "n", "value"]
        assert found.num_rows >= 1, f"{measure} by {split}"
        if split:
            (first, *_) = explorer.choices(monitor, window, measure, split)
            only = explorer.whole(monitor, window, Question(measure, split, (split, first))).to_pylist()
            assert [row["series"] for row in only] == [first]


def note_everything(house: House) -> None:
    for kind in ("http", "script", "task"):
        house.note(some(30, kind=kind))
    at = {"at_us": NOW_US - HOUR_US, "service": "site"}
    for kind in ("slow", "repeated"):
        house.note([at | {"kind": kind, "shape": "SELECT 1", "place": "here", "route": "/"}], "statement_log")
    for kind in ("mail", "business", "vital", "lost"):
        house.note([at | {"kind": kind, "name": "it", "value": 2.0, "route": "/"}], "event_log")
    house.note([at | {"kind": "process", "name": "lost", "value": 9.0}], "event_log")
    for name in (
        "process.memory_bytes", "process.cpu_share", "disk.used_share", "outbox.oldest_due_s", "queue.oldest_s",
        "database.wal_bytes",
    ):  # fmt: skip
        house.note([at | {"process": 1, "name": name, "value": 0.5}], "metric_log")


@pytest.mark.parametrize("window", [SHORT, LONG], ids=["rows", "tiles"])
def test_the_five_largest_parts_are_named_and_the_rest_is_one(house: House, monitor: Monitor, window: Window) -> None:
    for number in range(8):
        house.note(some(40 - number, route=f"/{number}", status=500 if number == 7 else 200))
    house.archive()
    assert whole(monitor, window, "requests", "route") == {
        "/0": 40,
        "/1": 39,
        "/2": 38,
        "/3": 37,
        "/4": 36,
        "other": 35 + 34 + 33,
    }
    assert whole(monitor, window, "failed_share", "route")["other"] == pytest.approx(100 * 33 / 102)
    assert whole(monitor, window, "requests") == {WHOLE: 292}
    assert whole(monitor, window, "requests", "service", ("route", "/3")) == {"site": 37}


@pytest.mark.parametrize("window", [SHORT, LONG], ids=["rows", "tiles"])
def test_percentiles_of_other_are_of_all_that_is_in_it(house: House, monitor: Monitor, window: Window) -> None:
    for number in range(5):
        house.note(some(200, route=f"/{number}"))
    for number in range(5, 9):
        house.note([row | {"duration_us": 1_000_000 * number} for row in some(10, route=f"/{number}")])
    house.archive()
    found = whole(monitor, window, "p95", "route")
    assert found["other"] == pytest.approx(8_000, rel=0.0101) and found["/0"] == pytest.approx(1.189, rel=0.0101)


def test_what_a_person_types_is_a_value_and_never_sql(house: House, monitor: Monitor) -> None:
    house.note(some(3))
    assert whole(monitor, SHORT, "requests", "", ("route", "/' OR 1=1 --")) == {}
    with pytest.raises(KeyError):
        whole(monitor, SHORT, "1; DROP TABLE request_log")
    with pytest.raises(KeyError):
        whole(monitor, SHORT, "requests", "(SELECT 1)")
