"""
From memory to the store, at next to no cost: whoever has something to note appends one tuple and goes on.

1. A row goes into its lane, a bounded queue in memory; no lock, no I/O. A full lane lets its oldest row go, and counts it.
2. One thread a process, started by the first row and again after a fork, takes what is there: every ten seconds, at 500
   rows, and at once when something CRITICAL wakes it.
3. It scrubs, adds errors up by their fingerprint, and writes all of it in one transaction.
4. When that fails it tries once more, then leaves the store alone for half a minute. Rows wait meanwhile; errors are
   counted by group and lose nothing but their stories. What does not fit is lost, and the loss is written as soon as it can be.
5. At the end of the process there are two seconds for what is left.
"""

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError, StatementError

from core.errors import SetupError
from core.telemetry import error_groups, totals
from core.telemetry.catching import Caught, caught, fingerprint_of
from core.telemetry.error_groups import Pending
from core.telemetry.store import Store
from core.telemetry.work import current, not_watched, unwatched

FLUSH_EVERY_S = 10.0
FLUSH_ROWS = 500
FOLD_ERRORS = 100
LEAST_PAUSE_S = 0.25  # between two flushes, so that a flood is written in few transactions
OPEN_FOR_S = 30.0
TRIES, RETRY_AFTER_S = 2, 0.1
END_WITHIN_S = 2.0
BODIES_A_FOLD = 25
MOST_GROUPS = 500
CRITICAL = "CRITICAL"
LOOK, END = "look", "end"

COLUMNS = {
    "request_log": (
        "at_us", "kind", "method", "route", "status", "outcome", "duration_us", "wait_us", "ttfb_us", "db_us",
        "db_count", "db_same_max", "cache", "who", "request_id", "error_id",
    ),
    "statement_log": ("at_us", "kind", "shape", "place", "rows", "count", "duration_us", "route", "request_id"),
    "event_log": (
        "at_us", "kind", "name", "value", "coach_id", "subject_id", "route", "request_id", "detail",
    ),
    "metric_log": ("at_us", "process", "name", "value"),
}  # fmt: skip
MOST = {"request_log": 10_000, "statement_log": 2_000, "event_log": 5_000, "metric_log": 3_000}
MOST_ERRORS = 20_000
RELEASED = ("request_log",)  # these rows name the release

Row = tuple[Any, ...]
Batch = dict[str, list[Row]]

log = structlog.get_logger()


