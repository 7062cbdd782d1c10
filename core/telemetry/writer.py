"""
Writer of the queues: one flush in one transaction, with retry, circuit breaker and quarantine of refused rows.

Used by one thread at a time, but for the aggregation of errors. When the store fails, the circuit opens for half a
minute: rows go back to their queue, and errors wait as counts. Rows that the store refuses for what they are would stop
all others: they are found by bisection, dropped and counted; the rest of their batch is written. A flush whose commit was
not answered is retried as it is, under its id, so that it is never counted twice.
"""

import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection, Float, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.types import TypeEngine

from core.errors import SetupError
from core.telemetry import error_groups, prometheus_totals, running_processes
from core.telemetry.error_capture import CapturedError
from core.telemetry.error_groups import PendingGroup
from core.telemetry.log_rows import ROWS, EventRow, Row
from core.telemetry.processes import ProcessRun
from core.telemetry.queues import Batch, Queues, now_us
from core.telemetry.store import Store
from core.telemetry.tables import FACTS, written_batch

OPEN_FOR_S = 30.0  # the circuit, after a fault of the store
TRIES, RETRY_AFTER_S = 2, 0.1  # a lock is over by then, an outage is not
MAX_GROUPS = 500  # fingerprints that wait for one flush
MAX_PARTS = 200  # transactions in search of rows that the store refuses; one of 500 takes about twenty
STAMPED = ("service", "release")  # of each row whose table has them: what this process is


def _kind(column: TypeEngine[Any]) -> type | tuple[type, ...]:
    """The Python type of a column's values."""
    if isinstance(column, Float):
        return int, float
    return str if isinstance(column, Text) else int


log = structlog.get_logger()
Item = tuple[str, Row] | PendingGroup
KINDS = {table: tuple(_kind(FACTS[table].c[name].type) for name in row._fields) for table, row in ROWS.items()}


@dataclass
class Flush:
    """The content of one transaction."""

    batch: Batch
    pending: dict[str, PendingGroup]  # by fingerprint
    losses: Counter[str] = field(default_factory=Counter)  # by reason, since the flush before
    id: str = field(default_factory=lambda: uuid.uuid4().hex)  # idempotency key, in written_batch
    may_be_there: bool = False  # its commit was begun, so the store may have it

    @property
    def count(self) -> int:
        """Rows and errors."""
        return sum(map(len, self.batch.values())) + sum(one.count for one in self.pending.values())

    @property
    def items(self) -> list[Item]:
        """Each row, and each group of errors, by itself."""
        return [*((table, row) for table, rows in self.batch.items() for row in rows), *self.pending.values()]

    @classmethod
    def of(cls, items: Sequence[Item]) -> "Flush":
        """A flush of these items alone."""
        batch: Batch = {table: [] for table in ROWS}
        pending = {}
        for item in items:
            if isinstance(item, PendingGroup):
                pending[item.first.fingerprint] = item
            else:
                batch[item[0]].append(item[1])
        return cls(batch, pending)


