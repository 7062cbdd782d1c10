"""The archive loses nothing and doubles nothing, whoever reads, writes or dies meanwhile."""

import os
import signal
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from analytics import manifest
from analytics.archive import archive_now
from analytics.request_store import LogUnreadable, open_log, open_tiles
from analytics.retention import Keep
from core.gym.models import the_gym
from core.platform import clock
from core.platform.clock import microseconds
from core.platform.failpoints import VARIABLE, FailpointReached, armed
from core.platform.services import Services
from core.telemetry.request_context import new_request_id
from core.telemetry.store import archive_folder
from core.telemetry.tables import error_event, error_group, error_hour, error_person
from tests.analytics.house import DAY_US, HOUR_US, MINUTE_US, NOW_US, House, requests

STEPS = (
    "archive_bounds_read",
    "archive_file_written",
    "archive_files_written",
    "archive_entered",
    "archive_committed",
    "merge_written",
    "merge_committed",
    "files_removed",
)
LATER_US = NOW_US + 2 * DAY_US


def test_rows_move_into_a_file_a_day_and_are_seen_all_the_while(house: House) -> None:
    house.note(requests(50, at_us=NOW_US - DAY_US) + requests(30))
    before = house.seen()
    done = house.archive()
    assert done.rows == 80
    assert house.seen() == before
    assert len([name for name in house.files() if name.startswith("request_log/")]) == 2
    assert house.archive().rows == 0


def test_the_tiles_of_a_months_days_that_are_over_are_one_file_and_the_rows_a_file_a_day(house: House) -> None:
    for day in (-3, -2, -1, 0):
        house.note(requests(10, at_us=NOW_US + day * DAY_US))
        house.archive(NOW_US + day * DAY_US + MINUTE_US)
    with house.store.read() as connection:
        live = {stream: manifest.live(connection, stream) for stream in ("request_log", "tile_hour", "tile_day_all")}
    assert {stream: len(files) for stream, files in live.items()} == {
        "request_log": 4,
        "tile_hour": 2,
        "tile_day_all": 2,
    }
    with open_tiles(house.store, house.folder, start_us=NOW_US - 5 * DAY_US, end_us=NOW_US + DAY_US) as log:
        assert log.sql("SELECT sum(n)::INTEGER AS n FROM by_route").to_pylist() == [{"n": 40}]
        assert log.sql("SELECT sum(n)::INTEGER AS n FROM over_time").to_pylist() == [{"n": 40}]


def test_a_request_id_lies_in_the_file_as_what_its_time_does_not_say_and_is_read_whole(house: House) -> None:
    began = new_request_id(NOW_US - 5)
    for name in (began, "of its own", ""):
        house.note(requests(1, at_us=NOW_US - 5, request_id=name))
    house.note(requests(1, at_us=NOW_US - 3, request_id=began))  # a task that this request caused
    before = house.request_ids()
    house.archive()
    (name,) = [name for name in house.files() if name.startswith("request_log/")]
    kept = pq.read_table(house.folder / name, partitioning=None)["request_id"].to_pylist()
    assert kept == ["~" + began[13:], "of its own", "", began]
    assert house.request_ids() == before == [began, "of its own", "", began]


@pytest.mark.parametrize("text", ["a\rb", 'say "so", twice', "a\r\nb", "", "é…"])
def test_a_text_of_any_kind_is_the_same_when_it_is_hot_and_when_it_lies_in_a_file(house: House, text: str) -> None:
    house.note(requests(1, request_id=text))
    assert house.request_ids() == [text]
    house.archive()
    assert house.request_ids() == [text]


def test_hot_rows_go_ten_minutes_after_they_lie_in_files(house: House) -> None:
    house.note(requests(20))
    before = house.seen()
    house.archive()
    house.archive(NOW_US + 9 * MINUTE_US)
    assert house.hot() == 20
    assert house.archive(NOW_US + 11 * MINUTE_US).deleted == 20
    assert house.hot() == 0
    assert house.seen() == before


def test_a_flush_that_comes_after_its_hour_was_archived_is_not_lost(house: House) -> None:
    house.note(requests(10))
    house.archive()
    house.note(requests(5, at_us=NOW_US - 20 * HOUR_US))
    house.archive(NOW_US + HOUR_US)
    assert len(house.seen()) == 15


