"""
A copy of the gym in one file, made while it runs, and the way back.

The file is a zip of backup.json (program, schema, instant), spirit.db and, if it was made here, the secret key: links
in mails that were sent go on working after a restore. Whoever has the file has everything.
"""

import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import metadata
from pathlib import Path

from core import clock
from core.bootstrap import Services
from core.db import Database
from core.errors import SetupError
from core.mail import outbox
from core.migrations import check_schema, migrate
from core.settings import Settings

ABOUT, DATABASE, KEY = "backup.json", "spirit.db", "secret_key"
FORMAT = 1


def back_up(services: Services, file: Path) -> None:
    """
    Copy database and key into a new file. Everything that was committed before is in it; writers are not stopped.

    Raises:
        SetupError: the file exists, or the database is PostgreSQL.
    """
    settings = services.settings
    if not services.database.is_sqlite:
        raise SetupError(
            "The database is PostgreSQL: back it up with `pg_dump --format=custom --file=FILE DATABASE`, "
            "and keep SPIRIT_SECRET_KEY (or the data folder's secret_key) with it."
        )
    check_schema(services.database)
    if file.exists():
        raise SetupError(f"{file} exists already. Choose another name, or move it away.")
    with _scratch(file.absolute().parent) as folder:
        made_at = clock.now()
        _copy(Path(str(services.database.url.database)), folder / DATABASE)
        about = {"format": FORMAT, "version": metadata.version("spirit-athletics"), "made_at": made_at.isoformat()}
        with zipfile.ZipFile(folder / "backup.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(ABOUT, json.dumps(about))
            archive.write(folder / DATABASE, DATABASE)
            if (settings.data_dir / KEY).exists():
                archive.write(settings.data_dir / KEY, KEY)
        _keep(folder / "backup.zip", file)


def restore(settings: Settings, file: Path) -> str:
    """
    Fill an empty place: the database with mail held, brought to this program's schema; and the key.

    Returns:
        When the backup was made, as text.

    Raises:
        SetupError: the place is not empty, the file is no backup, or the database is PostgreSQL.
        SchemaNewer: a newer program made it.
    """
    database = Database(settings.database_url)
    if not database.is_sqlite:
        raise SetupError("The database is PostgreSQL: restore it with `pg_restore --clean --if-exists`.")
    target, key = Path(str(database.url.database)), settings.data_dir / KEY
    if target.exists():
        raise SetupError(f"{target} exists already. Restore into an empty place: another SPIRIT_DATA_DIR.")
    with _scratch(target.parent) as folder, _opened(file) as archive:
        made_at = _read_about(archive, file)
        _extract(archive, DATABASE, folder / DATABASE)
        _require_whole(folder / DATABASE, file)
        _hold_mail(folder / DATABASE)
        if KEY in archive.namelist():
            _extract(archive, KEY, folder / KEY)
            if key.exists() and key.read_bytes() != (folder / KEY).read_bytes():
                raise SetupError(f"{key} is another gym's. Restore into an empty place: another SPIRIT_DATA_DIR.")
            (folder / KEY).replace(key)
        _keep(folder / DATABASE, target)
    return made_at


def _copy(source: Path, target: Path) -> None:
    """SQLite's online backup: one snapshot, whoever writes meanwhile."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
    _require_whole(target, source)


def _require_whole(path: Path, origin: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as database:
            (answer,) = database.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        answer = str(error)
    if answer != "ok":
        raise SetupError(f"The database in {origin} is damaged: {answer}")


def _hold_mail(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    try:
        migrate(database)
        database.transact(outbox.hold)
    finally:
        database.dispose()


@contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    """A private folder on the same disk, so that the finished file only changes its name."""
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".spirit-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise SetupError(f"{file} is no backup of a gym.") from None
    with archive:
        yield archive


def _read_about(archive: zipfile.ZipFile, file: Path) -> str:
    try:
        about = json.loads(archive.read(ABOUT))
        form, made_at = int(about["format"]), str(about["made_at"])
    except (KeyError, ValueError, TypeError):
        raise SetupError(f"{file} is no backup of a gym.") from None
    if form != FORMAT:
        raise SetupError(f"{file} was made by a newer program ({about.get('version')}). Install that one.")
    return made_at


def _extract(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with archive.open(name) as source, os.fdopen(descriptor, "wb") as copy:
            shutil.copyfileobj(source, copy)
    except (KeyError, zipfile.BadZipFile) as error:
        raise SetupError(f"{archive.filename} is damaged: {error}") from None


def _keep(finished: Path, target: Path) -> None:
    """Give it its name, on the disk for good. (A hard link would be surer, but a memory stick knows none.)"""
    finished.chmod(0o600)
    with finished.open("rb") as file:
        os.fsync(file.fileno())
    finished.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
