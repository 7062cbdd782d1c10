"""
Instrumentation of background jobs: tasks of the queue, and passes of the worker's own threads.

A task's id carries when it was enqueued and by which request, since the queue's message carries neither; so its wait is
known, and one correlation id leads from the page to the mail.
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from core.telemetry import recording, running_processes, sql_statements
from core.telemetry.log_rows import RequestRow
from core.telemetry.queues import now_us
from core.telemetry.request_context import RequestContext, current, new_request_id, request_id
from core.telemetry.traffic_categories import WORKER

OK, ERROR = "ok", "error"


class Job(RequestContext):
    """Context of one run of a task."""

    outcome = OK
    wait_us = 0  # from the instant it was enqueued until it began
    attempt = 1  # 1 at first

    def fail(self) -> None:
        """Record the run as an error, though nothing is raised."""
        self.outcome = ERROR


_jobs: dict[str, Job] = {}


def new_task_id() -> str:
    """A task id, "64f1c2a9b3d50-257d7090e477a65e-9b1e2f03": microsecond of the enqueuing, request id, random suffix."""
    return f"{now_us():x}-{request_id() or ''}-{secrets.token_hex(4)}"


def oldest_wait_s(task_ids: Iterable[str]) -> float:
    """Queue latency: seconds that the oldest of these waiting tasks has waited, by its id; 0.0 when no id has a time."""
    enqueued = [enqueued_us for enqueued_us, _ in map(_parse_task_id, task_ids) if enqueued_us]
    return max(0, now_us() - min(enqueued)) / 1e6 if enqueued else 0.0


def began(name: str, task_id: str, *, attempt: int = 1) -> Job:
    """Begin a job and make it the current context; to be called in the thread that runs it."""
    job = _job(name, task_id, attempt)
    _jobs[task_id] = job
    running_processes.begin(task_id, _beginning(job))
    current.set(job)
    if (recorder := recording.active()) is not None:
        recorder.beat_soon()
    return job


def ended(task_id: str, outcome: str) -> None:
    """Record a job's outcome (ok, error, retried, interrupted …), once; from any thread."""
    job = _jobs.pop(task_id, None)
    running_processes.finish(task_id)
    if job is not None:
        _record(job, outcome)
        if current.get() is job:
            current.set(None)


def never_ran(name: str, task_id: str, outcome: str) -> None:
    """Record a task that was dropped before it ran: expired, revoked."""
    _record(_job(name, task_id, 1), outcome)


def interrupt_all() -> None:
    """Record what still runs as interrupted, when this process stops; another pass will do it."""
    for task_id in list(_jobs):
        ended(task_id, "interrupted")


@contextmanager
def run(name: str) -> Iterator[Job]:
    """Context manager: a pass of a thread of our own, recorded like a task. An exception that escapes, or `fail`, makes it an error."""
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
    enqueued_us, caused_by = _parse_task_id(task_id)
    began_us = now_us()
    job = Job(caused_by or new_request_id(began_us))
    job.name, job.attempt, job.began_us = name, attempt, began_us
    if enqueued_us and attempt == 1:
        job.wait_us = max(0, job.began_us - enqueued_us)
    return job


def _parse_task_id(task_id: str) -> tuple[int, str]:
    """(enqueued_us, request id) of a task id; (0, "") of one that is not ours."""
    parts = task_id.split("-")
    if len(parts) != 3:
        return 0, ""  # a periodic task: Huey names it
    try:
        return int(parts[0], 16), parts[1]
    except ValueError:
        return 0, ""


def _beginning(job: Job) -> dict[str, Any]:
    """Columns of request_log that are known when the job begins."""
    return _row(job, "", duration_us=0)._asdict()


def _record(job: Job, outcome: str) -> None:
    recorder = recording.active()
    if recorder is None:
        return
    sql_statements.keep_repeated(job)
    recorder.requests.add(_row(job, outcome, duration_us=job.elapsed_us))


def _row(job: Job, outcome: str, *, duration_us: int) -> RequestRow:
    return job.row(
        "task", status=job.attempt, outcome=outcome, duration_us=duration_us, wait_us=job.wait_us, category=WORKER
    )
