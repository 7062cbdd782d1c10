"""
The task queue (Huey), its tasks, the nudges that enqueue them, and the worker.

    deliver_mail       when nudged, after a commit that wrote mail
    make_pictures      when nudged, after an upload; one at a time

What the worker does by itself is core/ops/timetable.py: it makes everything certain, nudges only make it prompt. Nothing is
built at import: a nudge names the services, and with them the queue.

Huey loses a running task when its process is killed, so no task carries anything but its name: what there is to do
is in the database.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache, partial, wraps
from typing import TYPE_CHECKING, Any

import structlog
from huey import Huey, PostgresHuey, PriorityRedisHuey, SqliteHuey, signals
from huey.api import Task as HueyTask
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from core.images.rendition_jobs import PicturePump
from core.mail.delivery import MailPump
from core.ops import duties, sweep, timetable
from core.ops.clock_jumps import ClockCheck
from core.ops.timetable import TIMETABLE, Pass
from core.outbox import metrics
from core.outbox.lanes import Lane
from core.platform import clock, postgresql
from core.platform.database_files import wal_bytes
from core.platform.services import Services
from core.platform.settings import Settings
from core.telemetry import jobs, recording

if TYPE_CHECKING:
    from analytics.data_sources import Monitor
    from analytics.database_outage import Outage

NUDGE_EXPIRES_S = 20  # by then the worker's own pass has come
NUDGE_LIMIT_S = 0.5  # how long a request waits for the queue, at most
MAX_PENDING = 500  # more than a busy worker leaves within a nudge's twenty seconds
DRAIN_S, LANES_DRAIN_S = 8, 1.5  # at TERM, in all under the ten seconds of `spirit up`
MAX_LOOKED_AT = 50  # the next tasks of the queue, of which the oldest is measured

Task = Callable[[Services], None]
BEGUN = (signals.SIGNAL_EXECUTING,)
ENDED = (
    signals.SIGNAL_COMPLETE,
    signals.SIGNAL_ERROR,
    signals.SIGNAL_INTERRUPTED,
    signals.SIGNAL_CANCELED,
    signals.SIGNAL_TIMEOUT,
)
NEVER_RAN = (signals.SIGNAL_EXPIRED, signals.SIGNAL_REVOKED)

log = structlog.get_logger()


def _huey_at(settings: Settings) -> Huey:
    """The Huey at SPIRIT_QUEUE_URL: SQLite, PostgreSQL or Redis. Messages are pickles, so they are signed (HMAC)."""
    url = settings.queue_url
    secret = hashlib.sha256(f"queue {settings.signing_keys()[0]}".encode()).hexdigest()
    common: dict[str, Any] = {"results": False, "serializer": SignedSerializer(secret=secret, salt="spirit.queue")}
    if url.startswith("redis:"):
        return PriorityRedisHuey("spirit", url=url, **common)
    if url.startswith("postgresql"):
        return PostgresHuey("spirit", dsn=postgresql.patient_dsn(url), **common)
    return SqliteHuey("spirit", filename=url.removeprefix("sqlite:///"), **common)


mail_pump = MailPump([Lane.MAIL])
alert_pump, webhook_pump = MailPump([Lane.ALERTS], at_once=1), MailPump([Lane.WEBHOOK], at_once=1)
mail_wake, alerts_wake, webhook_wake = threading.Event(), threading.Event(), threading.Event()
trust_clock = ClockCheck()
picture_pump, fine_picture_pump = PicturePump(), PicturePump()


def deliver_mail(services: Services) -> None:
    """Task: deliver every mail that is due, and wake the other lanes' threads. Idempotent, safe at any time."""
    alerts_wake.set()
    webhook_wake.set()
    if trust_clock():
        mail_pump.ring(services)


def make_pictures(services: Services) -> None:
    """Task: make the renditions of new images. Idempotent, safe at any time."""
    picture_pump.ring(services)


TASKS: tuple[Task, ...] = (deliver_mail, make_pictures)


