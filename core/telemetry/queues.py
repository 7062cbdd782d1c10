"""Rows on their way: a bounded queue in memory for each table of facts, and one for errors, which are kept longest."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from core.telemetry.rows import Row

FLUSH_ROWS, FOLD_ERRORS = 500, 100
MAX_ROWS = {"request_log": 10_000, "statement_log": 2_000, "event_log": 5_000, "metric_log": 3_000}
MAX_ERRORS = 20_000

Batch = dict[str, list[Row]]


class Lane:
    """One table's rows on their way. `attend` is called when there are many, or when nobody looks after them yet."""

    def __init__(
        self, many: int, most: int, attend: Callable[["Lane"], None], failed: Callable[[Exception], None]
    ) -> None:
        self.rows: deque[Any] = deque()
        self.many, self.most = many, most
        self.attend_at = 1
        self._attend, self._failed = attend, failed

    def add(self, row: Any) -> None:
        """Never raises: what cannot be done is counted by `failed`."""
        try:
            rows = self.rows
            rows.append(row)
            if len(rows) >= self.attend_at:
                self._attend(self)
        except Exception as error:  # no thread to be had, no memory: whoever has something to note goes on
            self._failed(error)

    def take(self) -> list[Any]:
        """All that is there. Rows that come meanwhile stay; those that another thread takes meanwhile are its own."""
        rows, taken = self.rows, []
        self.attend_at = self.many
        with suppress(IndexError):
            for _ in range(len(rows)):
                taken.append(rows.popleft())  # noqa: PERF401 (what was taken must be kept when the queue ends early)
        return taken

    def give_back(self, rows: Iterable[Any]) -> None:
        """As the oldest."""
        self.rows.extendleft(reversed(list(rows)))


class Lanes:
    """
    All of one process.

    attend: called with a lane that has its first row, many, or too many. failed: with what that raised.
    """

    def __init__(self, attend: Callable[[Lane], None], failed: Callable[[Exception], None]) -> None:
        self.facts = {table: Lane(FLUSH_ROWS, most, attend, failed) for table, most in MAX_ROWS.items()}
        self.errors = Lane(FOLD_ERRORS, MAX_ERRORS, attend, failed)

    @property
    def waiting(self) -> int:
        return sum(len(lane.rows) for lane in (*self.facts.values(), self.errors))

    @property
    def are_many(self) -> bool:
        return any(len(lane.rows) >= FLUSH_ROWS for lane in self.facts.values())


def now_us() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000
