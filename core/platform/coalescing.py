"""Coalescing runner: at most `at_once` passes run at a time; calls made meanwhile cause exactly one more pass."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class CoalescingRunner:
    """
    Runs passes over a queue, called by every nudge of a process.

    at_once: how many passes run at a time. A call while so many run returns at once, and one of them runs again.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._mutex = threading.Lock()
        self._running = 0
        self._is_called = False

    def run(self, work: Callable[[], T]) -> list[T]:
        """
        Run passes until no call came meanwhile.

        The flag of a call is read under the same lock as the runner leaves, so a call is either seen here or runs itself.

        Returns:
            The result of each pass; empty where enough were running, which will run again.
        """
        with self._mutex:
            if self._running >= self._at_once:  # a running pass sees the flag and runs once more
                self._is_called = True
                return []
            self._running += 1
        try:
            return self._while_called(work)
        except BaseException:
            with self._mutex:
                self._running -= 1
            raise

    def _while_called(self, work: Callable[[], T]) -> list[T]:
        done = []
        while True:
            done.append(work())
            with self._mutex:
                if not self._is_called:
                    self._running -= 1
                    return done
                self._is_called = False