def test_the_small_files_of_a_day_that_is_over_become_one(house: House) -> None:
    for hour in range(4):
        house.note(requests(10, at_us=NOW_US + hour * HOUR_US))
        house.archive(NOW_US + hour * HOUR_US + MINUTE_US)
    before = house.seen()
    assert house.archive(LATER_US).merged == 4 * 6  # the rows, and five kinds of tile
    assert house.seen() == before
    assert len([name for name in house.files() if name.startswith("request_log/")]) == 5  # readers may still use four
    house.archive(LATER_US + 11 * MINUTE_US)
    assert len([name for name in house.files() if name.startswith("request_log/")]) == 1
    assert house.seen() == before


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_nothing_is_lost_and_nothing_is_twice(house: House, step: str) -> None:
    """The first pass leaves files to merge and to remove, so that the second comes by every step."""
    house.note(requests(40, at_us=NOW_US - DAY_US) + requests(40))
    house.archive(NOW_US)
    house.note(requests(40, at_us=NOW_US - DAY_US))
    before = house.seen()
    assert len(before) == 120
    _killed_at(house, step, now_us=LATER_US)
    assert house.seen() == before
    house.archive(LATER_US + MINUTE_US)
    assert house.seen() == before
    house.archive(LATER_US + 30 * MINUTE_US)
    assert house.seen() == before
    assert house.hot() == 0


def _killed_at(house: House, step: str, *, now_us: int) -> None:
    program = (
        "from pathlib import Path; from analytics.archive import archive; from core.telemetry.store import Store; "
        f"archive(Store({house.store.url.render_as_string(hide_password=False)!r}), Path({str(house.folder)!r}), "
        f"now_us={now_us})"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, VARIABLE: f"{step}=kill"}, check=False, timeout=240
    )
    assert killed.returncode == -signal.SIGKILL


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_a_killed_pass_left_behind_is_removed(house: House) -> None:
    house.note(requests(10))
    with armed(archive_files_written="raise"), pytest.raises(FailpointReached):
        house.archive()
    left = house.files()
    assert left
    for name in left:
        os.utime(house.folder / name, (NOW_US / 1e6, NOW_US / 1e6))
    house.archive(NOW_US + 2 * HOUR_US)
    assert not left & house.files()
    assert len(house.seen()) == 10


def test_two_at_once_archive_everything_once(house: House) -> None:
    house.note(requests(300))
    before = house.seen()
    passes = [threading.Thread(target=house.archive) for _ in range(3)]
    for each in passes:
        each.start()
    for each in passes:
        each.join(60)
    assert house.seen() == before
    with house.store.read() as connection:
        assert sum(file.rows for file in manifest.live(connection, "request_log")) == 300


def test_at_any_moment_readers_count_what_was_written(house: House) -> None:
    """A writer, an archive and a reader at once: the reader never sees less than was there before it looked."""
    written, stop = [0], threading.Event()

    def write() -> None:
        while not stop.is_set() and written[0] < 10_000:
            house.note(requests(25))
            written[0] += 25

    def keep_archiving() -> None:
        while not stop.is_set():
            house.archive()

    workers = [threading.Thread(target=write), threading.Thread(target=keep_archiving)]
    for worker in workers:
        worker.start()
    try:
        for look in range(60):
            if look >= 12 and house.mark() > 0:
                break
            at_least = written[0]
            ids = [row[0] for row in house.seen()]
            assert len(ids) == len(set(ids)) >= at_least
    finally:
        stop.set()
        for worker in workers:
            worker.join(60)
    assert len(house.seen()) == written[0]
    assert house.mark() > 0


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_an_id_that_is_not_committed_yet_is_waited_for(house: House) -> None:
    """PostgreSQL gives ids out before they are committed. Passed over, such a row would never be archived."""
    house.store.prepare()
    slow = house.store.write()
    connection = slow.__enter__()
    connection.execute(text("INSERT INTO request_log (at_us) VALUES (1)"))
    archiving = threading.Thread(target=house.archive)
    archiving.start()
    archiving.join(0.5)
    assert archiving.is_alive()
    slow.__exit__(None, None, None)
    archiving.join(60)
    assert house.mark() == 1


