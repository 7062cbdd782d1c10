"""After anonymising, nothing in the data folder says whose lesson it was; and SQLite's log stays small."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.bookings import slots
from core.bookings.models import Booking
from core.bookings.requests import request_lesson
from core.bookings.retention import NOBODY
from core.bootstrap import build
from core.ops import names_in_copies
from core.ops.backup import back_up, restore
from core.ops.sweep import sweep
from core.outbox import messages
from core.outbox.models import OutboxMessage
from core.people.models import SignInLink
from core.platform import clock
from core.platform.database_files import shrink_wal, wal_bytes
from core.platform.db import MAX_WAL_BYTES
from core.platform.services import Services
from core.platform.settings import load_settings
from core.schedule.models import Coach
from core.staff import old_links, sign_in_links
from tests.support import people

sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
SURNAME, CHILD = "Xyzzysmith", "Quuxine"
THREE_YEARS = timedelta(days=3 * 365)


@pytest.fixture
def nora(services: Services) -> int:
    with services.database.write() as transaction:
        return people.nora(transaction.session).id


def ask(session: Session, coach: Coach, *, now: datetime) -> int:
    lesson = coach.lessons[0]
    (slot,) = slots.next_free(session, coach, lesson, now=now, count=1)
    wanted = people.sam_wants(
        coach,
        lesson,
        slot.starts_at,
        customer_name=f"Sam {SURNAME}",
        customer_email=f"sam@{SURNAME.lower()}.example",
        athlete_name=CHILD,
        notes=f"{CHILD} {SURNAME} can do a handstand",
    )
    return request_lesson(session, coach, wanted, now=now).id


def long_ago(session: Session, booking_id: int, *, now: datetime) -> None:
    booking = session.get_one(Booking, booking_id)
    booking.starts_at -= THREE_YEARS
    booking.ends_at -= THREE_YEARS


def said_in(folder: Path) -> list[str]:
    """Files in which a name stands, in clear."""
    words = [word.encode() for word in (SURNAME, SURNAME.lower(), CHILD)]
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in words)
    )


def copy_as_before_a_migration(services: Services) -> Path:
    folder = services.settings.data_dir / "backups"
    folder.mkdir(exist_ok=True)
    copy = folder / f"spirit-before-migration-from-0013-{clock.now():%Y%m%dT%H%M%S}.db"
    with (
        closing(sqlite3.connect(str(services.database.url.database))) as live,
        closing(sqlite3.connect(copy)) as target,
    ):
        live.backup(target)
    return copy


@sqlite_only
def test_no_file_says_whose_an_old_lesson_was(services: Services, nora: int) -> None:
    booking_id = services.database.transact(lambda tx: ask(tx.session, tx.coach, now=tx.now), coach=nora)
    sweep(services)  # mails go to their folder
    services.database.transact(lambda tx: long_ago(tx.session, booking_id, now=tx.now))
    copy = copy_as_before_a_migration(services)
    folder = services.settings.data_dir
    assert {Path(name).suffix for name in said_in(folder)} >= {".db", ".eml"}

    sweep(services)

    assert said_in(folder) == []
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT count(*), max(athlete_name) FROM booking").fetchone() == (1, NOBODY)
    assert said_in(folder) == []


@sqlite_only
def test_what_a_restore_moved_away_forgets_too_and_goes_after_a_month(
    services: Services, nora: int, tmp_path: Path
) -> None:
    booking_id = services.database.transact(lambda tx: ask(tx.session, tx.coach, now=tx.now), coach=nora)
    services.database.transact(lambda tx: long_ago(tx.session, booking_id, now=tx.now))
    back_up(services, tmp_path / "gym.backup")
    other = load_settings(
        _env_file=None, data_dir=tmp_path / "other", secret_key="a-key-of-some-length", telemetry=False
    )
    restore(other, tmp_path / "gym.backup")
    restore(other, tmp_path / "gym.backup", replace=True)
    assert any("before-restore" in name for name in said_in(other.data_dir))
    restored = build(other)
    sweep(restored)
    assert any("before-restore" in name for name in said_in(other.data_dir))  # held: nothing is removed yet

    restored.database.transact(lambda tx: messages.release(tx.session, now=tx.now))
    names_in_copies.forget_in_copies(restored, now=clock.now())
    assert not any("before-restore" in name for name in said_in(other.data_dir))
    (moved,) = other.data_dir.glob("before-restore-*")
    moved = moved.rename(moved.with_name(f"before-restore-{clock.now() - timedelta(days=60):%Y%m%dT%H%M%S}"))
    names_in_copies.forget_in_copies(restored, now=clock.now())
    assert not moved.exists()
    restored.database.dispose()


@sqlite_only
def test_a_copy_as_old_as_the_rule_goes_and_one_that_is_damaged_stops_nothing(services: Services, nora: int) -> None:
    old, damaged = copy_as_before_a_migration(services), services.settings.data_dir / "backups"
    damaged = damaged / f"spirit-before-migration-from-0012-{clock.now():%Y%m%dT%H%M%S}.db"
    shutil.copy(old, damaged)
    damaged.write_bytes(b"SQLite format 3\0" + b"\1" * 4096)
    os.utime(old, ((clock.now() - THREE_YEARS).timestamp(),) * 2)
    assert names_in_copies.older_than_the_rule(services, now=clock.now()) == [old]
    names_in_copies.forget_in_copies(services, now=clock.now())
    assert not old.exists() and damaged.exists()


def test_old_sign_in_links_go_with_their_mails(services: Services, nora: int) -> None:
    def make(session: Session, *, now: datetime) -> None:
        account = session.get_one(Coach, nora).account
        for age in (timedelta(days=9), timedelta(minutes=1)):
            link = sign_in_links.new_link(session, account, now=now - age)
            messages.add_sign_in(session, account, link, now=now - age)

    def clean(session: Session, *, now: datetime) -> tuple[int, int]:
        old_links.forget_old_links(session, now=now)
        links = session.scalar(select(func.count()).select_from(SignInLink)) or 0
        return links, session.scalar(select(func.count()).select_from(OutboxMessage)) or 0

    services.database.transact(lambda tx: make(tx.session, now=tx.now))
    assert services.database.transact(lambda tx: clean(tx.session, now=tx.now)) == (1, 1)
    assert services.database.transact(lambda tx: clean(tx.session, now=tx.now)) == (1, 1)


@sqlite_only
def test_the_log_shrinks_once_a_reader_lets_go(services: Services) -> None:
    database = services.database
    with closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM gym").fetchone()
        for number in range(2000):
            with database.write() as transaction:
                transaction.session.execute(
                    text("UPDATE gym SET cancellation_fee_text = :words"), {"words": f"{number} " * 4000}
                )
        assert wal_bytes(database) > MAX_WAL_BYTES
        assert not shrink_wal(database)
        reader.execute("COMMIT")
    sweep(services)
    assert wal_bytes(database) <= MAX_WAL_BYTES


@sqlite_only
def test_what_is_deleted_is_overwritten(services: Services) -> None:
    for engine in services.database.engines:
        with engine.connect() as connection:
            assert connection.execute(text("PRAGMA secure_delete")).scalar_one() == 1
            assert connection.execute(text("PRAGMA journal_size_limit")).scalar_one() == MAX_WAL_BYTES
