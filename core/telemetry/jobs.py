"""
Work that nobody waits for: tasks of the queue and passes of the worker's own threads.

A task's id says when it was asked for and by which request, since the queue's message says neither; so its wait is
known, and one request id leads from the page to the mail.
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from core.telemetry import recording, running, statements
from core.telemetry.categories import WORKER
from core.telemetry.context import Work, current, new_request_id, request_id
from core.telemetry.queues import now_us
from core.telemetry.rows import RequestRow

OK, ERROR = "ok", "error"


class Job(Work):
    """One run of a task. wait_us: from the instant it was asked for until it began. attempt: 1 at first."""

    outcome = OK
    wait_us = 0
    attempt = 1

    def fail(self) -> None:
        self.outcome = ERROR


_jobs: dict[str, Job] = {}


def new_task_id() -> str:
    """ "64f1c2a9b3d50-257d7090e477a65e-9b1e": when, for which request, and something of its own."""
    return f"{now_us():x}-{request_id() or ''}-{secrets.token_hex(4)}"


def oldest_wait_s(task_ids: Iterable[str]) -> float:
    """How long the oldest of these waiting tasks has waited, by its id; 0.0 when none says so."""
    asked = [asked_us for asked_us, _ in map(_told_by, task_ids) if asked_us]
    return max(0, now_us() - min(asked)) / 1e6 if asked else 0.0


def began(name: str, task_id: str, *, attempt: int = 1) -> Job:
    """In the thread that runs it: from now on this is the work at hand."""
    job = _job(name, task_id, attempt)
    _jobs[task_id] = job
    running.begin(task_id, _beginning(job))
    current.set(job)
    if (recorder := recording.active()) is not None:
        recorder.beat_soon()
    return job


def ended(task_id: str, outcome: str) -> None:
    """How it went: ok, error, retried, interrupted … Once; from any thread."""
    job = _jobs.pop(task_id, None)
    running.finish(task_id)
    if job is not None:
        _tell(job, outcome)
        if current.get() is job:
            current.set(None)


def never_ran(name: str, task_id: str, outcome: str) -> None:
    """It waited for nothing: too old, revoked."""
    _tell(_job(name, task_id, 1), outcome)


def interrupt_all() -> None:
    """This process stops: whatever runs still is cut off here, and will be done by another pass."""
    for task_id in list(_jobs):
        ended(task_id, "interrupted")


@contextmanager
def run(name: str) -> Iterator[Job]:
    """A pass of a thread of our own, as if it were a task. What escapes makes it an error; `fail` says so as well."""
    task_id = new_task_id()
    job = began(name, task_id)
    job.wait_us = 0
    try:
        yield job
    except Exception:
        job.fail()
        raise
    finally:
        ended(task_id, job.outcome)


def _job(name: str, task_id: str, attempt: int) -> Job:
    asked_us, caused_by = _told_by(task_id)
    began_us = now_us()
    job = Job(caused_by or new_request_id(began_us))
    job.name, job.attempt, job.began_us = name, attempt, began_us
    if asked_us and attempt == 1:
        job.wait_us = max(0, job.began_us - asked_us)
    return job


def _told_by(task_id: str) -> tuple[int, str]:
    """When it was asked for, and by which request; nothing of a task that somebody else named."""
    parts = task_id.split("-")
    if len(parts) != 3:
        return 0, ""
    try:
        return int(parts[0], 16), parts[1]
    except ValueError:
        return 0, ""


def _beginning(job: Job) -> dict[str, Any]:
    """What is known of it when it begins, as columns of request_log."""
    return _row(job, "", duration_us=0)._asdict()


def _tell(job: Job, outcome: str) -> None:
    recorder = recording.active()
    if recorder is None:
        return
    statements.keep_repeated(job)
    recorder.requests.add(_row(job, outcome, duration_us=job.elapsed_us))


def _row(job: Job, outcome: str, *, duration_us: int) -> RequestRow:
    return job.row(
        "task", status=job.attempt, outcome=outcome, duration_us=duration_us, wait_us=job.wait_us, category=WORKER
    )
