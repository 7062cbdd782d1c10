"""
The Huey queue, its tasks, and the worker.

    deliver_mail       when nudged, after a commit that wrote mail
    make_pictures      when nudged, after an upload; one at a time

What the worker does by itself is core/ops/timetable.py: the truth, while nudges are a courtesy. Nothing is built at import:
whoever nudges says whose queue it is.

Huey loses a running task when its process is killed, so no task carries anything but its name: what there is to do
stands in the database.
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
from core.ops import duties, timetable
from core.ops import sweep as house
from core.ops.clock_jumps import ClockWatch
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
    from analytics.unwritable import Outage

NUDGE_EXPIRES_S = 20
NUDGE_LIMIT_S = 0.5
MAX_PENDING = 500  # more than a busy worker leaves within a nudge's twenty seconds
DRAIN_S, LANES_DRAIN_S = 8, 1.5
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
    """The queue at SPIRIT_QUEUE_URL: a file of its own, PostgreSQL or Redis. Its messages are pickles, so they are signed."""
    url = settings.queue_url
    secret = hashlib.sha256(f"queue {settings.signing_keys()[0]}".encode()).hexdigest()
    common: dict[str, Any] = {"results": False, "serializer": SignedSerializer(secret=secret, salt="spirit.queue")}
    if url.startswith("redis:"):
        return PriorityRedisHuey("spirit", url=url, **common)
    if url.startswith("postgresql"):
        return PostgresHuey("spirit", dsn=postgresql.patient_dsn(url), **common)
    return SqliteHuey("spirit", filename=url.removeprefix("sqlite:///"), **common)


pump = MailPump([Lane.MAIL])
alert_pump, webhook_pump = MailPump([Lane.ALERTS], at_once=1), MailPump([Lane.WEBHOOK], at_once=1)
mail_rung, alerts_rung, webhook_rung = threading.Event(), threading.Event(), threading.Event()
trust_clock = ClockWatch()
darkroom, patient_darkroom = PicturePump(), PicturePump()


def deliver_mail(services: Services) -> None:
    """Deliver every mail that is due. Safe to run at any time, any number of times. The other lanes' threads are rung."""
    alerts_rung.set()
    webhook_rung.set()
    if trust_clock():
        pump.ring(services)


def make_pictures(services: Services) -> None:
    """Make every picture that nobody can see yet. Safe to run at any time, any number of times."""
    darkroom.ring(services)


TASKS: tuple[Task, ...] = (deliver_mail, make_pictures)


class Queue:
    """The queue of one gym's services. It knows every task, so that it can be asked for one and can run it."""

    def __init__(self, services: Services) -> None:
        self.huey = _huey_at(services.settings)
        self._wrapped = {task: self.huey.task(expires=NUDGE_EXPIRES_S)(_on(services, task)) for task in TASKS}
        for heard_by, signs in ((_task_began, BEGUN), (_task_ended, ENDED), (_task_never_ran, NEVER_RAN)):
            self.huey.signal(*signs)(heard_by)

    def ring(self, task: Task, task_id: str) -> None:
        """Ask for a task. The id says which request asks, and when."""
        if self.huey.pending_count() >= MAX_PENDING:
            self.huey.flush()  # no worker takes them, and each was worth twenty seconds: the queue's file does not grow
        self.huey.enqueue(self._wrapped[task].task_class(id=task_id))


@lru_cache(maxsize=2)
def queue_of(services: Services) -> Queue:
    """The queue of these services, built when it is first asked for."""
    return Queue(services)


def _on(services: Services, task: Task) -> Callable[[], None]:
    """A message in the queue carries nothing but the task's name; what it works on is the worker's own."""

    @wraps(task)
    def run() -> None:
        task(services)

    return run


