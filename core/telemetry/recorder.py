"""
Recorder of one process: events go into queues in memory, and one writer thread flushes them to the store.

1. A row is appended to a bounded queue in memory; no lock, no I/O. A full queue drops its oldest row, and counts it;
   the errors' queue, when it is full, is aggregated by whoever filled it.
2. One thread a process, started by the first row and again after a fork, takes what is there: every ten seconds, at 500
   rows, and at once when something CRITICAL wakes it.
3. It scrubs, aggregates the errors by fingerprint, and writes all of it in one transaction.
4. When that fails it retries once, then opens the circuit for half a minute. Rows wait meanwhile; errors are counted by
   group and lose nothing but their details. What does not fit is lost, and the loss is written as soon as it can be.
5. At the end of the process there are two seconds for what is left.
6. With each flush goes a heartbeat (core/telemetry/processes.py): another process records what a killed one lost.

Nothing here raises to the caller: a request that was answered is not failed by its record. What the recorder itself
could not do is counted by reason.
"""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

import structlog

from core.telemetry import running_processes
from core.telemetry.error_capture import CapturedError, capture, fingerprint_of
from core.telemetry.log_rows import EventRow, MetricRow
from core.telemetry.queues import FLUSH_ROWS, Queues, RowQueue, now_us
from core.telemetry.request_context import current, suppress_recording, suppressed
from core.telemetry.store import Store
from core.telemetry.writer import Writer

FLUSH_EVERY_S, SAMPLE_EVERY_S = (
    10.0,
    15.0,
)  # a page of the monitor is at most ten seconds behind; Prometheus' usual step
LOOK_FOR_LOST_EVERY_S = 60.0  # the alert rule about killed processes is evaluated once a minute
BEAT_AFTER_S = 1.0  # a task that runs for longer is in the store, should its process be killed
START_AGAIN_AFTER_S = 1.0  # where no thread can be had
MIN_PAUSE_S = 0.25  # between two flushes, so that a flood is written in few transactions
END_WITHIN_S = 2.0  # of the ten that Docker gives a process between SIGTERM and SIGKILL
MAX_BODIES = 25  # events with details of one fingerprint between two aggregations; the rest is counted
CRITICAL = "CRITICAL"
LOOK, END = "look", "end"
NEVER = float("inf")

log = structlog.get_logger()


