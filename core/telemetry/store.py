"""
The telemetry store: a SQLite file of its own, or the schema `telemetry` beside the gym's tables on PostgreSQL.

    store.write()        a short transaction of a writer; many processes at once
    store.exclusive()    a transaction of the archive, while no writer has an id that it has not committed
    store.read()         a snapshot

Bookings never wait for it: in their own file its rows made a booking's p99 two and a half times worse. On PostgreSQL
ids commit out of order, so writers share an advisory lock that the archive takes alone; SQLite has one writer anyway.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.pool import NullPool

from core.errors import StoreNewer
from core.platform.postgresql import limit_answers
from core.platform.settings import Settings
from core.telemetry.tables import VERSION, metadata

SCHEMA = "telemetry"
LOCK_KEY = 5_717_264_102  # of ours alone
BUSY_MS, PATIENT_MS = 250, 10_000  # lock timeout of the recorder, and of the archive, which has time
MIN_LOCK_MS = 2_000  # on PostgreSQL a writer waits for the archive's exclusive turn, which takes about a second
RECORDERS_STATEMENT_MS = 10_000  # a flush takes milliseconds; longer means a server that hangs
PATIENT_ANSWER_S = 120.0  # the archive deletes and copies hundreds of thousands of rows in one statement
MAX_WAL_BYTES = 16 * 1024 * 1024  # it is cut back to this when it begins anew
NO_AUTO_VACUUM, VACUUM_PAGES, BETWEEN_VACUUMS_S = 0, 1000, 0.02  # 4 MB a step: a writer waits some milliseconds
MAX_REBUILT_PAGES = 50_000  # 200 MB, about two seconds in which rows wait in memory
SHRINK_WITHIN_S = 20.0  # of the archive's hourly pass; the next one goes on
GONE_AFTER_MS = 10_000  # a server that acknowledges nothing for so long is gone


class Shelf(Protocol):
    """Blob storage for cold files that several hosts share (analytics/shared_archive_storage.py); core.platform.storage.Storage is one."""

    def put(self, path: str, data: bytes, *, media_type: str, caching: str = ...) -> None:
        """Store a file."""

    def get(self, path: str) -> bytes:
        """A file's bytes."""

    def remove(self, path: str) -> None:
        """Delete a file; one that is gone is no error."""