class Nudges:
    """
    Rings the worker after a commit. It can fail without harm, for the sweep comes anyway: it never raises, waits at
    most half a second, and counts what was lost.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="nudge")

    async def __call__(self, services: Services, task: Task) -> None:
        try:
            ringing = self._threads.submit(_ring, services, task, jobs.new_task_id())
            await asyncio.wait_for(asyncio.wrap_future(ringing), NUDGE_LIMIT_S)
        except Exception as error:  # whatever the queue raises, the booking stands
            self._lose(task, error)

    def from_thread(self, services: Services, task: Task) -> None:
        """The same, for callers without an event loop."""
        try:
            self._threads.submit(_ring, services, task, jobs.new_task_id()).result(NUDGE_LIMIT_S)
        except Exception as error:  # whatever the queue raises, the booking stands
            self._lose(task, error)

    def _lose(self, task: Task, error: Exception) -> None:
        self.lost += 1
        if (recorder := recording.active()) is not None:
            recorder.event("nudge", "lost", detail=task.__name__)
        log.warning("nudge lost", task=task.__name__, why=type(error).__name__, lost=self.lost)


def _ring(services: Services, task: Task, task_id: str) -> None:
    queue_of(services).ring(task, task_id)


nudge = Nudges()
nudge_from_thread = nudge.from_thread


class Worker(Consumer):  # type: ignore[misc]
    """Huey's consumer, with a thread for each pass of the timetable beside it."""

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
        """The passes begin last: once Huey minds TERM, so that none is cut off by it."""
        super().start()
        for one in TIMETABLE:
            self._begin(one)

    def _begin(self, one: Pass) -> None:
        """Its threads; none of them waits for another."""
        work, rung = WORK[one.name], RUNG.get(one.name)
        for number in range(one.threads):
            first_after_s = one.first_after_s + number * one.every_s / 2 / one.threads
            thread = _repeat(
                partial(work, self._services, self.stop_flag),
                one,
                self.stop_flag,
                first_after_s=first_after_s,
                rung=rung,
            )
            if rung is not None:
                self._lanes.append(thread)

    def let_lanes_finish(self) -> None:
        """The mails that are on their way get a moment more; what is cut off is sent again when its lease is over."""
        ends = time.monotonic() + LANES_DRAIN_S
        for rung in RUNG.values():
            rung.set()
        for lane in self._lanes:
            lane.join(max(0.0, ends - time.monotonic()))


def run_worker(services: Services) -> None:
    """Consume until TERM: the running tasks finish first."""
    worker = Worker(services)
    with recording.recording(services.settings, "worker", samples=lambda: _measures(services, worker.huey)):
        try:
            worker.run()
            worker.let_lanes_finish()
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


def _keep_true(services: Services, stop: threading.Event) -> None:
    if trust_clock():
        house.keep_true(services)
        mail_rung.set()  # an expiry has mails


def _send(pump: MailPump, services: Services, stop: threading.Event) -> None:
    """What is due in these lanes, whatever the others do."""
    if trust_clock():
        pump.ring(services, enough=stop.is_set)


def _make(services: Services, stop: threading.Event) -> None:
    """What was missed; then what can be made smaller, which no new picture waits for."""
    darkroom.ring(services)
    patient_darkroom.ring(services, fine=True)


def _do_duties(services: Services, stop: threading.Event) -> None:
    """Each duty whose time has come, if it is nobody else's."""
    from analytics.archive import archive_now

    duties.do_due(services, {**duties.WORK_OF_CORE, duties.ARCHIVE: archive_now})


def evaluate_alerts(services: Services, stop: threading.Event | None = None) -> None:
    """Measure every rule, and have told what changed, if this minute is nobody else's. Safe at any time, anywhere."""
    from analytics.evaluator import evaluate_if_due

    done = evaluate_if_due(services, _monitor(services), now=clock.now(), outage=_outage())
    if done is not None and done.changes:
        nudge_from_thread(services, deliver_mail)  # a slow mail server does not stop the evaluator


WORK: Mapping[str, Callable[[Services, threading.Event], None]] = {
    timetable.SWEEP: _keep_true,
    timetable.PICTURES: _make,
    timetable.MAIL: partial(_send, pump),
    timetable.ALERT_MAIL: partial(_send, alert_pump),
    timetable.WEBHOOK: partial(_send, webhook_pump),
    timetable.ALERTS: evaluate_alerts,
    timetable.DUTIES: _do_duties,
}
RUNG = {timetable.MAIL: mail_rung, timetable.ALERT_MAIL: alerts_rung, timetable.WEBHOOK: webhook_rung}


@lru_cache(maxsize=2)
def _monitor(services: Services) -> "Monitor":
    from analytics.data_sources import monitor_for

    return monitor_for(services.settings)


@cache
def _outage() -> "Outage":
    from analytics.unwritable import Outage

    return Outage()


def _repeat(
    work: Callable[[], object],
    one: Pass,
    stop: threading.Event,
    *,
    first_after_s: float,
    rung: threading.Event | None,
) -> threading.Thread:
    """Do this in a thread of its own until the worker stops, for Huey's clock steps by the minute; and when it is rung."""
    waits_for = rung or stop

    def until_stopped() -> None:
        stop.wait(first_after_s)
        while not stop.is_set():
            with jobs.run(one.name) as job:
                try:
                    work()
                except Exception:  # the next pass tries again; a dead thread would not
                    job.fail()
                    log.exception("pass failed", of=one.name)
            if waits_for.wait(one.every_s) and rung is not None:
                rung.clear()

    thread = threading.Thread(target=until_stopped, name=one.name, daemon=True)
    thread.start()
    return thread