class Lane:
    """One table's rows on their way. `attend` is called when there are many, or when nobody looks after them yet."""

    def __init__(self, many: int, most: int, attend: Callable[["Lane"], None]) -> None:
        self.rows: deque[Any] = deque()
        self.many, self.most = many, most
        self.attend_at = 1
        self._attend = attend

    def add(self, row: Any) -> None:
        rows = self.rows
        rows.append(row)
        if len(rows) >= self.attend_at:
            self._attend(self)

    def take(self) -> list[Any]:
        """All that is there. Rows that come meanwhile stay."""
        rows = self.rows
        self.attend_at = self.many
        return [rows.popleft() for _ in range(len(rows))]

    def give_back(self, rows: Iterable[Any]) -> None:
        """As the oldest."""
        self.rows.extendleft(reversed(list(rows)))


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
        flush_every_s: float = FLUSH_EVERY_S,
        sample_every_s: float = 15.0,
    ) -> None:
        self.store, self.service, self.release = store, service, release
        self.keep_totals = keep_totals
        self.flush_every_s, self.sample_every_s = flush_every_s, sample_every_s
        self.person = person
        self._samples = samples
        self._begin_afresh()

    def _begin_afresh(self) -> None:
        """Also in a forked child: what was in memory is the parent's to write, and its thread is not here."""
        self.lanes = {table: Lane(FLUSH_ROWS, most, self._attend) for table, most in MOST.items()}
        self.requests, self.statements = self.lanes["request_log"], self.lanes["statement_log"]
        self.events, self.metrics = self.lanes["event_log"], self.lanes["metric_log"]
        self.errors = Lane(FOLD_ERRORS, MOST_ERRORS, self._attend)
        self._pid = os.getpid()
        self._wake: SimpleQueue[str] = SimpleQueue()
        self._woken = False
        self._ticket = [True]  # whoever pops it starts the thread
        self._thread: threading.Thread | None = None
        self._ending, self._end_by = False, 0.0
        self._writing = threading.Lock()  # between the writer and flush_now; nobody else takes it
        self._pending: dict[str, Pending] = {}
        self._bodies: dict[str, int] = {}
        self._fresh_losses: deque[tuple[str, int]] = deque()
        self._losses: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.written = 0
        self._open_until = 0.0
        self._flush_at = 0.0
        self._sample_at = 0.0
        self._troubled = self._marked = False

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
        work = current.get()
        if request_id is None:
            request_id = work.request_id if work is not None else ""
        route = work.route if work is not None else ""
        self.events.add((now_us(), kind, name, value, coach_id, subject_id, route, request_id, detail))

    def catch(
        self, error: BaseException | None, *, source: str, message: str, level: str, extra: Mapping[str, Any]
    ) -> None:
        """An error, or a line of the log that tells of one. An exception counts once, however often it is told."""
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
            error._seen_as = found.event_id  # type: ignore[attr-defined]
        if work is not None:
            work.error_id = found.event_id
        self.add_error(found)

    def add_error(self, found: Caught) -> None:
        """In the errors' own lane. A critical one wakes the writer."""
        self.errors.add(found)
        if found.level == CRITICAL:
            self._flush_at = 0.0
            self.wake()

    def lose(self, reason: str, count: int = 1) -> None:
        """Count what could not be kept. No lock: this may run anywhere."""
        self._fresh_losses.append((reason, count))

    def wake(self) -> None:
        """Have the writer look now."""
        self._start()
        self._woken = True
        self._wake.put(LOOK)

    def flush_now(self) -> bool:
        """For whoever reads in the same process what was just recorded. Whether all of it is written."""
        with self._writing, not_watched():
            self._fold()
            return self.flush()

    def end(self, within_s: float = END_WITHIN_S) -> None:
        """Write what is left, and stop. What could not be written in time is said in the log."""
        thread = self._thread
        self._end_by = time.monotonic() + within_s * 0.75
        self._ending = True
        if thread is not None and thread.is_alive() and self._pid == os.getpid():
            self._wake.put(END)
            thread.join(within_s)
        left = sum(len(lane.rows) for lane in (*self.lanes.values(), self.errors))
        left += sum(one.count for one in list(self._pending.values()))
        if left:
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
            lane.attend_at = lane.many
            return
        lane.attend_at = lane.most + 1  # until the writer takes them
        if not self._woken:
            self.wake()
        while len(lane.rows) > lane.most:
            try:
                lane.rows.popleft()
            except IndexError:
                return
            self.lose("errors: too many at once" if lane is self.errors else "too many at once")

    def _start(self) -> None:
        try:
            self._ticket.pop()
        except IndexError:
            return
        if self._ending:
            return
        self._flush_at = time.monotonic() + self.flush_every_s
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._thread.start()

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
        self._open_until = 0.0
        self.flush_now()

    def _sleep(self) -> None:
        """Until there is something to do. While the store is left alone only the end wakes us."""
        now = time.monotonic()
        open_for = self._open_until - now
        until = min(self._flush_at, self._sample_at) if self._samples else self._flush_at
        pause = min(open_for, 1.0) if open_for > 0 else max(0.0, min(until - now, self.flush_every_s))
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
        now = time.monotonic()
        if self._samples is not None and now >= self._sample_at:
            self._sample_at = now + self.sample_every_s
            self._sample(self._samples)
        self._settle()
        self._fold()
        many = any(len(lane.rows) >= FLUSH_ROWS for lane in self.lanes.values())
        if now >= self._open_until and (many or now >= self._flush_at or self._folded >= FLUSH_ROWS):
            self.flush()
            self._flush_at = time.monotonic() + self.flush_every_s
        elif now >= self._flush_at:
            self._flush_at = now + min(self.flush_every_s, max(0.05, self._open_until - now))

    def _rest(self) -> None:
        """For a moment, so that a flood makes few transactions. The end does not wait for it."""
        until = time.monotonic() + LEAST_PAUSE_S
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
            self.metrics.add((at_us, self._pid, name, float(value)))

    @property
    def _folded(self) -> int:
        return sum(one.count for one in self._pending.values())

    def _fold(self) -> None:
        """Errors that are the same become one with a count."""
        self._bodies = {}
        for one in self.errors.take():
            self._add_up(one)

    def _add_up(self, one: Caught) -> None:
        if one.fingerprint not in self._pending and len(self._pending) >= MOST_GROUPS:
            self.lose("errors: too many kinds at once")
            return
        self._pending.setdefault(one.fingerprint, Pending(one)).add(one)

    def flush(self) -> bool:
        """Write all there is in one transaction; whether it is written."""
        self._settle()
        batch = {table: lane.take() for table, lane in self.lanes.items()}
        pending, self._pending = self._pending, {}
        losses, self._losses = self._losses, Counter()
        if not (any(batch.values()) or pending or losses):
            return True
        tries = 0
        while True:
            tries += 1
            try:
                self._write(batch, pending, losses)
            except (DataError, IntegrityError, UnicodeError) as error:
                return self._unwritable(batch, pending, losses, error)
            except (SQLAlchemyError, SetupError, OSError) as error:
                if isinstance(error, StatementError) and error.orig is None:
                    return self._unwritable(batch, pending, losses, error)
                if tries < TRIES or (self._ending and time.monotonic() < self._end_by):
                    time.sleep(RETRY_AFTER_S)
                    continue
                self._give_back(batch, pending, losses, error)
                return False
            self.written += sum(map(len, batch.values())) + sum(one.count for one in pending.values())
            self._marked = True
            self._well_again()
            return True

    def _write(self, batch: Batch, pending: Mapping[str, Pending], losses: Mapping[str, int]) -> None:
        lost = [(now_us(), "lost", reason, count, 0, 0, "", "", "") for reason, count in losses.items()]
        with self.store.write() as connection:
            for table, rows in batch.items():
                self._insert(connection, table, [*rows, *lost] if table == "event_log" else rows)
            if self.keep_totals:
                totals.add(connection, batch, self.service, losses)
            if not self._marked:
                error_groups.mark_release(connection, self.release, at_us=now_us())
            if pending:
                error_groups.write(connection, pending.values(), service=self.service, release=self.release)

    def _insert(self, connection: Connection, table: str, rows: list[Row]) -> None:
        if not rows:
            return
        common = (self.service, self.release) if table in RELEASED else (self.service,)
        names = ("service", "release") if table in RELEASED else ("service",)
        columns = (*names, *COLUMNS[table])
        mark = "?" if self.store.is_sqlite else "%s"
        places = ", ".join([mark] * len(columns))
        names_text = ", ".join(f'"{name}"' for name in columns)
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({names_text}) VALUES ({places})",  # noqa: S608 (names of our own tables)
            [common + row for row in rows],
        )

    # trouble

    def _settle(self) -> None:
        """Losses that were counted anywhere, added up."""
        while self._fresh_losses:
            reason, count = self._fresh_losses.popleft()
            self._losses[reason] += count
            self.lost[reason] += count

    def _give_back(self, batch: Batch, pending: dict[str, Pending], losses: Counter[str], error: Exception) -> None:
        """The store is left alone for a while. Errors come together again by their fingerprint."""
        for table, rows in batch.items():
            self.lanes[table].give_back(rows)
        for fingerprint, one in pending.items():
            self._pending[fingerprint] = one.merged(self._pending.get(fingerprint))
        self._losses.update(losses)
        self._open_until = time.monotonic() + OPEN_FOR_S
        if not self._troubled:
            log.warning("monitoring cannot be written", why=_why(error))
            self._troubled = True

    def _unwritable(self, batch: Batch, pending: dict[str, Pending], losses: Counter[str], error: Exception) -> bool:
        """The store is well, and refuses these very rows: trying again would stop all that follow."""
        self._losses.update(losses)
        self.lose("could not be written", sum(map(len, batch.values())) + sum(one.count for one in pending.values()))
        log.warning("monitoring rows refused", why=_why(error))
        return False

    def _well_again(self) -> None:
        if self._troubled:
            log.info("monitoring is written again")
            self._troubled = False


def now_us() -> int:
    return time.time_ns() // 1000


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {str(getattr(error, 'orig', None) or error).splitlines()[0]}"