class Store:
    """
    Connection to the store of one process; connects, and creates missing tables, on first use.

    shelf: shared storage of its cold files beside each host's folder; None for one host.
    """

    def __init__(self, url: str, *, busy_ms: int = BUSY_MS) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.busy_ms = busy_ms
        self.shelf: Shelf | None = None
        self._prepared: object = None
        self.engine = self._engine()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """
        A writer's transaction; keep it short.

        Raises:
            OperationalError: the store stays busy. StoreNewer: a newer program has made it.
        """
        self.prepare()
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": LOCK_KEY})
            yield connection
            connection.commit()

    @contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """
        The archive's transaction, under an exclusive lock: every id that was given out has been committed or never will be.

        Raises:
            OperationalError: the lock was not free in time. StoreNewer: a newer program has made it.
        """
        self.prepare()
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            yield connection
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only snapshot: the manifest and the hot rows above it agree. Raises OperationalError, StoreNewer."""
        self.prepare()
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    def prepare(self) -> None:
        """
        Create missing tables and columns, once for each file. A file that was deleted under us is made anew.

        Raises:
            StoreNewer: a newer program has made it. Nothing is written into it.
        """
        identity = self._identity()
        if identity is not None and identity == self._prepared:
            return
        with self.engine.connect() as connection:
            self._lock(connection)
            self._refuse_newer(connection)
            metadata.create_all(connection)
            _add_missing_columns(connection)
            connection.execute(text("DELETE FROM version"))
            connection.execute(text("INSERT INTO version (version) VALUES (:version)"), {"version": VERSION})
            connection.commit()
        self._prepared = self._identity()

    def size_bytes(self) -> int:
        """Size of the store on its disk, write-ahead log included."""
        if self.is_sqlite:
            path = Path(self.url.database or "")
            return sum(part.stat().st_size for part in (path, path.with_name(f"{path.name}-wal")) if part.exists())
        with self.read() as connection:
            sizes = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c WHERE c.relkind = 'r' "
            return int(connection.execute(text(f"{sizes} AND c.relnamespace = '{SCHEMA}'::regnamespace")).scalar() or 0)

    def shrink(self, within_s: float = SHRINK_WITHIN_S) -> None:
        """
        Incremental vacuum of the SQLite file, some pages at a time, and a checkpoint that truncates its write-ahead log.

        On PostgreSQL nothing: autovacuum reuses the space. A file without auto_vacuum is rebuilt once, when it is small.
        """
        if not self.is_sqlite:
            return
        self.prepare()
        until = time.monotonic() + within_s
        with self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None

            def pragma(name: str) -> int:
                return int((driver.execute(f"PRAGMA {name}").fetchone() or (0,))[0])

            if pragma("auto_vacuum") == NO_AUTO_VACUUM and pragma("page_count") <= MAX_REBUILT_PAGES:
                driver.execute("PRAGMA auto_vacuum = INCREMENTAL")
                driver.execute("VACUUM")
            while pragma("freelist_count") and time.monotonic() < until:
                driver.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()
                time.sleep(BETWEEN_VACUUMS_S)
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    def _identity(self) -> object:
        """Identity of what was prepared: the file's device and inode; None while there is no file."""
        if not self.is_sqlite:
            return self.url
        try:
            found = Path(self.url.database or "").stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _lock(self, connection: Connection) -> None:
        if self.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))

    def _refuse_newer(self, connection: Connection) -> None:
        connection.execute(text("CREATE TABLE IF NOT EXISTS version (version INTEGER NOT NULL)"))
        found = connection.execute(text("SELECT max(version) FROM version")).scalar() or 0
        if found > VERSION:
            raise StoreNewer(
                f"The monitoring data was made by a newer version of this program (schema {found}, known here: {VERSION}). "
                "Update the program; until then nothing is recorded."
            )

    def _engine(self) -> Engine:
        if not self.is_sqlite:
            engine = create_engine(
                self.url.set(drivername="postgresql+psycopg"),
                hide_parameters=True,
                pool_size=2,
                max_overflow=8,
                pool_pre_ping=True,
                connect_args=self._limits(),
            )
            limit_answers(engine, RECORDERS_STATEMENT_MS / 1000 if self.busy_ms < PATIENT_MS else PATIENT_ANSWER_S)
            return engine
        engine = create_engine(self.url, hide_parameters=True, poolclass=NullPool)
        event.listen(engine, "connect", self._connected)
        return engine

    def _limits(self) -> dict[str, Any]:
        """Timeouts of PostgreSQL for every way to hang: connecting, a lock, a statement, a connection that is cut."""
        limits = {"lock_timeout": max(self.busy_ms, MIN_LOCK_MS)}
        if self.busy_ms < PATIENT_MS:
            limits["statement_timeout"] = RECORDERS_STATEMENT_MS
        options = [f"search_path={SCHEMA}", *(f"{name}={limit_ms}" for name, limit_ms in limits.items())]
        return {
            "connect_timeout": 2,
            "tcp_user_timeout": GONE_AFTER_MS,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "options": " ".join(f"-c {option}" for option in options),
        }

    def _connected(self, dbapi_connection: Any, record: Any) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves
        dbapi_connection.execute(f"PRAGMA busy_timeout = {self.busy_ms}")
        dbapi_connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of a new file; must come before its first page
        dbapi_connection.execute("PRAGMA journal_mode = WAL")
        dbapi_connection.execute(f"PRAGMA journal_size_limit = {MAX_WAL_BYTES}")
        dbapi_connection.execute("PRAGMA synchronous = NORMAL")  # a crash of the machine may cost the last seconds


def store_for(settings: Settings, *, busy_ms: int = BUSY_MS) -> Store:
    """The store that belongs to the gym's database. busy_ms: lock timeout of a write; on PostgreSQL at least MIN_LOCK_MS."""
    if settings.database_url.startswith("postgresql"):
        return Store(settings.database_url, busy_ms=busy_ms)
    return Store(f"sqlite:///{settings.data_dir / 'telemetry.db'}", busy_ms=busy_ms)


def archive_folder(settings: Settings) -> Path:
    """Folder of the archive's cold files: in the data folder, never in public media."""
    return settings.data_dir / "monitoring"


def _add_missing_columns(connection: Connection) -> None:
    found = inspect(connection)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in found.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                kind = column.type.compile(connection.dialect)
                default = getattr(column.server_default, "arg", "")
                literal = f"'{default}'" if kind in ("TEXT", "VARCHAR") else str(default)
                connection.execute(
                    text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind} NOT NULL DEFAULT {literal}")
                )
