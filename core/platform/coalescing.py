"""Work that many ask for and few do: whoever finds enough of them at it makes those look once more, and goes on."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Pump:
    """Rung by every nudge of a process. at_once: how many may work at a time."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._mutex = threading.Lock()
        self._running = 0
        self._rung = False

    def run(self, work: Callable[[], T]) -> list[T]:
        """
        Work until nobody rang meanwhile. What each pass gave; nothing where others are at it and will look again.

        Leaves under the same lock as it finds that nobody rang: a ring is either seen here or works itself.
        """
        with self._mutex:
            if self._running >= self._at_once:
                self._rung = True
                return []
            self._running += 1
        try:
            return self._until_quiet(work)
        except BaseException:
            with self._mutex:
                self._running -= 1
            raise

    def _until_quiet(self, work: Callable[[], T]) -> list[T]:
        done = []
        while True:
            done.append(work())
            with self._mutex:
                if not self._rung:
                    self._running -= 1
                    return done
                self._rung = False
