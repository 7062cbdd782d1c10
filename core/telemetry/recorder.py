"""
From memory to the store, at next to no cost: whoever has something to note appends one tuple and goes on.

1. A row goes into its lane, a bounded queue in memory; no lock, no I/O. A full lane lets its oldest row go, and counts it;
   the errors' lane, when it is full, is added up by whoever filled it.
2. One thread a process, started by the first row and again after a fork, takes what is there: every ten seconds, at 500
   rows, and at once when something CRITICAL wakes it.
3. It scrubs, adds up the errors that are left by their fingerprint, and writes all of it in one transaction.
4. When that fails it tries once more, then leaves the store alone for half a minute. Rows wait meanwhile; errors are
   counted by group and lose nothing but their stories. What does not fit is lost, and the loss is written as soon as it can be.
5. At the end of the process there are two seconds for what is left.
6. With each flush goes a beat (core/telemetry/processes.py): what a killed process lost is said by whoever comes next.

Nothing here raises to whoever has something to note: a request that was answered is not failed by its record. What the
recorder itself could not do is counted by reason.
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

from core.telemetry import running
from core.telemetry.captured import Caught, caught, fingerprint_of
from core.telemetry.context import current, not_watched, unwatched
from core.telemetry.queues import FLUSH_ROWS, Lane, Lanes, now_us
from core.telemetry.rows import EventRow, MetricRow
from core.telemetry.store import Store
from core.telemetry.writer import Writer

FLUSH_EVERY_S, SAMPLE_EVERY_S = 10.0, 15.0
LOOK_FOR_LOST_EVERY_S = 60.0
BEAT_AFTER_S = 1.0  # a task that runs for longer is in the store, should its process be killed
START_AGAIN_AFTER_S = 1.0  # where no thread can be had
MIN_PAUSE_S = 0.25  # between two flushes, so that a flood is written in few transactions
END_WITHIN_S = 2.0
BODIES_A_FOLD = 25
CRITICAL = "CRITICAL"
LOOK, END = "look", "end"
NEVER = float("inf")

log = structlog.get_logger()


class Recorder:
    """
    One process's memory of what happened. service: site, console, worker or command.

    person: whom the work at hand is done for, as a keyed hash.
    samples: called by the writer every 15 seconds; returns name → value for metric_log.
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
        """Also in a forked child: what was in memory is the parent's to write, and its thread is not here."""
        self.lanes = Lanes(self._attend, self.failed)
        self.requests, self.statements, self.events, self.metrics = self.lanes.facts.values()
        self.writer = Writer(
            self.lanes, self.store, service=self.service, release=self.release, keep_totals=self._keep_totals
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
        """By reason, since the process began."""
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
        """Something happened, in the work at hand. value: in the unit of its name."""
        with self.unfailing():
            work = current.get()
            if request_id is None:
                request_id = work.request_id if work is not None else ""
            route = work.route if work is not None else ""
            self.events.add(EventRow(now_us(), kind, name, value, coach_id, subject_id, route, request_id, detail))

    def catch(
        self, error: BaseException | None, *, source: str, message: str, level: str, extra: Mapping[str, Any]
    ) -> None:
        """An error, or a line of the log that tells of one. An exception counts once, however often it is told."""
        with self.unfailing():
            self._catch(error, source=source, message=message, level=level, extra=extra)

    @contextmanager
    def unfailing(self) -> Iterator[None]:
        """What fails in here is counted by its kind, and stops there: no thread, no memory, a value like no other."""
        try:
            yield
        except Exception as error:  # whatever it is, the request that is recorded has been answered
            self.failed(error)

    def _catch(
        self, error: BaseException | None, *, source: str, message: str, level: str, extra: Mapping[str, Any]
    ) -> None:
        work = current.get()
        seen_as = getattr(error, "_seen_as", None)
        if seen_as is not None:
            if work is not None:
                work.error_id = seen_as
            return
        fingerprint = fingerprint_of(error, source, message)
        bodies = self._bodies.get(fingerprint[0], 0)
        self._bodies[fingerprint[0]] = bodies + 1
        found = caught(
            error,
            source=source,
            message=message,
            level=level,
            extra=extra,
            who=self.person(),
            fingerprint=fingerprint,
            with_body=bodies < BODIES_A_FOLD,
        )
        if error is not None:
            with suppress(AttributeError):  # a class with slots takes none
                error._seen_as = found.event_id  # type: ignore[attr-defined]
        if work is not None:
            work.error_id = found.event_id
        self.add_error(found)

    def add_error(self, found: Caught) -> None:
        """In the errors' own lane. A critical one wakes the writer."""
        with self.unfailing():
            self.lanes.errors.add(found)
            if found.level == CRITICAL:
                self._flush_at = 0.0
                self.wake()

    def beat_soon(self) -> None:
        """A task has begun: if it runs for longer than a moment, the store shall know of it."""
        with self.unfailing():
            if self._beat_at == NEVER:
                self._beat_at = time.monotonic() + BEAT_AFTER_S
                self.wake()

    def beat_now(self) -> None:
        """This process is in the store from now on."""
        with self.unfailing():
            self._flush_at = 0.0
            self.wake()

    def wake(self) -> None:
        """Have the writer look now."""
        self._start()
        self._woken = True
        self._wake.put(LOOK)

    def flush_now(self) -> bool:
        """For whoever reads in the same process what was just recorded. Whether all of it is written."""
        with self._writing, not_watched():
            self._bodies = {}
            self.writer.fold()
            return self.writer.flush()

    def end(self, within_s: float = END_WITHIN_S) -> None:
        """Write what is left, and stop. What could not be written in time is said in the log."""
        thread = self._thread
        self.writer.end_by = time.monotonic() + within_s * 0.75
        self._ending = True
        if thread is not None and thread.is_alive() and self._pid == os.getpid():
            self._wake.put(END)
            thread.join(within_s)
        if left := self.lanes.waiting + self.writer.folded + self.writer.unsure:
            unwatched.set(True)
            log.warning("monitoring rows lost at the end", rows=left)
        self.store.dispose()

    def forked(self) -> None:
        """In the child, at once after the fork."""
        self.store.engine.dispose(close=False)
        self._begin_afresh()

    # the lanes

    def _attend(self, lane: Lane) -> None:
        """Seldom: for the first row, for the one that makes many, and for each that is too much."""
        if self._thread is None:
            self._start()
        if len(lane.rows) < lane.many:
            if self._thread is not None:  # else each row asks again for one
                lane.attend_at = lane.many
            return
        lane.attend_at = lane.most + 1  # until the writer takes them
        if not self._woken:
            self.wake()
        if lane is self.lanes.errors and len(lane.rows) > lane.most:
            self._bodies = {}
            self.writer.fold_if_free()
            return
        while len(lane.rows) > lane.most:
            try:
                lane.rows.popleft()
            except IndexError:
                return
            self.lose("too many at once")

    def failed(self, error: Exception) -> None:
        """Something could not be recorded: counted by its kind."""
        with suppress(Exception):  # without memory even counting may fail
            self.lose(f"recorder: {type(error).__name__}")

    def _start(self) -> None:
        if time.monotonic() < self._start_at:
            return  # there was no thread to be had a moment ago
        try:
            self._ticket.pop()
        except IndexError:
            return
        if self._ending:
            return
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
        unwatched.set(True)
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
        """Until there is something to do. While the store is left alone only the end wakes us."""
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
            is_due = is_due or bool(running.tasks())
        if now >= writer.open_until and (is_due or self.lanes.are_many or writer.folded >= FLUSH_ROWS):
            if now >= self._lost_at and writer.flush():
                self._lost_at = now + LOOK_FOR_LOST_EVERY_S
                writer.look_for_lost()
            elif now < self._lost_at:
                writer.flush()
            self._flush_at = time.monotonic() + FLUSH_EVERY_S
        elif is_due:
            self._flush_at = now + min(FLUSH_EVERY_S, max(0.05, writer.open_until - now))

    def _rest(self) -> None:
        """For a moment, so that a flood makes few transactions. The end does not wait for it."""
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
