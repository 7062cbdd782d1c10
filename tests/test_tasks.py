"""The queue of an application is that of its services; tasks may run any number of times; the timetable is all that runs by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huey import Huey

import tasks
from core.ops import duties, sweep
from core.ops.cli import data
from core.ops.duties import DUTIES
from core.ops.timetable import TIMETABLE
from core.platform.services import Services
from core.wording import spoken_length

NAMES = [one.name for one in TIMETABLE]
RELIABILITY = Path(__file__).parent.parent / "docs" / "reliability.md"
HEAD = "| what | how often | what it does |\n| --- | --- | --- |\n"

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def queue(services: Services) -> Iterator[tasks.Queue]:
    yield tasks.queue_of(services)
    tasks.queue_of.cache_clear()


def test_importing_the_tasks_builds_no_queue(backend: str) -> None:
    assert [name for name, value in vars(tasks).items() if isinstance(value, Huey | tasks.Queue)] == []


def test_a_nudge_goes_to_the_queue_of_the_services_that_it_is_given(
    services: Services, queue: tasks.Queue, tmp_path: Path
) -> None:
    tasks.nudge_from_thread(services, tasks.make_pictures)
    assert [task.name for task in queue.huey.pending()] == ["make_pictures"]
    assert (tmp_path / "queue.db").exists()


def test_every_task_may_run_twice(services: Services, queue: tasks.Queue) -> None:
    for task in tasks.TASKS * 2:
        tasks.nudge_from_thread(services, task)
    done = []
    while (message := queue.huey.dequeue()) is not None:
        queue.huey.execute(message)
        done.append(message.name)
    assert sorted(done) == sorted(2 * [task.__name__ for task in tasks.TASKS])


def test_the_worker_knows_what_each_pass_of_the_timetable_is(backend: str) -> None:
    assert sorted(tasks.WORK) == sorted(NAMES)


def test_spirit_sweep_goes_through_the_whole_timetable(backend: str) -> None:
    assert sorted([*sweep.PASSES, *data.LOADS_ANALYTICS]) == sorted(NAMES)
    assert {duty.name for duty in DUTIES} == {*duties.WORK_OF_CORE, duties.ARCHIVE}


def test_the_documentation_prints_the_timetable(backend: str) -> None:
    passes = [f"| {one.name} | {one.every_s:g} seconds | {one.does} |" for one in TIMETABLE]
    hourly = [f"| {duty.name} | {spoken_length(duty.every)} | {duty.does} |" for duty in DUTIES]
    table = HEAD + "\n".join([*passes, *hourly]) + "\n"
    assert table in RELIABILITY.read_text(encoding="utf-8"), f"docs/reliability.md should say:\n{table}"
