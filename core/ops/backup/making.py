"""
Back up: a snapshot of the database and the key in one new file.

1. SQLite's online backup copies one snapshot, whoever writes meanwhile, into a private folder beside the database.
2. The copy is checked and packed there: its disk knows locks, and the place that was asked for may be a share without.
3. The finished file is copied to its place under a temporary name, synced, and given its own name.
"""

import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from core.errors import SetupError
from core.migrations import check_schema
from core.ops.backup import archive
from core.ops.backup.checking import require_whole_file
from core.platform import clock
from core.platform.services import Services

CHUNK_BYTES = 1 << 20
MAX_SILENCE_S = 20.0  # of the place that is written to: a megabyte takes no disk or share that long
LOOK_EVERY_S = 0.05
MAX_COPY_S = 600.0


def back_up(services: Services, file: Path) -> None:
    """
    Copy database and key into a new file. Everything that was committed before is in it; writers are not stopped.

    Raises:
        SetupError: the file exists, its place cannot be written or does not answer, or the database is PostgreSQL.
    """
    settings = services.settings
    if not services.database.is_sqlite:
        raise SetupError(
            "The database is PostgreSQL: back it up with `pg_dump --format=custom --file=FILE DATABASE`, "
            "and keep SPIRIT_SECRET_KEY (or the data folder's secret_key) with it."
        )
    check_schema(services.database)
    source = Path(str(services.database.url.database))
    within(MAX_SILENCE_S, lambda: _require_free(file), file)
    with scratch(source.absolute().parent) as folder:
        made_at = clock.now()
        _copy(source, folder / archive.DATABASE)
        archive.write(
            folder / "backup.zip",
            database=folder / archive.DATABASE,
            key=settings.data_dir / archive.KEY,
            made_at=made_at,
        )
        _Move(folder / "backup.zip", file).run()


@contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """Context manager: a private temporary folder on the same disk."""
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".spirit-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def sync_folder(folder: Path) -> None:
    """fsync a folder, so that a new name survives a power cut; shares that cannot are skipped: they have the name already."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_free(file: Path) -> None:
    if file.exists():
        raise SetupError(f"{file} exists already. Choose another name, or move it away.")
    if not file.absolute().parent.is_dir():
        file.absolute().parent.mkdir(mode=0o700, parents=True)


def _copy(source: Path, target: Path) -> None:
    """SQLite's online backup: one snapshot, whoever writes meanwhile."""
    stop_at = time.monotonic() + MAX_COPY_S

    def check_time(status: int, remaining: int, total: int) -> None:
        if time.monotonic() > stop_at:
            raise SetupError(f"{source} could not be read in {MAX_COPY_S / 60:.0f} minutes: something holds it locked.")

    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.execute("BEGIN")  # one snapshot: a writer meanwhile does not start the copy over
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        live.backup(copy, pages=4096, progress=check_time)
    require_whole_file(target, source)


class _Move:
    """The finished file on its way to its place, on a thread: a share that does not answer cannot be interrupted."""

    def __init__(self, finished: Path, target: Path) -> None:
        self._finished, self._target = finished, target
        self._unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
        self._moved_at = time.monotonic()

    def run(self) -> None:
        """Raises SetupError: the place refuses it, or was silent for too long."""
        within(MAX_SILENCE_S, self._copy, self._target, since=lambda: self._moved_at)

    def _copy(self) -> None:
        try:
            descriptor = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with self._finished.open("rb") as source, os.fdopen(descriptor, "wb") as copy:
                while chunk := source.read(CHUNK_BYTES):
                    copy.write(chunk)
                    self._moved_at = time.monotonic()
                copy.flush()
                os.fsync(copy.fileno())
            self._unfinished.rename(self._target)  # (a hard link would be surer, but a memory stick knows none)
            sync_folder(self._target.absolute().parent)
        except BaseException:
            with suppress(OSError):
                self._unfinished.unlink(missing_ok=True)
            raise


def within(
    limit_s: float, work: Callable[[], object], place: Path, *, since: Callable[[], float] | None = None
) -> None:
    """Run a function on a thread of its own with a timeout, for shares that hang."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # raised again below, by the thread that asked
            failed.append(error)

    began = time.monotonic()
    thread = threading.Thread(target=run, name="backup", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_EVERY_S)
        if thread.is_alive() and time.monotonic() - (since() if since is not None else began) > limit_s:
            raise SetupError(f"{place.parent} did not answer for {limit_s:.0f} seconds, so no backup was made there.")
    if failed:
        error = failed[0]
        if isinstance(error, OSError):
            raise SetupError(f"No backup was made: {place} cannot be written ({error.strerror or error}).") from error
        raise error
