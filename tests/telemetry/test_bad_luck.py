"""The store locked, full, read-only, deleted, newer; floods, forks, clocks, the end: the gym goes on, and loss is counted."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
import time_machine
from sqlalchemy import event, text

from core.bookings.models import Status
from core.platform.settings import Settings
from core.telemetry import recorder as recording_module
from core.telemetry import recording
from core.telemetry.log_handler import ErrorHandler
from core.telemetry.log_rows import EventRow, MetricRow
from core.telemetry.recorder import Recorder
from core.telemetry.store import Store
from core.telemetry.tables import VERSION
from tests.public_site.conftest import Gym, furnish, gym
from tests.telemetry.conftest import Kept, good_row, run_program

__all__ = ["furnish", "gym"]

Break = Callable[[Recorder, Path], Iterator[None]]
log = structlog.get_logger("core.test")


def locked(recorder: Recorder, file: Path) -> Iterator[None]:
    with sqlite3.connect(file, isolation_level=None) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield
        holder.execute("ROLLBACK")
    holder.close()


def full(recorder: Recorder, file: Path) -> Iterator[None]:
    with contextmanager(_with_pragma)(recorder, "PRAGMA max_page_count = 1"):
        for _ in range(3000):  # more than what room is left in the pages that it has
            recorder.event("test", "x" * 50)
        yield


def read_only(recorder: Recorder, file: Path) -> Iterator[None]:
    yield from _with_pragma(recorder, "PRAGMA query_only = ON")


def newer(recorder: Recorder, file: Path) -> Iterator[None]:
    recorder.store.prepare()
    _set_version(recorder.store, VERSION + 1)
    recorder.store._prepared = None
    yield
    _set_version(recorder.store, VERSION)


def no_database(recorder: Recorder, file: Path) -> Iterator[None]:
    """Somebody has put something else in its place."""
    recorder.store.prepare()
    for part in file.parent.glob("telemetry.db*"):
        part.unlink()
    file.write_bytes(b"this is no database at all, whatever its name says " * 100)
    yield
    file.unlink()


def _with_pragma(recorder: Recorder, pragma: str) -> Iterator[None]:
    recorder.store.prepare()

    def connected(connection: Any, record: Any) -> None:
        connection.execute(pragma)

    event.listen(recorder.store.engine, "connect", connected)
    yield
    event.remove(recorder.store.engine, "connect", connected)


def _set_version(store: Store, version: int) -> None:
    with store.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        connection.execute(text("UPDATE version SET version = :version"), {"version": version})
        connection.exec_driver_sql("COMMIT")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"telemetry": True})


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("misfortune", [locked, full, read_only, newer, no_database])
def test_a_booking_is_answered_the_same_and_what_was_seen_is_written_later(
    misfortune: Break, gym: Gym, kept: Kept
) -> None:
    recorder = recording.active()
    assert recorder is not None and recorder.flush_now()
    with contextmanager(misfortune)(recorder, Path(gym.services.settings.data_dir) / "telemetry.db"):
        booking = gym.book()
        assert booking.status is Status.PENDING and gym.get(f"/bookings/{booking.handle}").status_code == 200
        log.error("something else")
        assert not recorder.flush_now()
    recorder.writer.open_until = 0.0
    assert recorder.flush_now()
    assert "/bookings" in {row.route for row in kept.rows("request_log")}
    assert ("business", "requested") in {(row.kind, row.name) for row in kept.rows("event_log")}
    assert "something else" in {group.title for group in kept.groups()}
    assert not recorder.lost


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_store_that_was_deleted_is_made_anew(recorder: Recorder, kept: Kept, watching: Settings) -> None:
    recorder.event("test", "before")
    recorder.flush_now()
    for file in Path(watching.data_dir).glob("telemetry.db*"):
        file.unlink()
    recorder.event("test", "after")
    assert recorder.flush_now()
    assert [row.name for row in kept.rows("event_log")] == ["after"]


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch, recorder: Recorder) -> Callable[[], None]:
    """The store is away, on either database; call it to bring it back."""

    def refuse(*arguments: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(recorder.store, "write", refuse)

    def back() -> None:
        monkeypatch.undo()
        recorder.writer.open_until = 0.0

    return back


def test_what_does_not_fit_is_lost_counted_and_written_as_lost_and_errors_stay(
    recorder: Recorder, kept: Kept, unreachable: Callable[[], None]
) -> None:
    recorder.flush_now()
    most = recorder.requests.most
    for number in range(most + 700):
        recorder.requests.add(good_row(number))
    for _ in range(30):
        log.error("still counted")
    assert not recorder.flush_now()
    unreachable()
    assert recorder.flush_now()
    recorder.flush_now()
    rows = kept.rows("request_log")
    assert len(rows) == most and rows[0].at_us == 700
    lost = [row for row in kept.rows("event_log") if row.kind == "lost"]
    assert [(row.name, row.value) for row in lost] == [("too many at once", 700)]
    assert recorder.lost == {"too many at once": 700}
    assert [(group.title, group.count) for group in kept.groups() if "still" in group.title] == [("still counted", 30)]


def test_the_circuit_opens_once_is_said_once_and_is_no_error_of_its_own(
    recorder: Recorder, kept: Kept, unreachable: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        recorder.event("test", "x")
        recorder.flush_now()
    said = [record for record in caplog.records if "cannot be written" in str(record.msg)]
    assert len(said) == 1 and recorder.writer.open_until > time.monotonic() + 20
    unreachable()
    assert recorder.flush_now() and kept.groups() == []


def test_a_row_that_the_store_refuses_stops_no_other(recorder: Recorder, kept: Kept) -> None:
    recorder.flush_now()
    recorder.events.add(EventRow("not a number", "test", "x"))  # type: ignore[arg-type]
    recorder.metrics.add(MetricRow(1, 2, None, 1.0))  # type: ignore[arg-type]
    assert not recorder.flush_now()
    recorder.event("test", "after")
    assert recorder.flush_now()
    names = [row.name for row in kept.rows("event_log") if row.kind != "deploy"]
    assert names == ["after", "could not be written"]


def test_fifty_thousand_identical_errors_are_one_group_with_an_exact_count(recorder: Recorder, kept: Kept) -> None:
    def stumble(number: int) -> None:
        raise LookupError(f"no such thing: {number}")

    logger = logging.getLogger("core.flood")  # heard by the monitor alone: pytest would format each line
    logger.handlers = [handler for handler in logging.getLogger().handlers if isinstance(handler, ErrorHandler)]
    logger.propagate = False
    for number in range(50_000):
        try:
            stumble(number)
        except LookupError:
            logger.exception("failed")
    logger.handlers, logger.propagate = [], True
    assert recorder.flush_now()
    (group,) = kept.groups()
    assert group.count == 50_000 and not recorder.lost
    assert len(kept.rows("error_event")) == 70
    assert sum(hour.count for hour in kept.rows("error_hour")) == 50_000


def test_a_critical_error_is_written_at_once(recorder: Recorder, kept: Kept) -> None:
    log.error("can wait")
    log.critical("cannot wait")
    deadline = time.monotonic() + recording_module.FLUSH_EVERY_S * 0.8
    while not kept.groups() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {group.title for group in kept.groups()} == {"can wait", "cannot wait"}


def test_a_clock_that_steps_makes_no_negative_time_and_loses_nothing(recorder: Recorder, kept: Kept) -> None:
    with time_machine.travel("2026-11-02T09:00:00Z", tick=True) as clock:
        recording.active()
        for step_s in (0, -7200, +86_400, -5):
            clock.shift(step_s)
            log.error("again")
            recorder.event("test", "x")
    assert recorder.flush_now()
    (group,) = kept.groups()
    assert group.count == 4 and group.first_seen_us < group.last_seen_us
    assert sum(hour.count for hour in kept.rows("error_hour")) == 4
    assert len([row for row in kept.rows("event_log") if row.kind == "test"]) == 4


FORKED = """
import os, time
from core.platform.settings import load_settings
from core.telemetry.recording import recording