class Queue:
    """The task queue of one gym's services, with every task registered."""

    def __init__(self, services: Services) -> None:
        self.huey = _huey_at(services.settings)
        self._wrapped = {task: self.huey.task(expires=NUDGE_EXPIRES_S)(_on(services, task)) for task in TASKS}
        for receiver, signs in ((_task_began, BEGUN), (_task_ended, ENDED), (_task_never_ran, NEVER_RAN)):
            self.huey.signal(*signs)(receiver)

    def enqueue(self, task: Task, task_id: str) -> None:
        """Enqueue a task. Its id carries the request's id and the time (jobs.new_task_id)."""
        if self.huey.pending_count() >= MAX_PENDING:
            self.huey.flush()  # no worker takes them, and each was worth twenty seconds: the queue's file does not grow
        self.huey.enqueue(self._wrapped[task].task_class(id=task_id))


@lru_cache(maxsize=2)
def queue_of(services: Services) -> Queue:
    """The queue of these services, built on first use."""
    return Queue(services)


def _on(services: Services, task: Task) -> Callable[[], None]:
    """The task bound to these services: a queue message carries nothing but the task's name."""

    @wraps(task)
    def run() -> None:
        task(services)

    return run


class Nudges:
    """
    Enqueues tasks after a commit, best effort: it never raises, waits at most NUDGE_LIMIT_S, and counts what was lost.

    A lost nudge does no harm: the worker's passes do the same work.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="nudge")

    async def __call__(self, services: Services, task: Task) -> None:
        try:
            enqueued = self._threads.submit(_enqueue, services, task, jobs.new_task_id())
            await asyncio.wait_for(asyncio.wrap_future(enqueued), NUDGE_LIMIT_S)
        except Exception as error:  # whatever the queue raises, the booking stands
            self._lose(task, error)

    def from_thread(self, services: Services, task: Task) -> None:
        """Nudge from a caller without an event loop, such as a page of the console."""
        try:
            self._threads.submit(_enqueue, services, task, jobs.new_task_id()).result(NUDGE_LIMIT_S)
        except Exception as error:  # whatever the queue raises, the booking stands
            self._lose(task, error)

    def _lose(self, task: Task, error: Exception) -> None:
        self.lost += 1
        if (recorder := recording.active()) is not None:
            recorder.event("nudge", "lost", detail=task.__name__)
        log.warning("nudge lost", task=task.__name__, why=type(error).__name__, lost=self.lost)


def _enqueue(services: Services, task: Task, task_id: str) -> None:
    queue_of(services).enqueue(task, task_id)


nudge = Nudges()
nudge_from_thread = nudge.from_thread


class Worker(Consumer):  # type: ignore[misc]
    """The worker: Huey's consumer, and threads for each pass of the timetable."""

    def __init__(self, services: Services) -> None:
        self._services, self._lanes = services, list[threading.Thread]()
        super().__init__(
            Queue(services).huey,
            workers=4,
            worker_type="thread",
            periodic=False,
            initial_delay=0.05,
            max_delay=0.2,
            graceful_signal="TERM",
            shutdown_timeout=DRAIN_S,
        )

    def start(self) -> None:
        """Start the consumer, then the passes: once Huey handles TERM, so that none is cut off by it."""
        super().start()
        for one in TIMETABLE:
            self._begin(one)

    def _begin(self, one: Pass) -> None:
        """Start the threads of one pass; their first runs are spread over half an interval."""
        work, wake = WORK[one.name], WAKE_EVENTS.get(one.name)
        for number in range(one.threads):
            first_after_s = one.first_after_s + number * one.every_s / 2 / one.threads
            thread = _repeat(
                partial(work, self._services, self.stop_flag),
                one,
                self.stop_flag,
                first_after_s=first_after_s,
                wake=wake,
            )
            if wake is not None:
                self._lanes.append(thread)

    def drain_lanes(self) -> None:
        """Wait LANES_DRAIN_S for mails that are being sent; one that is cut off is sent again when its lease is over."""
        ends = time.monotonic() + LANES_DRAIN_S
        for wake in WAKE_EVENTS.values():
            wake.set()
        for lane in self._lanes:
            lane.join(max(0.0, ends - time.monotonic()))


def run_worker(services: Services) -> None:
    """Run the worker until TERM; running tasks finish first."""
    worker = Worker(services)
    with recording.recording(services.settings, "worker", samples=lambda: _measures(services, worker.huey)):
        try:
            worker.run()
            worker.drain_lanes()
        finally:
            jobs.interrupt_all()


