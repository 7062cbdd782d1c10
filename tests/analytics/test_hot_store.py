"""The hot store keeps within the budget, and gives back what was deleted."""

import sqlite3
from typing import Any

import pytest

from analytics.retention import READERS_MAY_TAKE_US, Keep, too_old_or_too_much
from core.platform.settings import Settings
from core.telemetry.store import PATIENT_MS, store_for
from tests.analytics.house import DAY_US, HOUR_US, NOW_US, House
from tests.analytics.house import requests as some

ROWS = 40_000


def filled(house: House) -> None:
    house.note(some(ROWS, at_us=NOW_US - 20 * HOUR_US, request_id="0656a3f1c2d9e4b7" * 2))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_file_shrinks_when_its_rows_lie_in_the_archive(house: House) -> None:
    filled(house)
    before = house.store.size_bytes()
    house.archive()
    house.archive(NOW_US + READERS_MAY_TAKE_US + 1_000_000)
    assert house.hot() == 0 and len(house.seen()) == ROWS
    assert house.store.size_bytes() < before / 4
    house.note(some(1))
    assert len(house.seen()) == ROWS + 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_from_before_is_rebuilt_once_and_shrinks_from_then_on(settings: Settings, house: House) -> None:
    path = settings.data_dir / "telemetry.db"
    with sqlite3.connect(path) as old:
        old.execute("PRAGMA auto_vacuum = NONE")
        old.execute("CREATE TABLE before (x)")
    filled(house)
    assert pragma(house, "auto_vacuum") == 0
    before = house.store.size_bytes()
    house.archive()
    house.archive(NOW_US + READERS_MAY_TAKE_US + 1_000_000)
    assert pragma(house, "auto_vacuum") == 2 and house.store.size_bytes() < before / 4


def pragma(house: House, name: str) -> Any:
    with house.store.read() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_the_hot_store_counts_in_the_budget(house: House) -> None:
    for day in (3, 2, 1):
        house.note(some(500, at_us=NOW_US - day * DAY_US))
        house.archive(NOW_US - (day - 1) * DAY_US)
    with house.store.read() as connection:
        from analytics import manifest

        files = manifest.live(connection)
    cold = sum(file.size_bytes for file in files)
    keep = Keep(budget_bytes=cold + 1_000)
    assert too_old_or_too_much(files, keep, now_us=NOW_US) == []
    assert too_old_or_too_much(files, keep, now_us=NOW_US, hot_bytes=2_000) != []
    assert house.store.size_bytes() > 0


def test_a_second_pass_finds_nothing_to_shrink(settings: Settings) -> None:
    store = store_for(settings, busy_ms=PATIENT_MS)
    store.shrink()
    store.shrink()
    store.dispose()
