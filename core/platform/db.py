"""
Database access and transactions, on SQLite or PostgreSQL.

    database.read()                       a session that cannot write
    database.write(coach=7)               a transaction that holds the coach's row; commits when the block ends
    database.transact(lambda tx: command(tx.session, tx.coach, …, now=tx.now), coach=7)     one command in such a transaction

Every writing transaction on SQLite waits in one queue (core/platform/write_queue.py) and begins IMMEDIATE: a read that turns
into a write would fail at once, whatever the timeout. On PostgreSQL the coach's row is the queue.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, select, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core.errors import DiskFull, NotFound, Unavailable
from core.platform import clock, commit_outcome, postgresql
from core.platform.database_in_use import InUse
from core.platform.disk import is_full as disk_is_full
from core.platform.orm import Base
from core.platform.write_queue import WAIT_S, Turns, WriteQueue

T = TypeVar("T")
POSTGRESQL_WRITERS = 8  # of one process; more of them only wait for each other
CANNOT_BE_SHOWN = "We cannot show this just now. Please try again in a moment."
MAX_WAL_BYTES = 16 << 20  # four times what SQLite writes between two of its own checkpoints
WROTE = "wrote"
# The first six letters of statements that change nothing; all others move the coach's version.
ONLY_READS = ("SELECT", "BEGIN", "SAVEPO", "RELEAS", "ROLLBA", "PRAGMA", "SHOW")
PG_DISK_FULL = "53100"
TRY_AGAIN = ("40P01", "40001")  # deadlock, serialization failure
AFTER_COMMIT: list[
    Callable[[Session], None]
] = []  # whoever has to hear of a commit adds itself; none of them may raise


@dataclass(frozen=True)
class Transaction:
    """An open write transaction."""

    session: Session
    now: datetime  # read after the lock was granted
    locked: Any = None  # the locked row, if one was asked for

    @property
    def coach(self) -> Any:
        """The locked core.schedule.models.Coach, which stands a layer above. Only where `coach=` was given: anything else is a mistake of ours."""
        assert self.locked is not None, "no coach was locked: the command needs `coach=`"
        return self.locked


class Database:
    """Engines, pools and transactions of one process. Cheap to make; connects on first use."""

    def __init__(self, url: str, *, wait_s: float = WAIT_S) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.wait_s = wait_s
        self.queue: WriteQueue | None = None
        self.in_use: InUse | None = None
        self.turns = Turns(POSTGRESQL_WRITERS)
        if self.is_sqlite:
            path = Path(self.url.database or "")
            path.parent.mkdir(parents=True, exist_ok=True)
            self.queue = WriteQueue(path.with_name(path.name + ".lock"))
            self.in_use = InUse(path)
        self.write_engine = self._engine(query_only=False)
        self.read_engine = self._engine(query_only=True) if self.is_sqlite else self.write_engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only session on one snapshot; the database refuses a write. Raises Unavailable: it is away, or busy."""
        with Session(self.read_engine, expire_on_commit=False) as session:
            try:
                if not self.is_sqlite:
                    session.connection(
                        execution_options={"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
                    )
                yield session
            except (OperationalError, PoolTimeout) as error:
                raise Unavailable(CANNOT_BE_SHOWN) from error

    @contextmanager
    def write(self, coach: int | None = None, *, deadline: float | None = None) -> Iterator[Transaction]:
        """
        A write transaction: locks the coach's row, only then reads the clock; commits when the block ends well.

        Args:
            coach: whose time it touches; her schedule_version moves, if anything is written.
            deadline: of time.monotonic(); wait_s from now when left out.

        Raises:
            Unavailable: the database stayed busy until the deadline, or is away. Nothing was stored. DiskFull: nor can it be.
            OutcomeUnknown: the connection was lost over COMMIT, and nobody could be asked what became of it.
            NotFound: no such coach.
            OperationalError: a deadlock or serialization failure, which may be tried again (`transact` does).
        """
        deadline = deadline if deadline is not None else time.monotonic() + self.wait_s
        engine = self.write_engine.execution_options(deadline=deadline)
        with self._turn(deadline), Session(engine, expire_on_commit=False) as session:
            try:
                with session.begin():
                    locked = self._lock_coach(session, coach)
                    yield Transaction(session, clock.now(), locked)
                    self._finish(session, locked)
                for hook in AFTER_COMMIT:
                    hook(session)
            except PoolTimeout as error:
                raise Unavailable from error
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) in TRY_AGAIN:  # for `transact`, which tries once more
                    raise
                raise self._refusal(error) from error

    def _refusal(self, error: OperationalError) -> Unavailable:
        """Tell a full disk from a busy database, for waiting does not help: SQLite calls it an I/O error where it maps a file."""
        message = str(error.orig)
        is_full = "disk is full" in message or getattr(error.orig, "sqlstate", None) == PG_DISK_FULL
        if self.is_sqlite and "disk I/O error" in message:
            is_full = disk_is_full(Path(self.url.database or "").parent)
        return DiskFull() if is_full else Unavailable()

    def transact(
        self, command: Callable[[Transaction], T], *, coach: int | None = None, deadline: float | None = None
    ) -> T:
        """
        Run one command in one transaction, and return its answer.

        A deadlock or serialization failure is tried once more: the command may run twice.

        Args:
            command: `lambda tx: request_lesson(tx.session, tx.coach, wanted, now=tx.now)`.
            coach, deadline: as of `write`.

        Raises:
            Unavailable: as `write`, and after the second try.
            DiskFull, OutcomeUnknown, NotFound: as `write`; and what the command raises.
        """
        for last_try in (False, True):
            try:
                with self.write(coach, deadline=deadline) as transaction:
                    return command(transaction)
            except OperationalError as error:
                if last_try:
                    raise Unavailable from error
        raise AssertionError("unreachable")

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The distinct engines: on PostgreSQL one reads and writes."""
        return (self.write_engine, self.read_engine) if self.is_sqlite else (self.write_engine,)

    def dispose(self) -> None:
        """Close every pooled connection."""
        for engine in self.engines:
            engine.dispose()
        if self.in_use is not None:
            self.in_use.release()

    @contextmanager
    def _turn(self, deadline: float) -> Iterator[None]:
        """A writer's turn on PostgreSQL, taken before a connection is. SQLite's is taken at BEGIN, whoever begins."""
        if self.is_sqlite:
            yield
            return
        self.turns.take(deadline)
        try:
            yield
        finally:
            self.turns.give_back()

    def _lock_coach(self, session: Session, coach: int | None) -> Any:
        if coach is None:  # not about a coach's time: nothing to lock
            session.connection()  # begins, so that the clock is read after the wait
            return None
        row = _coach_class()
        locked = session.scalar(select(row.id).where(row.id == coach).with_for_update(key_share=True))
        if locked is None:
            raise NotFound("We know no such coach.")
        session.connection().info[WROTE] = False
        return session.get_one(row, coach)

    def _finish(self, session: Session, coach: Any) -> None:
        """COMMIT, with the coach's version moved if the transaction wrote: a request sent again refreshes no page."""
        session.flush()
        if coach is not None and session.connection().info.pop(WROTE, True):
            row = type(coach)
            session.execute(update(row).where(row.id == coach.id).values(schedule_version=row.schedule_version + 1))
        if self.is_sqlite:
            commit_outcome.on_sqlite(session)
        else:
            commit_outcome.on_postgresql(session, self.write_engine)

    def _engine(self, *, query_only: bool) -> Engine:
        if not self.is_sqlite:
            engine = create_engine(
                self.url.set(drivername="postgresql+psycopg"),
                hide_parameters=True,
                pool_pre_ping=True,
                pool_size=POSTGRESQL_WRITERS,
                max_overflow=22,
                pool_timeout=self.wait_s,
                connect_args=postgresql.limits(self.wait_s),
            )
            postgresql.limit_answers(engine, self.wait_s)
            event.listen(engine, "before_cursor_execute", _note_writes)
            return engine
        engine = create_engine(
            self.url,
            hide_parameters=True,
            pool_size=64,
            max_overflow=0,
            pool_timeout=self.wait_s,
            connect_args={"check_same_thread": False},
        )
        event.listen(engine, "do_connect", self._hold)
        event.listen(engine, "connect", _query_only if query_only else _prepare)
        if query_only:
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        else:
            event.listen(engine, "before_cursor_execute", _note_writes)
            event.listen(engine, "begin", self._begin_writing)
            event.listen(engine, "checkin", self._end_of_turn)
        return engine

    def _hold(self, dialect: Any, record: Any, arguments: Any, options: Any) -> None:
        """Acquire the shared lock before a connection is made, so that none is made during a restore."""
        if self.in_use is not None:
            self.in_use.hold()

    def _begin_writing(self, connection: Connection) -> None:
        """Turn, file lock, BEGIN IMMEDIATE: one deadline for all. SQLite's busy_timeout covers writers outside our queue."""
        assert self.queue is not None
        deadline = connection.get_execution_options().get("deadline", time.monotonic() + self.wait_s)
        if connection.info.get("turn") is None:
            self.queue.acquire(deadline)
            connection.info["turn"] = self.queue
        left_ms = max(1, int((deadline - time.monotonic()) * 1000))
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {left_ms}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _end_of_turn(self, dbapi_connection: sqlite3.Connection | None, record: Any) -> None:
        """Release the turn when the connection is back in the pool: SQLAlchemy's `commit` event fires before the statement."""
        if turn := record.info.pop("turn", None):
            turn.release()