class Writer:
    """
    Drains the queues into the store.

    lost: by reason, since the process began. written: rows and errors.
    open_until: of time.monotonic(); the circuit is open until then. end_by: until when the last flush may retry.
    is_ending: the next flush is this process's last.
    """

    def __init__(self, queues: Queues, store: Store, *, service: str, release: str, keep_totals: bool) -> None:
        self.queues, self.store, self.service, self.release = queues, store, service, release
        self.keep_totals = keep_totals
        self.lost: Counter[str] = Counter()
        self.written = 0
        self.open_until = self.end_by = 0.0
        self.is_ending = False
        self.run = ProcessRun(service, release)
        self._unconfirmed: list[Flush] = []
        self._pending: dict[str, PendingGroup] = {}
        self._folding = threading.Lock()  # of what is pending
        self._fresh_losses: deque[tuple[str, int]] = deque()
        self._losses: Counter[str] = Counter()
        self._troubled = self._marked = False

    def lose(self, reason: str, count: int = 1) -> None:
        """Count a loss. No lock: this may run anywhere."""
        self._fresh_losses.append((reason, count))

    @property
    def folded(self) -> int:
        """Errors that wait as counts."""
        with self._folding:
            return sum(one.count for one in self._pending.values())

    def fold(self) -> None:
        """Aggregate the queued errors by fingerprint."""
        self._settle()
        with self._folding:
            self._add_up_all()

    def fold_if_free(self) -> None:
        """Aggregate unless another thread does so already; never blocks, so it may run anywhere."""
        if self._folding.acquire(blocking=False):
            try:
                self._add_up_all()
            finally:
                self._folding.release()

    def _add_up_all(self) -> None:
        for one in self.queues.errors.take():
            self._add_up(one)

    def _add_up(self, one: CapturedError) -> None:
        if one.fingerprint not in self._pending and len(self._pending) >= MAX_GROUPS:
            self.lose("errors: too many kinds at once")
            return
        self._pending.setdefault(one.fingerprint, PendingGroup(one)).add(one)

    @property
    def unconfirmed(self) -> int:
        """Rows and errors of flushes whose commit was not answered."""
        return sum(one.count for one in self._unconfirmed)

    def flush(self) -> bool:
        """Write all that is queued in one transaction; whether it is written."""
        self._settle()
        while self._unconfirmed:
            if not self._try(self._unconfirmed[0]):
                return False  # its outcome comes first, so that nothing overtakes it
            self._unconfirmed.pop(0)
        batch = {table: queue.take() for table, queue in self.queues.facts.items()}
        with self._folding:
            pending, self._pending = self._pending, {}
        losses, self._losses = self._losses, Counter()
        has_news = bool(running_processes.tasks()) or (self.is_ending and self._marked)
        if not (any(batch.values()) or pending or losses or has_news):
            return True  # an idle process writes nothing
        return self._try(Flush(batch, pending, losses))

    def look_for_lost(self) -> None:
        """Record killed processes, of this service or another, and what they lost."""
        try:
            with self.store.write() as connection:
                lost = self.run.record_lost(connection)
        except (SQLAlchemyError, SetupError, OSError) as error:
            log.info("killed processes not looked for", why=_why(error))
            return
        if lost:
            log.warning("a process ended without stopping", processes=lost)

    def _try(self, one: Flush) -> bool:
        """Write with one retry; on a fault of the store, keep it and open the circuit."""
        tries = 0
        while True:
            tries += 1
            try:
                self._write(one)
            except Exception as error:  # which of two kinds decides what becomes of the rows
                if self._is_about_rows(error):
                    return self._bisect(one, error)
                if tries < TRIES or time.monotonic() < self.end_by:
                    time.sleep(RETRY_AFTER_S)
                    continue
                self._keep(one, error)
                return False
            self._recovered()
            return True

    def _write(self, one: Flush) -> None:
        lost = [EventRow(now_us(), "lost", reason, count) for reason, count in one.losses.items()]
        with self.store.write() as connection:
            if not self._is_new(connection, one.id):
                return  # it was committed, only the answer was lost
            for table, rows in one.batch.items():
                self._insert(connection, table, [*rows, *lost] if table == "event_log" else rows)
            if self.keep_totals:
                prometheus_totals.add(connection, one.batch, self.service, one.losses)
            if not self._marked:
                error_groups.mark_release(connection, self.release, at_us=now_us())
                error_groups.mark_moments(connection)
            if one.pending:
                error_groups.write(connection, one.pending.values(), service=self.service, release=self.release)
            self.run.beat(connection, is_last=self.is_ending)
            one.may_be_there = True
        self.written += one.count
        self._marked = True

    def _is_new(self, connection: Connection, batch: str) -> bool:
        """Insert the idempotency key, in the transaction that writes the batch; whether it was new."""
        dialect = sqlite if self.store.is_sqlite else postgresql
        marked = dialect.insert(written_batch).values(batch=batch, at_us=now_us()).on_conflict_do_nothing()
        return connection.execute(marked.returning(written_batch.c.batch)).first() is not None

    def _is_about_rows(self, error: Exception) -> bool:
        """Whether the store is well and refuses the rows, by the error's type."""
        if isinstance(error, DataError | IntegrityError | ProgrammingError):
            return True
        if isinstance(error, InterfaceError):
            return self.store.is_sqlite  # it says so of a value that cannot be bound; PostgreSQL of a lost connection
        if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
            return True
        return not isinstance(error, SQLAlchemyError | SetupError | OSError | MemoryError)

    def _bisect(self, one: Flush, error: Exception) -> bool:
        """Bisect a refused flush: write what can be written; a single refused row is dropped and counted."""
        log.warning("monitoring rows refused", why=_why(error))
        self._losses.update(one.losses)
        parts, tries = [one.items], 0
        while parts:
            items = parts.pop()
            tries += 1
            if tries > MAX_PARTS or (len(items) == 1 and tries == 1):  # too many tries, or refused just now
                self.lose("could not be written", Flush.of(items).count)
                continue
            part = Flush.of(items)
            try:
                self._write(part)
            except Exception as refused:  # the same two kinds
                if not self._is_about_rows(refused):
                    self._keep(part, refused)
                    self._keep(Flush.of([item for rest in parts for item in rest]), refused)
                    return False
                if len(items) == 1:
                    self.lose("could not be written", part.count)
                else:
                    parts += [items[: len(items) // 2], items[len(items) // 2 :]]
        return False

    def _insert(self, connection: Connection, table: str, rows: list[Row]) -> None:
        if not rows:
            return
        if not all(all(map(isinstance, row, KINDS[table])) for row in rows):
            raise TypeError(f"a row does not fit {table}")  # SQLite would take a text for a number, and no reader would
        stamps = [name for name in STAMPED if name in FACTS[table].c]
        common = tuple({"service": self.service, "release": self.release}[name] for name in stamps)
        columns = (*stamps, *ROWS[table]._fields)
        mark = "?" if self.store.is_sqlite else "%s"
        places = ", ".join([mark] * len(columns))
        names_text = ", ".join(f'"{name}"' for name in columns)
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({names_text}) VALUES ({places})",  # noqa: S608 (names of our own tables)
            [common + row for row in rows],
        )

    def _settle(self) -> None:
        """Collect the losses that any thread has counted."""
        while self._fresh_losses:
            reason, count = self._fresh_losses.popleft()
            self._losses[reason] += count
            self.lost[reason] += count

    def _keep(self, one: Flush, error: Exception) -> None:
        """Keep a flush that failed and open the circuit. Errors are merged again by fingerprint."""
        if one.may_be_there and one not in self._unconfirmed:
            self._unconfirmed.append(one)
        elif not one.may_be_there:
            self._give_back(one)
        self.open_until = time.monotonic() + OPEN_FOR_S
        if not self._troubled:
            log.warning("monitoring cannot be written", why=_why(error))
            self._troubled = True

    def _give_back(self, one: Flush) -> None:
        for table, rows in one.batch.items():
            self.queues.facts[table].give_back(rows)
        with self._folding:
            for fingerprint, group in one.pending.items():
                self._pending[fingerprint] = group.merged(self._pending.get(fingerprint))
        self._losses.update(one.losses)

    def _recovered(self) -> None:
        if self._troubled:
            log.info("monitoring is written again")
            self._troubled = False


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {str(getattr(error, 'orig', None) or error).splitlines()[0]}"
