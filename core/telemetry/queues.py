"""Bounded in-memory queues: one for each table of facts, and one for errors, which is the last to drop anything."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from core.telemetry.log_rows import Row

FLUSH_ROWS, FOLD_ERRORS = 500, 100  # wake the writer: 500 rows are one transaction of some milliseconds
# Longest queue of each table: about 10 MB in all, enough for the outage of a store in a busy hour.
MAX_ROWS = {"request_log": 10_000, "statement_log": 2_000, "event_log": 5_000, "metric_log": 3_000}
MAX_ERRORS = 20_000  # after that they are aggregated by fingerprint, and none is lost

Batch = dict[str, list[Row]]


class RowQueue:
    """
    Lock-free queue of one table's rows.

    many: from this length on the writer is woken. most: from this length on it is full.
    attend: called with the first row, with many, and with too many. failed: called with what `add` could not do.
    """

    def __init__(
        self, many: int, most: int, attend: Callable[["RowQueue"], None], failed: Callable[[Exception], None]
    ) -> None:
        self.rows: deque[Any] = deque()
        self.many, self.most = many, most
        self.attend_at = 1
        self._attend, self._failed = attend, failed

    def add(self, row: Any) -> None:
        """Append a row. Never raises: what cannot be done is counted by `failed`."""
        try:
            rows = self.rows
            rows.append(row)
            if len(rows) >= self.attend_at:
                self._attend(self)
        except Exception as error:  # no thread to be had, no memory: whoever has something to note goes on
            self._failed(error)

    def take(self) -> list[Any]:
        """Drain the queue. Rows that come meanwhile stay; those that another thread takes meanwhile are its own."""
        rows, taken = self.rows, []
        self.attend_at = self.many
        with suppress(IndexError):
            for _ in range(len(rows)):
                taken.append(rows.popleft())  # noqa: PERF401 (what was taken must be kept when the queue ends early)
        return taken

    def give_back(self, rows: Iterable[Any]) -> None:
        """Put rows back at the front, as the oldest."""
        self.rows.extendleft(reversed(list(rows)))


class Queues:
    """All queues of one process. attend, failed: as of each queue."""

    def __init__(self, attend: Callable[[RowQueue], None], failed: Callable[[Exception], None]) -> None:
        self.facts = {table: RowQueue(FLUSH_ROWS, most, attend, failed) for table, most in MAX_ROWS.items()}
        self.errors = RowQueue(FOLD_ERRORS, MAX_ERRORS, attend, failed)

    @property
    def waiting(self) -> int:
        """Rows and errors in all queues."""
        return sum(len(queue.rows) for queue in (*self.facts.values(), self.errors))

    @property
    def are_many(self) -> bool:
        """Whether a table has enough rows for a flush ahead of time."""
        return any(len(queue.rows) >= FLUSH_ROWS for queue in self.facts.values())


def now_us() -> int:
    """Microseconds since 1970 (UTC)."""
    return time.time_ns() // 1000
