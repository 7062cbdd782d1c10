"""
Schema migrations for SQLite and PostgreSQL, by Alembic, under a lock.

    triggers_and_constraints.py  guards of the database: exclusion constraints, triggers
    check_constraints.py         helper: widens a CHECK without rebuilding its table
    identities.py                helper: AUTOINCREMENT for an existing table
    models.py                    every table, for the metadata
    env.py                       Alembic's environment
    versions/                    the migrations, in order

`migrate` brings a database to the newest schema, in steps:

1. Nothing to do at head. A database newer than this program is refused.
2. Take the lock: an advisory one on PostgreSQL, the writers' queue and BEGIN IMMEDIATE on SQLite. Whoever waited looks again.
3. On SQLite copy the file first, into `backups` beside it.
4. Upgrade in one transaction. On SQLite foreign keys are off meanwhile (a batch rebuilds tables, and would empty or
   refuse their children) and checked before COMMIT.
5. The guards must stand.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from core.errors import GuardMissing, SchemaNewer, SchemaOutdated, Unavailable
from core.migrations import triggers_and_constraints
from core.platform import clock, postgresql
from core.platform.db import Database

BUSY = "The database was busy for too long. Nothing was changed; please try again."
LOCK_NOT_AVAILABLE = "55P03"
LOCK_KEY = 5_717_264_101  # of ours alone
WAIT_S = 60.0


def migrate(database: Database, *, revision: str = "head") -> bool:
    """
    Bring the schema to this revision. Two at once are safe: one waits for the other.

    Returns:
        Whether anything changed.

    Raises:
        SchemaNewer: made by a newer program.
        Unavailable: the lock was not free within a minute.
    """
    wanted = _script().get_current_head() if revision == "head" else revision
    with _migrating(database) as connection:
        current = _current(connection)
        if current == wanted:
            return False
        _refuse_newer(current)
        if database.is_sqlite and current is not None:
            _copy_before(database, current)
        command.upgrade(_config(connection), revision)
        if database.is_sqlite:
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise GuardMissing(f"the migration left rows without their parents: {broken[:5]}")
        _check_guards(connection)
    return True


def check_schema(database: Database) -> None:
    """
    Refuse to start on a schema that is not this program's, or without its guards.

    Raises:
        SchemaOutdated, SchemaNewer, GuardMissing: each says what to do.
    """
    with database.read_engine.connect() as connection:
        current = _current(connection)
        _refuse_newer(current)
        if current != _script().get_current_head():
            raise SchemaOutdated("The database is older than this program. Run `spirit migrate`.")
        _check_guards(connection)


def _check_guards(connection: Connection) -> None:
    if gone := triggers_and_constraints.missing(connection):
        raise GuardMissing(f"The database lacks {', '.join(sorted(gone))}. Restore it from a backup, or ask for help.")


def _refuse_newer(current: str | None) -> None:
    if current is None:
        return
    try:
        known = _script().get_revision(current)
    except CommandError:
        known = None
    if known is None:
        raise SchemaNewer(
            "The database is newer than this program. Install the newer program, or restore an older backup."
        )


@contextmanager
def _migrating(database: Database) -> Iterator[Connection]:
    """A connection of its own, in one transaction, under the lock."""
    deadline = time.monotonic() + WAIT_S
    if database.queue is not None:
        try:
            database.queue.acquire(deadline)
        except Unavailable:
            raise Unavailable(BUSY) from None
    try:
        with _locked(database, deadline) as connection, connection.get_transaction() or connection.begin():
            yield connection
    finally:
        if database.queue is not None:
            database.queue.release()


def _locked(database: Database, deadline: float) -> Connection:
    """Begun, and alone with the schema. Raises Unavailable when that took too long."""
    left_ms = max(1, int((deadline - time.monotonic()) * 1000))
    engine = _sqlite_engine(database, left_ms) if database.is_sqlite else _postgresql_engine(database)
    connection = None
    try:
        connection = engine.connect()
        connection.begin()
        if not database.is_sqlite:
            connection.execute(text(f"SET LOCAL lock_timeout = {left_ms}"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            connection.execute(text("SET LOCAL lock_timeout = 0"))
    except OperationalError as error:
        if connection is not None:
            connection.close()
        if not database.is_sqlite and getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise Unavailable(BUSY) from error
    return connection


def _postgresql_engine(database: Database) -> Engine:
    """A migration may work for long, so it has TCP's limits alone."""
    return create_engine(
        database.url.set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=postgresql.tcp_limits(),
    )


def _sqlite_engine(database: Database, wait_ms: int) -> Engine:
    engine = create_engine(database.url, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: sqlite3.Connection, record: Any) -> None:
        dbapi_connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {wait_ms}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = OFF",
            "legacy_alter_table = ON",
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _copy_before(database: Database, current: str) -> None:
    path = Path(str(database.url.database))
    folder = path.parent / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"{path.stem}-before-migration-from-{current}-{clock.now():%Y%m%dT%H%M%S}.db"
    source, target = sqlite3.connect(path), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    copy.chmod(0o600)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _script() -> ScriptDirectory:
    config = _config()
    return _read_scripts(config.get_main_option("script_location") or "", config.get_main_option("version_locations"))


@cache
def _read_scripts(folder: str, versions: str | None) -> ScriptDirectory:
    """Read from its files once: readiness asks for the head every few seconds."""
    return ScriptDirectory.from_config(_config())
