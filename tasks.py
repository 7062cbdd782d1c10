"""
The Huey queue and every task: the timetable of the house.

    deliver_mail       when nudged, after a commit that wrote mail, and every 20 seconds; each lane of the outbox apart
    expire_requests    when nudged
    make_pictures      when nudged, after an upload; one at a time
    sweep              every 20 seconds, and at start: the database's own pass; the truth, while nudges are a courtesy
    do_duties          every minute: the archive and the storages, each when its hour has come (core/duties.py)
    evaluate_alerts    every minute: each rule is measured, and what changed is told

Huey loses a running task when its process is killed, so no task carries anything but its name: what there is to do
stands in the database.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from huey import Huey, PostgresHuey, PriorityRedisHuey, SqliteHuey, signals
from huey.api import Task, TaskWrapper
from huey.consumer import Consumer
from huey.serializer import SignedSerializer

from core import clock, duties, postgresql
from core import sweep as house
from core.bootstrap import services
from core.clock_jumps import ClockWatch
from core.database_files import wal_bytes
from core.images.making import PicturePump
from core.mail import waiting
from core.mail.delivery import AT_ONCE, MailPump
from core.mail.lanes import Lane
from core.settings import Settings
from core.telemetry import jobs, recording

if TYPE_CHECKING:
    from analytics.monitor import Monitor
    from analytics.unwritable import Outage

NUDGE_EXPIRES_S = 20
NUDGE_LIMIT_S = 0.5
MAX_PENDING = 500  # more than a busy worker leaves within a nudge's twenty seconds
SWEEP_EVERY_S = 20
DUTIES_EVERY_S, DUTIES_FIRST_S = 60, 60
ALERTS_EVERY_S, ALERTS_FIRST_S = 15, 30  # whose minute it is, the evaluator's clock decides
DRAIN_S, LANES_DRAIN_S = 8, 1.5
MAX_LOOKED_AT = 50  # the next tasks of the queue, of which the oldest is measured

log = structlog.get_logger()


def queue_at(settings: Settings) -> Huey:
    """The queue at SPIRIT_QUEUE_URL: a file of its own, PostgreSQL or Redis. Its messages are pickles, so they are signed."""
    url = settings.queue_url
    secret = hashlib.sha256(f"queue {settings.signing_keys()[0]}".encode()).hexdigest()
    common: dict[str, Any] = {"results": False, "serializer": SignedSerializer(secret=secret, salt="spirit.queue")}
    if url.startswith("redis:"):
        return PriorityRedisHuey("spirit", url=url, **common)
    if url.startswith("postgresql"):
        return PostgresHuey("spirit", dsn=postgresql.patient_dsn(url), **common)
    return SqliteHuey("spirit", filename=url.removeprefix("sqlite:///"), **common)


queue = queue_at(services().settings)
pump = MailPump([Lane.MAIL])
alert_pump, webhook_pump = MailPump([Lane.ALERTS], at_once=1), MailPump([Lane.WEBHOOK], at_once=1)
mail_rung, alerts_rung, webhook_rung = threading.Event(), threading.Event(), threading.Event()
trust_clock = ClockWatch()
darkroom, patient_darkroom = PicturePump(), PicturePump()


@queue.task(expires=NUDGE_EXPIRES_S)
def deliver_mail() -> None:
    """Deliver every mail that is due. Safe to run at any time, any number of times. The other lanes' threads are rung."""
    alerts_rung.set()
    webhook_rung.set()
    if trust_clock():
        pump.ring(services())


@queue.task(expires=NUDGE_EXPIRES_S)
def expire_requests() -> None:
    """Expire every request that is past its time. Safe to run at any time, any number of times."""
    if trust_clock() and house.expire_requests(services()):
        pump.ring(services())


@queue.task(expires=NUDGE_EXPIRES_S)
def make_pictures() -> None:
    """Make every picture that nobody can see yet. Safe to run at any time, any number of times."""
    darkroom.ring(services())


@queue.task(expires=NUDGE_EXPIRES_S)
def sweep() -> None:
    """The database's own pass. Safe to run at any time, any number of times."""
    _keep_true_once()


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
        _repeat(_keep_true_once, "sweep", stop, every_s=SWEEP_EVERY_S)
        _repeat(_make_once, "pictures", stop, every_s=SWEEP_EVERY_S)  # none of these waits for another
        _repeat(do_duties, "duties", stop, every_s=DUTIES_EVERY_S, first_after_s=DUTIES_FIRST_S)
        _repeat(evaluate_alerts, "alerts", stop, every_s=ALERTS_EVERY_S, first_after_s=ALERTS_FIRST_S)
        self._lanes = [
            *(_lane(pump, "mail", stop, rung=mail_rung, first_after_s=5 * number) for number in range(AT_ONCE)),
            _lane(alert_pump, "alert mail", stop, rung=alerts_rung),
            _lane(webhook_pump, "webhook", stop, rung=webhook_rung),
        ]

    def let_lanes_finish(self) -> None:
        """The mails that are on their way get a moment more; what is cut off is sent again when its lease is over."""
        ends = time.monotonic() + LANES_DRAIN_S
        for rung in (mail_rung, alerts_rung, webhook_rung):
            rung.set()
        for lane in self._lanes:
            lane.join(max(0.0, ends - time.monotonic()))


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
            worker.let_lanes_finish()
        finally:
            jobs.interrupt_all()


def _measures() -> dict[str, float]:
    first = [task.id for task in queue.pending(limit=MAX_LOOKED_AT)]
    return {
        **waiting.measures(services().database),
        "queue.pending_count": float(queue.pending_count()),
        "queue.oldest_s": jobs.oldest_wait_s(first),
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


def _keep_true_once() -> None:
    if trust_clock():
        house.keep_true(services())
        mail_rung.set()  # an expiry has mails


def _lane(
    pump: MailPump, name: str, stop: threading.Event, *, rung: threading.Event, first_after_s: float = 0
) -> threading.Thread:
    """Sends what is due in this lane, whatever the others do."""

    def send() -> None:
        if trust_clock():
            pump.ring(services(), enough=stop.is_set)

    return _repeat(send, name, stop, every_s=SWEEP_EVERY_S, first_after_s=first_after_s, rung=rung)


def _make_once() -> None:
    """What was missed; then what can be made smaller, which no new picture waits for."""
    darkroom.ring(services())
    patient_darkroom.ring(services(), fine=True)


def do_duties() -> None:
    """Do each periodic duty whose time has come, if it is nobody else's. Safe to run at any time, any number of times."""
    from analytics.archive import archive_now

    duties.do_due(services(), {**duties.WORK_OF_CORE, duties.ARCHIVE: archive_now})


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
    work: Callable[[], object],
    name: str,
    stop: threading.Event,
    *,
    every_s: float,
    first_after_s: float = 0,
    rung: threading.Event | None = None,
) -> threading.Thread:
    """Do this in a thread of its own until the worker stops, for Huey's clock steps by the minute; and when it is rung."""
    waits_for = rung or stop

    def until_stopped() -> None:
        stop.wait(first_after_s)
        while not stop.is_set():
            with jobs.run(name) as job:
                try:
                    work()
                except Exception:  # the next pass tries again; a dead thread would not
                    job.fail()
                    log.exception("pass failed", of=name)
            if waits_for.wait(every_s) and rung is not None:
                rung.clear()

    thread = threading.Thread(target=until_stopped, name=name, daemon=True)
    thread.start()
    return thread
