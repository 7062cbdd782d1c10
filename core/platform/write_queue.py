"""
FIFO write queue: one writer at a time on SQLite, a few at a time on PostgreSQL.

SQLite's busy handler has no queue: with a connection a client, one of 64 clients starved for three seconds. So a
writer takes a turn (first in, first out, within this process), then a file lock (between processes), then BEGIN
IMMEDIATE. One deadline covers all three. PostgreSQL lets a row's waiters in as they come awake: with 64 of them on
eight coaches the slowest had an eighth of the median's turns, so few enough to be fair are let in at a time.
"""

import fcntl
import os
import threading
import time
from collections import deque
from pathlib import Path

from core.errors import Unavailable

WAIT_S = 10.0  # of a writer in all: turn, lock, BEGIN
FIRST_PAUSE_S, MAX_PAUSE_S = 0.0005, 0.005  # between tries of the file lock


class Turns:
    """A FIFO semaphore: its places go to the longest waiter. `threading.Lock` and `Semaphore` promise no order."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._holders: set[int] = set()

    def take(self, deadline: float) -> None:
        """
        Acquire a place, waiting in line.

        Args:
            deadline: of time.monotonic().

        Raises:
            Unavailable: the deadline passed.
            RuntimeError: this thread has a place already; it could wait for itself.
        """
        me, mine = threading.get_ident(), threading.Lock()
        mine.acquire()
        with self._mutex:
            if me in self._holders:
                raise RuntimeError("a write transaction inside a write transaction would wait for itself")
            if self._free:  # nobody waits: a place is free only while the line is empty
                self._free -= 1
                self._holders.add(me)
                return
            self._waiting.append(mine)
        handed_over = mine.acquire(timeout=max(0.0, deadline - time.monotonic()))
        with self._mutex:
            if (
                not handed_over and mine in self._waiting
            ):  # in time's last moment it may have been handed over all the same
                self._waiting.remove(mine)
                raise Unavailable
            self._holders.add(me)

    def give_back(self) -> None:
        """Release a place, by the thread that took it, to the next in line."""
        with self._mutex:
            self._holders.discard(threading.get_ident())
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class WriteQueue:
    """SQLite's write lock: FIFO within this process, a lock file (flock) between processes. Release once after each acquire."""

    def __init__(self, lock_file: Path) -> None:
        self._lock_file = lock_file
        self._turns = Turns(1)
        self._descriptor: int | None = None
        self._pid = os.getpid()

    def acquire(self, deadline: float) -> None:
        """Wait for the turn and the file lock. Raises Unavailable, RuntimeError, as `Turns.take`."""
        self._after_fork()
        self._turns.take(deadline)
        try:
            self._lock_between_processes(deadline)
        except BaseException:
            self._turns.give_back()
            raise

    def release(self) -> None:
        """Unlock the file, and hand the turn to the longest waiter."""
        assert self._descriptor is not None, "released without having acquired"
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._turns.give_back()

    def _lock_between_processes(self, deadline: float) -> None:
        """Poll the file lock with growing pauses; flock itself knows no timeout."""
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
                pause = min(pause * 1.5, MAX_PAUSE_S)

    def _after_fork(self) -> None:
        """A forked child shares its parent's descriptor, and so its lock: it needs one of its own."""
        if self._pid != os.getpid():
            self.__init__(self._lock_file)  # type: ignore[misc]  # the child starts with a fresh queue
