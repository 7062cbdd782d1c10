"""
Restore: bring back a backup so that "Restored" is only said of a database that was opened under its final name.

1. The backup is unpacked beside the place, checked, copied page by page into a fresh file, brought to this program's
   schema and made safe to start (renewal). Nothing of the gym has been touched yet.
2. Nobody may have the database open (in_use), and the place is empty, or may be replaced.
3. Every file of the old database is moved away into one folder: a `-wal` that stayed would be replayed over the new one.
4. The fresh file gets its name, is opened under it, and checked again: pages, foreign keys, guards, schema, row counts.
5. What is wrong puts the old files back. A power cut in the middle leaves an empty place: run it again.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from zipfile import ZipFile

from core.errors import SetupError
from core.migrations import migrate
from core.ops.backup import archive
from core.ops.backup.checking import fault_of_file, require_gym, require_ours, require_whole_file, row_counts
from core.ops.backup.making import scratch, sync_folder
from core.ops.backup.renewal import Renewed, renew
from core.platform import clock
from core.platform.database_in_use import alone_with
from core.platform.db import Database
from core.platform.settings import Settings

ENDINGS = ("", "-wal", "-shm", "-journal")
BESIDE = ("telemetry.db", "queue.db")  # of the same life as the database: their rows name what it no longer knows
COLD_FILES = "monitoring"
SCRATCH = ".spirit-*"


def restore(
    settings: Settings,
    file: Path,
    *,
    replace: bool = False,
    keep_keys: bool = False,
    say: Callable[[str], None] | None = None,
) -> str:
    """
    Fill an empty place from a backup, with everything that has an outside effect held.

    Args:
        replace: a database that is there is moved away instead of refused.
        keep_keys: API keys and calendar addresses go on working.
        say: is told, line by line, what was moved and what was ended.

    Returns:
        When the backup was made, as text.

    Raises:
        SetupError: the place is not empty or in use, the file is no whole backup, or the database is PostgreSQL.
        SchemaNewer: a newer program made it.
    """
    database = Database(settings.database_url)
    if not database.is_sqlite:
        raise SetupError(
            "The database is PostgreSQL: stop the gym, restore it with `pg_restore --clean --if-exists "
            "--single-transaction`, then run `spirit after-restore`."
        )
    target = Path(str(database.url.database)).absolute()
    _require_empty(target, replace)
    with archive.opened(file) as backup, scratch(target.parent) as folder:
        made_at = archive.made_at_of(backup, file)
        fresh, renewed = _prepare(backup, folder, file, keep_keys=keep_keys)
        with alone_with(target):
            _require_empty(target, replace)
            with _key_of(backup, folder, settings), _moved_away(_old_files(target, settings)) as moved:
                _put(fresh, target)
    _remove_leftovers(target.parent)
    for line in [*(f"What was there before lies in {place}." for place in moved), *renewed.sentences()]:
        if say is not None:
            say(line)
    return made_at


def after_restore(settings: Settings, *, keep_keys: bool = False) -> Renewed:
    """
    Check a database that another program brought back (pg_restore, a snapshot of its disk), and make it safe to start.

    Raises:
        SetupError: it is not whole, or its schema is not this program's.
    """
    database = Database(settings.database_url)
    try:
        migrate(database)
        require_ours(database)
        if database.is_sqlite:
            path = Path(str(database.url.database))
            require_whole_file(path, path)
        return database.transact(lambda tx: renew(tx.session, keep_keys=keep_keys, now=tx.now))
    finally:
        database.dispose()


def _prepare(backup: ZipFile, folder: Path, file: Path, *, keep_keys: bool) -> tuple[Path, Renewed]:
    """Step 1. A file that nobody else knows, without a -wal of its own."""
    unpacked, fresh = folder / archive.DATABASE, folder / "fresh.db"
    archive.extract(backup, archive.DATABASE, unpacked)
    require_whole_file(unpacked, file)
    require_gym(unpacked, file)
    with closing(sqlite3.connect(unpacked)) as source, closing(sqlite3.connect(fresh)) as copy:
        source.backup(copy)
    fresh.chmod(0o600)
    database = Database(f"sqlite:///{fresh}")
    try:
        migrate(database)
        require_ours(database)
        renewed = database.transact(lambda tx: renew(tx.session, keep_keys=keep_keys, now=tx.now))
    finally:
        database.dispose()
    with closing(sqlite3.connect(fresh)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")  # one file, and nothing beside it
    require_whole_file(fresh, file)
    return fresh, renewed


def _require_empty(target: Path, replace: bool) -> None:
    if target.exists() and not replace and not _holds_nothing(target):
        raise SetupError(
            f"{target} exists already. Restore into an empty place (another SPIRIT_DATA_DIR), or say --replace: "
            "what is there is then moved into a folder beside it."
        )


def _holds_nothing(target: Path) -> bool:
    """A file without a table, as a program leaves it that was started too early."""
    if any(target.with_name(target.name + ending).exists() for ending in ENDINGS[1:]):
        return False
    try:
        with closing(sqlite3.connect(f"file:{target}?mode=ro&immutable=1", uri=True)) as connection:
            return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,))
    except sqlite3.DatabaseError:
        return False


def _old_files(target: Path, settings: Settings) -> list[Path]:
    """Every name of the databases there, and the monitor's cold files, whose list is in one of them."""
    databases = [target, *(settings.data_dir.absolute() / name for name in BESIDE)]
    names = [path.with_name(path.name + ending) for path in databases for ending in ENDINGS]
    return [path for path in [*names, settings.data_dir.absolute() / COLD_FILES] if path.exists()]


