"""
A readers-writer file lock (flock) on a SQLite database: shared by every process that connects, exclusive for a restore.

So no running site, console or worker goes on with a file that was moved away under it, and none starts in the middle of
a restore. The kernel releases the lock when its process ends, however it ends.
"""

import fcntl
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import SetupError

SQLITES_SHARED_LOCK_AT, SQLITES_SHARED_LOCK_LENGTH = 0x4000_0002, 510  # what an open connection holds in WAL mode


class InUse:
    """One process's shared lock on a database."""

    def __init__(self, database_file: Path) -> None:
        self._path = _lock_file(database_file)
        self._descriptor: int | None = None
        self._mutex = threading.Lock()
        self._give_back: Callable[[], object] = lambda: None

    def hold(self) -> None:
        """Acquire the shared lock, once, until this object or its process ends. Raises SetupError during a restore."""
        with self._mutex:
            if self._descriptor is not None:  # held already: one lock a process, whatever connects
                return
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise SetupError("This database is being restored just now. Start again when that is done.") from None
            self._descriptor = descriptor
            self._give_back = weakref.finalize(self, os.close, descriptor)

    def release(self) -> None:
        """Release the shared lock; the next connection acquires it again."""
        with self._mutex:
            if self._descriptor is not None:
                self._descriptor = None
                self._give_back()


@contextmanager
def alone_with(database_file: Path) -> Iterator[None]:
    """
    The exclusive lock, as a context manager: no other process has this database open until the block ends.

    Raises:
        SetupError: a process of the gym has it open, or any other program that reads the file.
    """
    descriptor = os.open(_lock_file(database_file), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _look_for_other_programs(database_file)
        except BlockingIOError:
            raise SetupError(
                f"{database_file} is in use: stop the site, the console, the worker and whatever else has it open, "
                "then restore."
            ) from None
        yield
    finally:
        os.close(descriptor)


def _look_for_other_programs(database_file: Path) -> None:
    """Try SQLite's own lock, which programs of others hold too, and release it at once. Raises BlockingIOError."""
    if not database_file.exists():
        return
    descriptor = os.open(database_file, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.lockf(
            descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, SQLITES_SHARED_LOCK_LENGTH, SQLITES_SHARED_LOCK_AT, os.SEEK_SET
        )
    finally:
        os.close(descriptor)


def _lock_file(database_file: Path) -> Path:
    return database_file.with_name(database_file.name + ".in-use")
