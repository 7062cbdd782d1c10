"""A process that is killed leaves a trace: whoever starts next says what may be missing, and which tasks were lost."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from sqlalchemy import update

from core.platform.settings import Settings
from core.telemetry.processes import SILENT_US, ProcessRun
from core.telemetry.recorder import Recorder
from core.telemetry.recording import recording
from core.telemetry.store import Store
from core.telemetry.tables import process_run
from tests.conftest import SECRET_KEY
from tests.telemetry.conftest import Kept

WORKS = """
import sys, time
from core.bootstrap import services
from core.telemetry import jobs
from core.telemetry.recording import recording
with recording(services().settings, "worker"):
    with jobs.run("make_pictures"):
        print("began", flush=True)
        time.sleep(60)
"""


def started(settings: Settings) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "SPIRIT_DATA_DIR": str(settings.data_dir),
        "SPIRIT_DATABASE_URL": settings.database_url,
        "SPIRIT_SECRET_KEY": SECRET_KEY,
        "SPIRIT_TELEMETRY": "on",
    }
    return subprocess.Popen([sys.executable, "-c", WORKS], env=environment, stdout=subprocess.PIPE, text=True)


def wait_until(condition: Any, what: str, within_s: float = 240) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def lost(kept: Kept) -> list[Any]:
    return [row for row in kept.rows("event_log") if (row.kind, row.name) == ("process", "lost")]


def test_after_kill_9_the_next_process_says_what_may_be_missing_and_which_task_was_lost(
    watching: Settings, kept: Kept
) -> None:
    worker = started(watching)
    try:
        wait_until(
            lambda: any("make_pictures" in row.tasks for row in kept.rows("process_run")), "its task is in the store"
        )
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        assert lost(kept) == []
        with recording(watching, "site") as recorder:
            assert recorder is not None
            wait_until(lambda: lost(kept), "the next process tells")
    finally:
        worker.kill()
        worker.communicate()
    (told,) = lost(kept)
    assert told.service == "worker" and 1 <= told.value <= 30 and "may be missing" in told.detail
    (task,) = [row for row in kept.rows("request_log") if row.kind == "task"]
    assert (task.service, task.route, task.outcome, task.category) == ("worker", "make_pictures", "lost", "worker")
    with recording(watching, "site"):
        pass
    assert len(lost(kept)) == 1, "once"


def test_a_process_that_stops_in_order_is_no_loss(watching: Settings, kept: Kept) -> None:
    for _ in range(2):
        with recording(watching, "site") as recorder:
            assert recorder is not None
            recorder.event("mail", "SENT")
    assert [row.ended_us > 0 for row in kept.rows("process_run")] == [True, True]
    assert lost(kept) == []


def beat(store: Store, run: ProcessRun) -> None:
    with store.write() as connection:
        run.beat(connection)


def look(store: Store, run: ProcessRun) -> int:
    with store.write() as connection:
        return run.record_lost(connection)


def test_of_another_host_it_is_lost_after_two_silent_minutes_and_alive_again_when_it_speaks(
    watching: Settings, kept: Kept
) -> None:
    store, here, there = kept.store, ProcessRun("site", "1"), ProcessRun("worker", "1")
    there.host = "elsewhere"
    beat(store, there)
    assert look(store, here) == 0
    with store.write() as connection:
        connection.execute(update(process_run).values(seen_us=process_run.c.seen_us - SILENT_US - 1_000_000))
    assert (look(store, here), look(store, here)) == (1, 0)
    beat(store, there)
    assert kept.rows("process_run")[0].ended_us == 0
    assert len(lost(kept)) == 1


def test_a_pid_that_was_given_to_another_process_is_not_the_one_that_was_killed(watching: Settings, kept: Kept) -> None:
    here, gone = ProcessRun("site", "1"), ProcessRun("worker", "1")
    gone.pid, gone.began_us = os.getppid(), 1_000_000  # its pid is somebody's who began later
    beat(kept.store, gone)
    assert look(kept.store, here) == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_process_that_is_alive_is_left_alone_however_quiet_it_is(watching: Settings, kept: Kept) -> None:
    here, quiet = ProcessRun("site", "1"), ProcessRun("console", "1")
    quiet.pid = os.getppid()
    beat(kept.store, quiet)
    with kept.store.write() as connection:
        connection.execute(update(process_run).values(seen_us=process_run.c.seen_us - SILENT_US * 5))
    assert look(kept.store, here) == 0


def test_a_recorder_that_was_never_used_leaves_no_row(watching: Settings, kept: Kept) -> None:
    Recorder(kept.store, service="site", release="1").end()
    assert kept.rows("process_run") == []