@contextmanager
def _moved_away(files: list[Path]) -> Iterator[list[Path]]:
    """Each into a folder beside it; back again if the block fails. Yields the folders."""
    stamp = f"before-restore-{clock.now():%Y%m%dT%H%M%S%f}"
    places: list[Path] = []
    moved: list[tuple[Path, Path]] = []
    try:
        for path in files:
            place = path.parent / stamp
            if place not in places:
                place.mkdir(mode=0o700)
                places.append(place)
            path.rename(place / path.name)
            moved.append((path, place / path.name))
        for place in places:
            sync_folder(place)
            sync_folder(place.parent)
        yield places
    except BaseException:
        for path, away in reversed(moved):
            away.rename(path)
        for place in places:
            place.rmdir()
        raise


def _put(fresh: Path, target: Path) -> None:
    """Step 4. Raises SetupError, with nothing left under the name, when it is not what was put there."""
    counts = row_counts(fresh)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.rename(target)
    sync_folder(target.parent)
    try:
        _require_same(target, counts)
        _require_it_starts(target)
    except BaseException:
        for ending in ENDINGS:
            target.with_name(target.name + ending).unlink(missing_ok=True)
        raise


def _require_same(target: Path, counts: dict[str, int]) -> None:
    if fault := fault_of_file(target):
        raise SetupError(f"The restored database is damaged: {fault}. Is the disk well?")
    if row_counts(target) != counts:
        raise SetupError("The restored database does not hold what the backup does. Is the disk well?")


def _require_it_starts(target: Path) -> None:
    """As the gym's processes will look at it."""
    database = Database(f"sqlite:///{target}")
    database.in_use = None  # we are alone with it, and stay so until it has been checked
    try:
        require_ours(database)
    finally:
        database.dispose()


@contextmanager
def _key_of(backup: ZipFile, folder: Path, settings: Settings) -> Iterator[None]:
    """The key is in its place during the block, and afterwards if that went well."""
    key, is_new = settings.data_dir / archive.KEY, False
    if archive.KEY in backup.namelist():
        archive.extract(backup, archive.KEY, folder / archive.KEY)
        if key.exists() and key.read_bytes() != (folder / archive.KEY).read_bytes():
            raise SetupError(f"{key} is another gym's. Restore into an empty place: another SPIRIT_DATA_DIR.")
        if is_new := not key.exists():
            key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(folder / archive.KEY, folder / "key-to-place")
            (folder / "key-to-place").chmod(0o600)
            shutil.move(folder / "key-to-place", key)
    try:
        yield
    except BaseException:
        if is_new:
            key.unlink(missing_ok=True)
        raise


def _remove_leftovers(folder: Path) -> None:
    """Of backups and restores that a power cut ended; whoever works in one now has made it less than a day ago."""
    limit = clock.now().timestamp() - 24 * 3600
    for left in folder.glob(SCRATCH):
        if left.is_dir() and left.stat().st_mtime < limit:
            shutil.rmtree(left, ignore_errors=True)
