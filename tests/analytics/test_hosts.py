"""Two hosts, one PostgreSQL, one bucket: what one of them archives, all of them read, and nothing goes that cannot be read."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics import latency
from analytics.data_sources import Monitor, monitor_for
from analytics.retention import READERS_MAY_TAKE_US
from analytics.shared_archive_storage import missing_of, shelf_for
from analytics.time_window import Window
from core.platform.clock import instant
from core.platform.settings import Settings
from tests.analytics.house import DAY_US, HOUR_US, NOW_US, House
from tests.analytics.house import requests as some
from tests.analytics.test_latency import ZONE
from tests.support.s3 import KEYS, Server, after, s3_server

LATER_US = NOW_US + READERS_MAY_TAKE_US + 1_000_000
pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with s3_server() as server:
        yield server


class Host:
    """A machine with a data folder of its own."""

    def __init__(self, settings: Settings, data_dir: Path, originals_url: str) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.settings = settings.model_copy(update={"data_dir": data_dir, "originals_url": originals_url})
        self.monitor: Monitor = monitor_for(self.settings)
        self.house = House(self.monitor.store, self.monitor.folder)

    def count(self) -> int:
        window = Window(instant(NOW_US - 2 * DAY_US), instant(NOW_US), ZONE)
        found = latency.overall(self.monitor, window)
        return found.n if found else 0

    def missing(self) -> list[str]:
        return missing_of(self.monitor.store, self.monitor.folder, start_us=0, end_us=NOW_US)


@pytest.fixture
def hosts(settings: Settings, tmp_path: Path, bucket: Server) -> Iterator[tuple[Host, Host]]:
    name = f"gym-{abs(hash(tmp_path))}"
    bucket.make_bucket(name)
    both = [Host(settings, tmp_path / host, bucket.url(name, "originals")) for host in ("a", "b")]
    yield both[0], both[1]
    for host in both:
        host.monitor.store.dispose()


def test_what_one_host_archives_the_other_reads_and_only_then_do_the_rows_go(hosts: tuple[Host, Host]) -> None:
    here, there = hosts
    here.house.note(some(300, at_us=NOW_US - 30 * HOUR_US, every_us=200_000_000))
    here.house.archive()
    assert (here.count(), there.count()) == (300, 300)
    assert there.missing() == []
    there.house.archive(LATER_US)
    assert here.house.hot() == 0, "the other host has opened the files, so the rows may go"
    shutil.rmtree(here.monitor.folder)
    assert (here.count(), there.count()) == (300, 300), "a host that is made anew fetches them"


def test_files_that_cannot_be_read_are_named_and_their_rows_stay(hosts: tuple[Host, Host], bucket: Server) -> None:
    here, there = hosts
    here.house.note(some(300, at_us=NOW_US - HOUR_US, every_us=1_000_000))
    here.house.archive()
    bucket.faults.append(after(0, 503, method="GET"))
    assert there.count() == 0
    assert there.missing() and all(name.endswith(".parquet") for name in there.missing())
    there.house.archive(LATER_US)
    assert there.house.hot() == 300, "nobody deletes rows whose files it has not opened"
    bucket.faults.clear()
    assert there.count() == 300 and there.missing() == []


def test_while_the_storage_takes_nothing_the_rows_stay_hot_and_are_read_there(
    hosts: tuple[Host, Host], bucket: Server
) -> None:
    here, there = hosts
    here.house.note(some(50))
    bucket.faults.append(after(0, 503))
    here.house.archive()
    assert here.house.mark() == 0 and (here.count(), there.count()) == (50, 50)
    bucket.faults.clear()
    here.house.archive()
    assert here.house.mark() == 50 and (here.count(), there.count()) == (50, 50)


def test_a_shared_folder_does_as_well_and_a_folder_of_ones_own_is_none(settings: Settings, tmp_path: Path) -> None:
    shared = (tmp_path / "shared").as_uri()
    here, there = (Host(settings, tmp_path / name, shared) for name in ("a", "b"))
    here.house.note(some(20))
    here.house.archive()
    assert there.count() == 20
    own = settings.model_copy(update={"originals_url": (settings.data_dir / "originals").as_uri()})
    assert shelf_for(own) is None
    for host in (here, there):
        host.monitor.store.dispose()