def _note_writes(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    """Mark the connection as written to, by any statement that is not surely a read."""
    if not statement.lstrip()[:6].upper().startswith(ONLY_READS):
        connection.info[WROTE] = True


@cache
def _coach_class() -> Any:
    """The ORM class of table `coach`, by the table's name: core.schedule is a layer above."""
    return next(
        mapper.class_ for mapper in Base.registry.mappers if mapper.local_table is Base.metadata.tables["coach"]
    )


def guard_named(error: DBAPIError) -> str:
    """The name of the violated constraint, trigger or index; the columns' names where SQLite tells no more."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None and diagnosis.constraint_name:
        return str(diagnosis.constraint_name)
    return str(error.orig)


def _prepare(dbapi_connection: sqlite3.Connection, record: Any) -> None:
    """Set the pragmas of every connection to SQLite, and a lower() that knows all of Unicode."""
    dbapi_connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"journal_size_limit = {MAX_WAL_BYTES}",
        "secure_delete = ON",  # what is deleted or blanked is overwritten, whatever this SQLite was built with
    ):
        dbapi_connection.execute(f"PRAGMA {pragma}")
    dbapi_connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows ASCII alone


def _lower(value: str | None) -> str | None:
    return None if value is None else str(value).lower()


def _query_only(dbapi_connection: sqlite3.Connection, record: Any) -> None:
    _prepare(dbapi_connection, record)
    dbapi_connection.execute("PRAGMA busy_timeout = 10000")
    dbapi_connection.execute("PRAGMA query_only = ON")
