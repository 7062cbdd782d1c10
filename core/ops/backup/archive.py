"""The backup file: a zip of backup.json (program, schema, instant), spirit.db and, where there is one, the secret key."""

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import metadata
from pathlib import Path

from core.errors import SetupError

ABOUT, DATABASE, KEY = "backup.json", "spirit.db", "secret_key"
FORMAT = 1
ZIP_BEGINS_WITH = b"PK\x03\x04"
UNREADABLE = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def write(target: Path, *, database: Path, key: Path, made_at: datetime) -> None:
    """Make the file at a place of ours. key: left out where there is none."""
    about = {"format": FORMAT, "version": metadata.version("spirit-athletics"), "made_at": made_at.isoformat()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(ABOUT, json.dumps(about))
        archive.write(database, DATABASE)
        if key.exists():
            archive.write(key, KEY)


@contextmanager
def opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """Raises SetupError for any other file, and for one whose end is missing."""
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        with file.open("rb") as begun:
            if begun.read(4) == ZIP_BEGINS_WITH:
                raise SetupError(
                    f"{file} is not complete: its end is missing. Copy it again, or take another."
                ) from None
        raise _no_backup(file) from None
    with archive:
        yield archive


def made_at_of(archive: zipfile.ZipFile, file: Path) -> str:
    """When it was made. Raises SetupError for another program's zip, and for a newer one of ours."""
    try:
        about = json.loads(archive.read(ABOUT))
        form, made_at = int(about["format"]), datetime.fromisoformat(about["made_at"]).isoformat()
    except (*UNREADABLE, ValueError, TypeError):
        raise _no_backup(file) from None
    if form != FORMAT:
        raise SetupError(f"{file} was made by a newer program ({about.get('version')}). Install that one.")
    return made_at


def extract(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    """Raises SetupError when it is not as it was written."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as copy:
        try:
            with archive.open(name) as source:
                shutil.copyfileobj(source, copy)
        except UNREADABLE as error:
            raise SetupError(f"{archive.filename} is damaged: {error}. Take another backup.") from None


def _no_backup(file: Path) -> SetupError:
    return SetupError(f"{file} is no backup of a gym.")