with recording(load_settings(_env_file=None), "site") as recorder:
    recorder.event("test", "before the fork")
    child = os.fork()
    recorder.event("test", "child" if child == 0 else "parent")
    while not recorder.flush_now():
        time.sleep(0.1)
    if child == 0:
        recorder.end()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


def test_a_fork_writes_nothing_twice_and_both_go_on(watching: Settings, kept: Kept) -> None:
    run_program(FORKED, watching)
    names = [row.name for row in kept.rows("event_log") if row.kind == "test"]
    assert sorted(names) == ["before the fork", "child", "parent"]


UNCAUGHT = """
import logging, sys, threading
from core.ops import logs
from core.platform.settings import load_settings
from core.telemetry.recording import recording

settings = load_settings(_env_file=None)
logs.configure(settings)
sys.stderr = sys.stdout
logging.getLogger().handlers[0].setStream(sys.stdout)
with recording(settings, "worker") as recorder:
    thread = threading.Thread(target=lambda: [].pop())
    thread.start()
    thread.join()
    try:
        {}["nothing"]
    except KeyError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    while not recorder.flush_now():
        pass
"""


def test_what_nobody_catches_is_a_critical_group(watching: Settings, kept: Kept) -> None:
    run_program(UNCAUGHT, watching)
    assert sorted((group.title, group.level) for group in kept.groups()) == [
        ("IndexError: pop from empty list", "CRITICAL"),
        ("KeyError: 'nothing'", "CRITICAL"),
    ]


def test_the_end_waits_for_nobody_longer_than_it_may(watching: Settings, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(f"sqlite:///{Path(watching.data_dir) / 'other.db'}")
    recorder = Recorder(store, service="site", release="1")
    hangs, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        hangs.set()
        go_on.wait(120)
        raise OSError("gone")

    store.write = hang  # type: ignore[method-assign, assignment]
    recorder.event("test", "x")
    recorder.wake()
    recorder._flush_at = 0.0
    recorder.wake()
    recorder.end(0.2)
    assert hangs.wait(60)
    go_on.set()
    assert recorder._thread is not None
    recorder._thread.join(60)
    assert not recorder._thread.is_alive()


def test_eight_threads_lose_no_row(recorder: Recorder, kept: Kept) -> None:
    def work(number: int) -> None:
        for turn in range(500):
            recorder.event("test", f"{number}.{turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.flush_now()
    assert len({row.name for row in kept.rows("event_log") if row.kind == "test"}) == 4000
