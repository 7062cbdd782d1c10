"""
One writer at a time on SQLite, first come, first served.

SQLite's busy handler has no queue: with a connection a client, one of 64 clients starved for three seconds. So a
writer takes a turn (first in, first out, within this process), then a file lock (between processes), then BEGIN
IMMEDIATE. One deadline covers all three.
"""

import fcntl
import os
import threading
import time
from collections import deque
from pathlib import Path

from core.errors import Unavailable

WAIT_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.0005, 0.005


class WriteQueue:
    """The turn of this process and the lock file between processes. Whoever acquired must release, once."""

    def __init__(self, lock_file: Path) -> None:
        self._lock_file = lock_file
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._holder: int | None = None
        self._descriptor: int | None = None
        self._pid = os.getpid()

    def acquire(self, deadline: float) -> None:
        """
        Wait for the turn and the file lock.

        Args:
            deadline: of time.monotonic().

        Raises:
            Unavailable: the deadline passed.
            RuntimeError: this thread holds the turn already; it would wait for itself.
        """
        self._after_fork()
        self._take_turn(deadline)
        try:
            self._lock_between_processes(deadline)
        except BaseException:
            self._pass_turn()
            raise
        self._holder = threading.get_ident()

    def release(self) -> None:
        """Give the lock file and the turn to whoever waits longest."""
        self._holder = None
        assert self._descriptor is not None, "released without having acquired"
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._pass_turn()

    def _take_turn(self, deadline: float) -> None:
        mine = threading.Lock()
        mine.acquire()
        with self._mutex:
            if self._holder == threading.get_ident():
                raise RuntimeError("a write transaction inside a write transaction would wait for itself")
            self._waiting.append(mine)
            if len(self._waiting) == 1:
                return
        if mine.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return
        with self._mutex:
            if self._waiting[0] is mine:  # handed over in the last moment
                return
            self._waiting.remove(mine)
        raise Unavailable

    def _pass_turn(self) -> None:
        with self._mutex:
            self._waiting.popleft()
            if self._waiting:
                self._waiting[0].release()

    def _lock_between_processes(self, deadline: float) -> None:
        if self._descriptor is None:
            self._descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        pause = FIRST_PAUSE_S
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Unavailable from None
                time.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE_S)

    def _after_fork(self) -> None:
        """A forked child shares its parent's descriptor, and so its lock: it needs one of its own."""
        if self._pid != os.getpid():
            self.__init__(self._lock_file)  # type: ignore[misc]  # the child starts with a fresh queue
