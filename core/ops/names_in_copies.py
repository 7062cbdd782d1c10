"""
Anonymization and retention of copies: database copies and mail files lose names when the database does.

    backups/spirit-before-migration-*.db     made before each migration
    before-restore-*/                        what a restore moved away
    mail/*.eml                               mails, where they go to a folder

Inside a copy the names of old lessons are taken away in place; a copy as old as the rule goes as a whole, and so does what
a restore moved away after a month. Backups that somebody made with `spirit backup` lie where she put them: hers to remove.
"""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import select

from core.bookings.models import Booking
from core.bookings.retention import A_MONTH, FORGOTTEN, NOBODY, NOBODYS_ADDRESS
from core.gym.models import the_gym
from core.mail.transports import FolderTransport
from core.outbox.models import OutboxMessage
from core.platform.orm import INSTANT_TEXT
from core.platform.services import Services

MAX_MOVED_AWAY = timedelta(days=30)
BUSY_MS = 2000
STAMP, STAMPED = re.compile(r"-(\d{8}T\d{6})"), "%Y%m%dT%H%M%S"

log = structlog.get_logger()


def forget_in_copies(services: Services, *, now: datetime) -> None:
    """Anonymize old lessons in every copy, and delete copies that are too old; idempotent."""
    with services.database.read() as session:
        gym = the_gym(session)
    if gym.mail_held or not gym.anonymise_after_months:
        return  # a restored gym removes nothing yet; and a gym may keep names for ever
    cutoff = now - A_MONTH * gym.anonymise_after_months
    for copy in databases(services):
        if _made_at(copy, now) < cutoff:
            _remove(copy)
        else:
            _blank(copy, cutoff)
    for folder in moved_away(services):
        if _made_at(folder, now) < max(cutoff, now - MAX_MOVED_AWAY):
            shutil.rmtree(folder)
    if isinstance(services.transport, FolderTransport):
        with services.database.read() as session:
            gone = session.scalars(
                select(OutboxMessage.message_id)
                .join(Booking, Booking.id == OutboxMessage.booking_id)
                .where(Booking.anonymised_at.is_not(None))
            ).all()
        services.transport.forget(gone, older_than=cutoff)


def older_than_the_rule(services: Services, *, now: datetime) -> list[Path]:
    """Copies that retention should have deleted."""
    with services.database.read() as session:
        months = the_gym(session).anonymise_after_months
    if not months:
        return []
    cutoff = now - A_MONTH * months
    return [path for path in [*databases(services), *moved_away(services)] if _made_at(path, now) < cutoff]


def databases(services: Services) -> Iterator[Path]:
    """Every copy of the database on this disk that the gym made by itself."""
    if not services.database.is_sqlite:
        return
    path = Path(str(services.database.url.database))
    yield from (path.parent / "backups").glob(f"{path.stem}-before-migration-*.db")
    for folder in moved_away(services):
        yield from folder.glob(path.name)


def moved_away(services: Services) -> Iterator[Path]:
    """The folders of earlier restores."""
    places = {services.settings.data_dir.absolute()}
    if services.database.is_sqlite:
        places.add(Path(str(services.database.url.database)).absolute().parent)
    for place in places:
        yield from place.glob("before-restore-*")


def _blank(copy: Path, cutoff: datetime) -> None:
    """As core.bookings.retention does it, in whatever schema the copy has."""
    try:
        with closing(sqlite3.connect(copy, isolation_level=None)) as database:
            database.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            database.execute("PRAGMA secure_delete = ON")
            if _blank_bookings(database, cutoff.strftime(INSTANT_TEXT)):
                database.execute("VACUUM")  # pages that were freed before hold names too
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError as error:
        log.warning("a copy cannot be read, and goes when it is old enough", copy=copy.name, why=str(error))


def _blank_bookings(database: sqlite3.Connection, cutoff: str) -> bool:
    columns = [name for (_, name, *_) in database.execute("PRAGMA table_info(booking)")]
    values = {name: value for name, value in FORGOTTEN.items() if name in columns}
    if not values:
        return False
    old = "SELECT id FROM booking WHERE starts_at < :cutoff AND ends_at < :cutoff"
    database.execute("BEGIN IMMEDIATE")
    settings = ", ".join(f"{name} = :{name}" for name in values)
    changed = database.execute(
        f"UPDATE booking SET handle = lower(hex(randomblob(16))), {settings} "  # noqa: S608 (names of our own columns)
        "WHERE starts_at < :cutoff AND ends_at < :cutoff AND customer_name <> :nobody",
        {**values, "cutoff": cutoff, "nobody": NOBODY},
    ).rowcount
    database.execute(
        f"UPDATE outbox SET recipient = :nobody, last_error = NULL WHERE account_id IS NULL AND booking_id IN ({old})",  # noqa: S608
        {"cutoff": cutoff, "nobody": NOBODYS_ADDRESS},
    )
    if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'booking_note'").fetchone():
        database.execute(f"DELETE FROM booking_note WHERE booking_id IN ({old})", {"cutoff": cutoff})  # noqa: S608
    database.execute("COMMIT")
    return changed > 0


def _made_at(path: Path, now: datetime) -> datetime:
    """By its name or by the disk, whichever is earlier: forgetting in it is a change, and makes it no younger."""
    by_disk = datetime.fromtimestamp(path.stat().st_mtime, tz=now.tzinfo)
    named = STAMP.search(path.name)
    return min(by_disk, datetime.strptime(named[1], STAMPED).replace(tzinfo=UTC)) if named else by_disk


def _remove(copy: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        copy.with_name(copy.name + ending).unlink(missing_ok=True)