def test_files_that_are_too_old_go_and_days_of_tiles_stay(house: House) -> None:
    house.note(requests(10, at_us=NOW_US - 100 * DAY_US) + requests(10))
    house.archive()
    house.archive(NOW_US + HOUR_US)
    assert len(house.seen()) == 10
    with house.store.read() as connection:
        assert {file.day for file in manifest.live(connection, "tile_hour")} == {20_683, 20_783}
    much_later = NOW_US + 400 * DAY_US
    house.archive(much_later)
    with house.store.read() as connection:
        assert not manifest.live(connection, "tile_hour")
        assert {file.day for file in manifest.live(connection, "tile_day")} == {20_683, 20_783}


def test_above_its_budget_the_oldest_facts_go_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.note(requests(2_000, at_us=NOW_US - 3 * DAY_US) + requests(2_000))
    house.archive()
    with house.store.read() as connection:
        weight = sum(file.size_bytes for file in manifest.live(connection))
    house.archive(NOW_US + 11 * MINUTE_US)  # the hot rows have gone
    hot = house.store.size_bytes()
    monkeypatch.setattr(house.store, "size_bytes", lambda: hot)  # PostgreSQL tidies up when it likes, and grows by that
    weight += hot
    house.archive(NOW_US + 12 * MINUTE_US, Keep(budget_bytes=weight - 1))
    with house.store.read() as connection:
        assert [file.day for file in manifest.live(connection, "request_log")] == [20_783]
        assert len(manifest.live(connection, "tile_hour")) == 2


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_of_an_older_schema_is_read_with_its_missing_columns_empty(house: House) -> None:
    house.note(requests(3, request_id="known"))
    house.archive()
    (name,) = (name for name in house.files() if name.startswith("request_log/"))
    table = pq.read_table(house.folder / name, partitioning=None).drop_columns(["request_id", "weight"])
    pq.write_table(table, house.folder / name)
    house.note(requests(2))
    assert len(house.seen()) == 5


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_read_is_named(house: House) -> None:
    house.note(requests(3))
    house.archive()
    (name,) = (name for name in house.files() if name.startswith("request_log/"))
    Path(house.folder / name).write_bytes(b"not a picture of anything")
    with pytest.raises(LogUnreadable, match=Path(name).name):
        house.seen()


def test_the_stories_of_errors_go_before_their_counts(house: House) -> None:
    """After ninety days a group has its counts alone; thirteen months after its last error it is gone."""
    old_us = NOW_US - 100 * DAY_US
    with house.store.write() as connection:
        for number, seen_us in ((1, old_us), (2, NOW_US), (3, NOW_US - 500 * DAY_US)):
            connection.execute(error_group.insert().values(id=number, fingerprint=str(number), last_seen_us=seen_us))
            connection.execute(error_event.insert().values(event_id=str(number), group_id=number, at_us=seen_us))
            connection.execute(error_hour.insert().values(group_id=number, hour_us=seen_us, count=5))
            connection.execute(error_person.insert().values(group_id=number, who="someone"))
    house.archive()
    with house.store.read() as connection:
        assert sorted(connection.scalars(select(error_group.c.id))) == [1, 2]
        assert sorted(connection.scalars(select(error_event.c.group_id))) == [2]
        assert sorted(connection.scalars(select(error_hour.c.group_id))) == [1, 2]
        assert sorted(connection.scalars(select(error_person.c.group_id))) == [1, 2]


def test_the_gyms_rules_say_how_long_requests_are_kept(house: House, services: Services) -> None:
    def keep_a_week(session: Session, *, now: datetime) -> None:
        the_gym(session).monitoring_days = 7

    services.database.transact(lambda tx: keep_a_week(tx.session, now=tx.now))
    now_us = microseconds(clock.now())
    house.note(requests(5, at_us=now_us - 20 * DAY_US) + requests(5, at_us=now_us - HOUR_US))
    archive_now(services)
    archive_now(services)
    folder = archive_folder(services.settings)
    with open_log(house.store, folder, start_us=0, end_us=now_us) as log:
        hot_and_cold = log.sql("SELECT count(*) AS n FROM request_log").to_pylist()
    assert hot_and_cold == [{"n": 5}]