def _measures(services: Services, queue: Huey) -> dict[str, float]:
    first = [task.id for task in queue.pending(limit=MAX_LOOKED_AT)]
    return {
        **metrics.measures(services.database),
        "queue.pending_count": float(queue.pending_count()),
        "queue.oldest_s": jobs.oldest_wait_s(first),
        "database.wal_bytes": float(wal_bytes(services.database)),
    }


def _task_began(signal: str, task: HueyTask) -> None:
    jobs.began(task.name, task.id, attempt=task.default_retries - task.retries + 1)


def _task_ended(signal: str, task: HueyTask, error: Exception | None = None) -> None:
    """ok, error, retried, interrupted, canceled, timeout. Of several signals the first one counts."""
    outcome = {signals.SIGNAL_COMPLETE: "ok"}.get(signal, signal)
    jobs.ended(task.id, "retried" if signal == signals.SIGNAL_ERROR and task.retries else outcome)


def _task_never_ran(signal: str, task: HueyTask) -> None:
    jobs.never_ran(task.name, task.id, signal)


def _sweep(services: Services, stop: threading.Event) -> None:
    if trust_clock():
        sweep.keep_true(services)
        mail_wake.set()  # an expiry has mails


def _send(pump: MailPump, services: Services, stop: threading.Event) -> None:
    """Deliver what is due in one lane, until `stop`."""
    if trust_clock():
        pump.ring(services, enough=stop.is_set)


def _make(services: Services, stop: threading.Event) -> None:
    """Make renditions whose nudge was lost; then smaller files of finished ones, for which no new image waits."""
    picture_pump.ring(services)
    fine_picture_pump.ring(services, fine=True)


def _do_duties(services: Services, stop: threading.Event) -> None:
    """Do each duty that is due and that no other process has claimed."""
    from analytics.archive import archive_now

    duties.do_due(services, {**duties.WORK_OF_CORE, duties.ARCHIVE: archive_now})


def evaluate_alerts(services: Services, stop: threading.Event | None = None) -> None:
    """Evaluate all alert rules and send their notices, if no other process has claimed this minute. Safe at any time."""
    from analytics.evaluator import evaluate_if_due

    done = evaluate_if_due(services, _monitor(services), now=clock.now(), outage=_outage())
    if done is not None and done.changes:
        nudge_from_thread(services, deliver_mail)  # a slow mail server does not stop the evaluator


WORK: Mapping[str, Callable[[Services, threading.Event], None]] = {
    timetable.SWEEP: _sweep,
    timetable.PICTURES: _make,
    timetable.MAIL: partial(_send, mail_pump),
    timetable.ALERT_MAIL: partial(_send, alert_pump),
    timetable.WEBHOOK: partial(_send, webhook_pump),
    timetable.ALERTS: evaluate_alerts,
    timetable.DUTIES: _do_duties,
}
WAKE_EVENTS = {timetable.MAIL: mail_wake, timetable.ALERT_MAIL: alerts_wake, timetable.WEBHOOK: webhook_wake}


@lru_cache(maxsize=2)
def _monitor(services: Services) -> "Monitor":
    from analytics.data_sources import monitor_for

    return monitor_for(services.settings)


@cache
def _outage() -> "Outage":
    from analytics.database_outage import Outage

    return Outage()


def _repeat(
    work: Callable[[], object],
    one: Pass,
    stop: threading.Event,
    *,
    first_after_s: float,
    wake: threading.Event | None,
) -> threading.Thread:
    """
    Run `work` every `one.every_s` seconds in a thread of its own until the worker stops, and at once when `wake` is set.

    Not as Huey's periodic tasks, which run by the minute at best.
    """
    wakes = wake or stop

    def until_stopped() -> None:
        stop.wait(first_after_s)
        while not stop.is_set():
            with jobs.run(one.name) as job:
                try:
                    work()
                except Exception:  # the next pass tries again; a dead thread would not
                    job.fail()
                    log.exception("pass failed", of=one.name)
            if wakes.wait(one.every_s) and wake is not None:
                wake.clear()

    thread = threading.Thread(target=until_stopped, name=one.name, daemon=True)
    thread.start()
    return thread
