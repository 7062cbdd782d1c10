"""
What lies in the lanes, written in one transaction, or kept until it can be.

Used by one thread at a time, but for adding up errors. When the store fails it is left alone for half a minute; what
comes back waits in its lane, and errors wait as counts. Rows that the store refuses for what they are would stop all
others: they are lost, and counted.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError, StatementError

from core.errors import SetupError
from core.telemetry import error_groups, totals
from core.telemetry.catching import Caught
from core.telemetry.error_groups import Pending
from core.telemetry.lanes import COLUMNS, Batch, Lanes, Row, now_us
from core.telemetry.store import Store

OPEN_FOR_S = 30.0
TRIES, RETRY_AFTER_S = 2, 0.1
MOST_GROUPS = 500
RELEASED = ("request_log",)  # these rows name the release

log = structlog.get_logger()


class Writer:
    """
    lost: by reason, since the process began. written: rows and errors. folded: errors that wait as counts.

    open_until: of time.monotonic(); the store is left alone until then. end_by: until when the end may still try.
    """

    def __init__(self, lanes: Lanes, store: Store, *, service: str, release: str, keep_totals: bool) -> None:
        self.lanes, self.store, self.service, self.release = lanes, store, service, release
        self.keep_totals = keep_totals
        self.lost: Counter[str] = Counter()
        self.written = 0
        self.open_until = self.end_by = 0.0
        self._pending: dict[str, Pending] = {}
        self._folding = threading.Lock()  # of what is pending
        self._fresh_losses: deque[tuple[str, int]] = deque()
        self._losses: Counter[str] = Counter()
        self._troubled = self._marked = False

    def lose(self, reason: str, count: int = 1) -> None:
        """Count what could not be kept. No lock: this may run anywhere."""
        self._fresh_losses.append((reason, count))

    @property
    def folded(self) -> int:
        with self._folding:
            return sum(one.count for one in self._pending.values())

    def fold(self) -> None:
        """Errors that are the same become one with a count."""
        self._settle()
        with self._folding:
            self._add_up_all()

    def fold_if_free(self) -> None:
        """The same for whoever finds the errors' lane full: waits for nobody, so that it may run anywhere."""
        if self._folding.acquire(blocking=False):
            try:
                self._add_up_all()
            finally:
                self._folding.release()

    def _add_up_all(self) -> None:
        for one in self.lanes.errors.take():
            self._add_up(one)

    def _add_up(self, one: Caught) -> None:
        if one.fingerprint not in self._pending and len(self._pending) >= MOST_GROUPS:
            self.lose("errors: too many kinds at once")
            return
        self._pending.setdefault(one.fingerprint, Pending(one)).add(one)

    def flush(self) -> bool:
        """Write all there is in one transaction; whether it is written."""
        self._settle()
        batch = {table: lane.take() for table, lane in self.lanes.facts.items()}
        with self._folding:
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
                if tries < TRIES or time.monotonic() < self.end_by:
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

    def _settle(self) -> None:
        """Losses that were counted anywhere, added up."""
        while self._fresh_losses:
            reason, count = self._fresh_losses.popleft()
            self._losses[reason] += count
            self.lost[reason] += count

    def _give_back(self, batch: Batch, pending: dict[str, Pending], losses: Counter[str], error: Exception) -> None:
        """The store is left alone for a while. Errors come together again by their fingerprint."""
        for table, rows in batch.items():
            self.lanes.facts[table].give_back(rows)
        with self._folding:
            for fingerprint, one in pending.items():
                self._pending[fingerprint] = one.merged(self._pending.get(fingerprint))
        self._losses.update(losses)
        self.open_until = time.monotonic() + OPEN_FOR_S
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


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {str(getattr(error, 'orig', None) or error).splitlines()[0]}"