class Recorder:
    """
    One process's recorder.

    service: site, console, worker or command. person: pseudonym of the current context.
    samples: called by the writer every 15 seconds; returns name → value for metric_log.
    keep_totals: also add to the totals for Prometheus.
    """

    def __init__(
        self,
        store: Store,
        *,
        service: str,
        release: str,
        person: Callable[[], str] = str,
        samples: Callable[[], Mapping[str, float]] | None = None,
        keep_totals: bool = False,
    ) -> None:
        self.store, self.service, self.release = store, service, release
        self.person = person
        self._samples = samples
        self._keep_totals = keep_totals
        self._begin_afresh()

    def _begin_afresh(self) -> None:
        """Initialise queues and writer; also in a forked child, for the rows in memory are the parent's, and its thread is not here."""
        self.queues = Queues(self._attend, self.failed)
        self.requests, self.statements, self.events, self.metrics = self.queues.facts.values()
        self.writer = Writer(
            self.queues, self.store, service=self.service, release=self.release, keep_totals=self._keep_totals
        )
        self.lose = self.writer.lose
        self._pid = os.getpid()
        self._wake: SimpleQueue[str] = SimpleQueue()
        self._woken = False
        self._ticket = [True]  # whoever pops it starts the thread
        self._thread: threading.Thread | None = None
        self._ending = False
        self._writing = threading.Lock()  # between the thread and flush_now; nobody else takes it
        self._bodies: dict[str, int] = {}
        self._flush_at = self._sample_at = self._lost_at = self._start_at = 0.0
        self._beat_at = NEVER

    @property
    def lost(self) -> Counter[str]:
        """Lost rows and errors by reason, since the process began."""
        return self.writer.lost

    # what others call

    def event(
        self,
        kind: str,
        name: str,
        *,
        value: float = 0.0,
        coach_id: int = 0,
        subject_id: int = 0,
        request_id: str | None = None,
        detail: str = "",
    ) -> None:
        """Record an event (event_log) in the current context. value: in the unit of its name."""
        with self.unfailing():
            work = current.get()
            if request_id is None:
                request_id = work.request_id if work is not None else ""
            route = work.route if work is not None else ""
            self.events.add(EventRow(now_us(), kind, name, value, coach_id, subject_id, route, request_id, detail))

    def catch(
        self, error: BaseException | None, *, source: str, message: str, level: str, extra: Mapping[str, Any]
    ) -> None:
        """Record an error, or a log line about one. An exception object counts once, however often it is logged."""
        with self.unfailing():
            self._catch(error, source=source, message=message, level=level, extra=extra)

    @contextmanager
    def unfailing(self) -> Iterator[None]:
        """Swallow and count by type whatever fails in this block: no thread, no memory, a value that cannot be shown."""
        try:
            yield
        except Exception as error:  # whatever it is, the request that is recorded has been answered
            self.failed(error)

    def _catch(
        self, error: BaseException | None, *, source: str, message: str, level: str, extra: Mapping[str, Any]
    ) -> None:
        work = current.get()
        event_id = getattr(error, "_event_id", None)
        if event_id is not None:  # recorded already, where it was logged first: only link it
            if work is not None:
                work.error_id = event_id
            return
        fingerprint = fingerprint_of(error, source, message)
        bodies = self._bodies.get(fingerprint[0], 0)
        self._bodies[fingerprint[0]] = bodies + 1
        captured = capture(
            error,
            source=source,
            message=message,
            level=level,
            extra=extra,
            who=self.person(),
            fingerprint=fingerprint,
            with_body=bodies < MAX_BODIES,
        )
        if error is not None:
            with suppress(AttributeError):  # a class with slots takes none
                error._event_id = captured.event_id  # type: ignore[attr-defined]
        if work is not None:
            work.error_id = captured.event_id
        self.add_error(captured)

    def add_error(self, captured: CapturedError) -> None:
        """Enqueue a captured error. A CRITICAL one wakes the writer."""
        with self.unfailing():
            self.queues.errors.add(captured)
            if captured.level == CRITICAL:
                self._flush_at = 0.0
                self.wake()

    def beat_soon(self) -> None:
        """Schedule a heartbeat in BEAT_AFTER_S: a task has begun, and the store shall know of it if it runs for longer."""
        with self.unfailing():
            if self._beat_at == NEVER:
                self._beat_at = time.monotonic() + BEAT_AFTER_S
                self.wake()

    def beat_now(self) -> None:
        """Flush now, so that this process has its row in the store."""
        with self.unfailing():
            self._flush_at = 0.0
            self.wake()

    def wake(self) -> None:
        """Wake the writer thread."""
        self._start()
        self._woken = True
        self._wake.put(LOOK)

    def flush_now(self) -> bool:
        """Flush on the caller's thread, so that it can read what was just recorded. Whether all of it is written."""
        with self._writing, suppress_recording():
            self._bodies = {}
            self.writer.fold()
            return self.writer.flush()

    def end(self, within_s: float = END_WITHIN_S) -> None:
        """Flush what is left and stop the writer. What could not be written in time is logged."""
        thread = self._thread
        self.writer.end_by = time.monotonic() + within_s * 0.75
        self._ending = True
        if thread is not None and thread.is_alive() and self._pid == os.getpid():
            self._wake.put(END)
            thread.join(within_s)
        if left := self.queues.waiting + self.writer.folded + self.writer.unconfirmed:
            suppressed.set(True)
            log.warning("monitoring rows lost at the end", rows=left)
        self.store.dispose()

    def forked(self) -> None:
        """Reset in the child, at once after a fork."""
        self.store.engine.dispose(close=False)
        self._begin_afresh()

    # the queues

    def _attend(self, queue: RowQueue) -> None:
        """Start or wake the writer, or drop the oldest: for a queue's first row, for the one that makes many, for each too much."""
        if self._thread is None:
            self._start()
        if len(queue.rows) < queue.many:
            if self._thread is not None:  # else each row asks again for one
                queue.attend_at = queue.many
            return
        queue.attend_at = queue.most + 1  # until the writer takes them
        if not self._woken:
            self.wake()
        if queue is self.queues.errors and len(queue.rows) > queue.most:  # aggregated instead of dropped
            self._bodies = {}
            self.writer.fold_if_free()
            return
        while len(queue.rows) > queue.most:
            try:
                queue.rows.popleft()
            except IndexError:  # the writer has drained it meanwhile
                return
            self.lose("too many at once")

    def failed(self, error: Exception) -> None:
        """Count something that could not be recorded, by the error's type."""
        with suppress(Exception):  # without memory even counting may fail
            self.lose(f"recorder: {type(error).__name__}")

    def _start(self) -> None:
        """Start the writer thread, if this caller gets the ticket for it."""
        if time.monotonic() < self._start_at:
            return  # there was no thread to be had a moment ago
        try:
            self._ticket.pop()
        except IndexError:
            return  # another caller starts it, or it runs
        if self._ending:
            return  # `end` writes the rest
        self._flush_at = time.monotonic() + FLUSH_EVERY_S
        thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        try:
            thread.start()
        except Exception:
            self._start_at = time.monotonic() + START_AGAIN_AFTER_S
            self._ticket.append(True)
            raise
        self._thread = thread

    # the writer's thread

    def _run(self) -> None:
        suppressed.set(True)
        while not self._ending:
            self._sleep()
            try:
                self._look()
                self._rest()
            except Exception as error:  # the next look tries again; a dead thread would not
                log.warning("monitor failed", why=type(error).__name__)
                self.lose("our own mistake")
                time.sleep(1)
        self.writer.open_until = 0.0
        self.writer.is_ending = True
        self.flush_now()

    def _sleep(self) -> None:
        """Wait until there is something to do. While the circuit is open only the end wakes us."""
        now = time.monotonic()
        open_for = self.writer.open_until - now
        until = min(self._flush_at, self._beat_at, self._sample_at if self._samples else NEVER)
        pause = min(open_for, 1.0) if open_for > 0 else max(0.0, min(until - now, FLUSH_EVERY_S))
        try:
            woken = self._wake.get(timeout=pause)
            while woken is not END and (open_for > 0 or not self._wake.empty()):
                woken = self._wake.get(timeout=max(0.0, now + pause - time.monotonic()))
        except Empty:
            pass
        self._woken = open_for > 1.0  # so that nobody rings for nothing

    def _look(self) -> None:
        with self._writing:
            self._look_once()

    def _look_once(self) -> None:
        now, writer = time.monotonic(), self.writer
        if self._samples is not None and now >= self._sample_at:
            self._sample_at = now + SAMPLE_EVERY_S
            self._sample(self._samples)
        self._bodies = {}
        writer.fold()
        is_due = now >= self._flush_at
        if now >= self._beat_at:
            self._beat_at = NEVER
            is_due = is_due or bool(running_processes.tasks())
        if now >= writer.open_until and (is_due or self.queues.are_many or writer.folded >= FLUSH_ROWS):
            if now >= self._lost_at and writer.flush():
                self._lost_at = now + LOOK_FOR_LOST_EVERY_S
                writer.look_for_lost()
            elif now < self._lost_at:
                writer.flush()
            self._flush_at = time.monotonic() + FLUSH_EVERY_S
        elif is_due:
            self._flush_at = now + min(FLUSH_EVERY_S, max(0.05, writer.open_until - now))

    def _rest(self) -> None:
        """Pause between two flushes, so that a flood makes few transactions. The end does not wait for it."""
        until = time.monotonic() + MIN_PAUSE_S
        while not self._ending and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))

    def _sample(self, samples: Callable[[], Mapping[str, float]]) -> None:
        try:
            measured = samples()
        except Exception as error:  # the gym's database may be away, and the rows in memory must not wait for it
            self.lose(f"measures: {type(error).__name__}")
            return
        at_us = now_us()
        for name, value in measured.items():
            self.metrics.add(MetricRow(at_us, self._pid, name, float(value)))
