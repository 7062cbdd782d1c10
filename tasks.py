"""
The Huey queue and every task: the timetable of the house.

    deliver_mail       when nudged, after a commit that wrote mail
    expire_requests    when nudged
    make_pictures      when nudged, after an upload; one at a time
    sweep              every 20 seconds, and at start: everything that is due; the truth, while nudges are a courtesy
    remove_orphans     every hour: files of pictures that nothing refers to any more
    archive            every hour: what was recorded moves into files, and what is too old goes
    evaluate_alerts    every minute: each rule is measured, and what changed is told

Huey loses a running task when its process is killed, so no task carries anything but its name: what there is to do
stands in the database.
"""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from huey import Huey, PostgresHuey, PriorityRedisHuey, SqliteHuey, signals
from huey.api import Task, TaskWrapper
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from core import clock
from core import sweep as house
from core.bootstrap import services
from core.database_files import wal_bytes
from core.images import upkeep
from core.images.making import Pump as PicturePump
from core.mail import waiting
from core.mail.delivery import Pump
from core.settings import Settings
from core.telemetry import jobs, recording

if TYPE_CHECKING:
    from analytics.monitor import Monitor
    from analytics.unwritable import Outage

NUDGE_EXPIRES_S = 20
NUDGE_LIMIT_S = 0.5
MAX_PENDING = 500  # more than a busy worker leaves within a nudge's twenty seconds
SWEEP_EVERY_S = 20
ORPHANS_EVERY_S, ORPHANS_FIRST_S = 3600, 300
ARCHIVE_EVERY_S, ARCHIVE_FIRST_S = 3600, 60
ALERTS_EVERY_S, ALERTS_FIRST_S = 15, 30  # whose minute it is, the evaluator's clock decides
DRAIN_S = 8

log = structlog.get_logger()


def queue_at(settings: Settings) -> Huey:
    """The queue at SPIRIT_QUEUE_URL: a file of its own, PostgreSQL or Redis. Its messages are pickles, so they are signed."""
    url = settings.queue_url
    secret = hashlib.sha256(f"queue {settings.signing_keys()[0]}".encode()).hexdigest()
    common: dict[str, Any] = {"results": False, "serializer": SignedSerializer(secret=secret, salt="spirit.queue")}
    if url.startswith("redis:"):
        return PriorityRedisHuey("spirit", url=url, **common)
    if url.startswith("postgresql"):
        return PostgresHuey("spirit", dsn=url, **common)
    return SqliteHuey("spirit", filename=url.removeprefix("sqlite:///"), **common)


queue = queue_at(services().settings)
pump = Pump()
darkroom, patient_darkroom = PicturePump(), PicturePump()


@queue.task(expires=NUDGE_EXPIRES_S)
def deliver_mail() -> None:
    """Deliver every mail that is due. Safe to run at any time, any number of times."""
    pump.ring(services())


@queue.task(expires=NUDGE_EXPIRES_S)
def expire_requests() -> None:
    """Expire every request that is past its time. Safe to run at any time, any number of times."""
    if house.expire_requests(services()):
        pump.ring(services())


@queue.task(expires=NUDGE_EXPIRES_S)
def make_pictures() -> None:
    """Make every picture that nobody can see yet. Safe to run at any time, any number of times."""
    darkroom.ring(services())


@queue.task(expires=NUDGE_EXPIRES_S)
def sweep() -> None:
    """One pass over everything that is due. Safe to run at any time, any number of times."""
    house.sweep(services(), pictures=False)


class Nudges:
    """
    Rings the worker after a commit. It can fail without harm, for the sweep comes anyway: it never raises, waits at
    most half a second, and counts what was lost.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="nudge")

    async def __call__(self, task: TaskWrapper) -> None:
        try:
            ringing = self._threads.submit(_ring, task, jobs.new_task_id())
            await asyncio.wait_for(asyncio.wrap_future(ringing), NUDGE_LIMIT_S)
        except Exception as error:  # whatever the queue raises, the booking stands
            self._lose(task, error)

    def from_thread(self, task: TaskWrapper) -> None:
        """The same, for callers without an event loop."""
        try:
            self._threads.submit(_ring, task, jobs.new_task_id()).result(NUDGE_LIMIT_S)
        except Exception as error:  # whatever the queue raises, the booking stands
            self._lose(task, error)

    def _lose(self, task: TaskWrapper, error: Exception) -> None:
        self.lost += 1
        if (recorder := recording.active()) is not None:
            recorder.event("nudge", "lost", detail=task.func.__name__)
        log.warning("nudge lost", task=task.func.__name__, why=type(error).__name__, lost=self.lost)


def _ring(task: TaskWrapper, task_id: str) -> None:
    """The id says which request asks, and when."""
    if queue.pending_count() >= MAX_PENDING:
        queue.flush()  # no worker takes them, and each was worth twenty seconds: the queue's file does not grow
    queue.enqueue(task.task_class(id=task_id))


nudge = Nudges()
nudge_from_thread = nudge.from_thread


class Worker(Consumer):  # type: ignore[misc]
    """Huey's consumer, with the passes of the house beside it."""

    def start(self) -> None:
        """The passes begin last: once Huey minds TERM, so that none is cut off by it."""
        super().start()
        stop = self.stop_flag
        _repeat(_sweep_once, "sweep", stop, every_s=SWEEP_EVERY_S)
        _repeat(_make_once, "pictures", stop, every_s=SWEEP_EVERY_S)  # neither waits for the other
        _repeat(remove_orphans, "orphans", stop, every_s=ORPHANS_EVERY_S, first_after_s=ORPHANS_FIRST_S)
        _repeat(evaluate_alerts, "alerts", stop, every_s=ALERTS_EVERY_S, first_after_s=ALERTS_FIRST_S)
        if services().settings.telemetry:
            _repeat(archive, "archive", stop, every_s=ARCHIVE_EVERY_S, first_after_s=ARCHIVE_FIRST_S)


def run_worker() -> None:
    """Consume until TERM: the running tasks finish first."""
    worker = Worker(
        queue,
        workers=4,
        worker_type="thread",
        periodic=False,
        initial_delay=0.05,
        max_delay=0.2,
        graceful_signal="TERM",
        shutdown_timeout=DRAIN_S,
    )
    with recording.recording(services().settings, "worker", samples=_measures):
        try:
            worker.run()
        finally:
            jobs.interrupt_all()


def _measures() -> dict[str, float]:
    return {
        **waiting.measures(services().database),
        "queue.pending_count": float(queue.pending_count()),
        "database.wal_bytes": float(wal_bytes(services().database)),
    }


@queue.signal(signals.SIGNAL_EXECUTING)
def _task_began(signal: str, task: Task) -> None:
    jobs.began(task.name, task.id, attempt=task.default_retries - task.retries + 1)


@queue.signal(
    signals.SIGNAL_COMPLETE,
    signals.SIGNAL_ERROR,
    signals.SIGNAL_INTERRUPTED,
    signals.SIGNAL_CANCELED,
    signals.SIGNAL_TIMEOUT,
)
def _task_ended(signal: str, task: Task, error: Exception | None = None) -> None:
    """ok, error, retried, interrupted, canceled, timeout. Of several signals the first one counts."""
    outcome = {signals.SIGNAL_COMPLETE: "ok"}.get(signal, signal)
    jobs.ended(task.id, "retried" if signal == signals.SIGNAL_ERROR and task.retries else outcome)


@queue.signal(signals.SIGNAL_EXPIRED, signals.SIGNAL_REVOKED)
def _task_never_ran(signal: str, task: Task) -> None:
    jobs.never_ran(task.name, task.id, signal)


def _sweep_once() -> None:
    house.sweep(services(), pictures=False)


def _make_once() -> None:
    """What was missed; then what can be made smaller, which no new picture waits for."""
    darkroom.ring(services())
    patient_darkroom.ring(services(), fine=True)


def remove_orphans() -> None:
    """Remove the files of pictures that nothing refers to any more. Safe to run at any time, any number of times."""
    upkeep.sweep_orphans(services())


def archive() -> None:
    """Move what was recorded into files and tidy up. Safe to run at any time, any number of times."""
    from analytics.archive import archive_now

    archive_now(services())


def evaluate_alerts() -> None:
    """Measure every rule, and have told what changed, if this minute is nobody else's. Safe at any time, anywhere."""
    from analytics.evaluator import evaluate_if_due

    done = evaluate_if_due(services(), _monitor(), now=clock.now(), outage=_outage())
    if done is not None and done.changes:
        nudge_from_thread(deliver_mail)  # a slow mail server does not stop the evaluator


@cache
def _monitor() -> "Monitor":
    from analytics.monitor import monitor_for

    return monitor_for(services().settings)


@cache
def _outage() -> "Outage":
    from analytics.unwritable import Outage

    return Outage()


def _repeat(
    work: Callable[[], object], name: str, stop: threading.Event, *, every_s: float, first_after_s: float = 0
) -> None:
    """Do this in a thread of its own until the worker stops, for Huey's clock steps by the minute."""

    def until_stopped() -> None:
        stop.wait(first_after_s)
        while not stop.is_set():
            with jobs.run(name) as job:
                try:
                    work()
                except Exception:  # the next pass tries again; a dead thread would not
                    job.fail()
                    log.exception("pass failed", of=name)
            stop.wait(every_s)

    threading.Thread(target=until_stopped, name=name, daemon=True).start()
