"""A backup is whole, whoever writes meanwhile, and a restore sends nothing twice."""

import json
import sqlite3
import threading
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from core import clock
from core.backup import back_up, restore
from core.bootstrap import Services, build
from core.errors import SchemaNewer, SetupError
from core.gym import the_gym
from core.people.accounts import create_account
from core.people.models import Role
from core.settings import Settings, load_settings
from tests.support import people

sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
WRITERS, BACKUPS = 4, 5


def another_place(folder: Path, **changes: str) -> Settings:
    return load_settings(_env_file=None, data_dir=folder / "another", **changes)


def names(settings: Settings) -> set[str]:
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database:
        return {name for (name,) in database.execute("SELECT name FROM account")}


@sqlite_only
def test_what_was_backed_up_comes_back_with_mail_held(services: Services, tmp_path: Path) -> None:
    with services.database.write() as transaction:
        people.nora(transaction.session)
    back_up(services, tmp_path / "gym.backup")

    elsewhere = another_place(tmp_path)
    made_at = restore(elsewhere, tmp_path / "gym.backup")

    assert datetime.fromisoformat(made_at) <= clock.now()
    assert names(elsewhere) == {"Nora Lindqvist"}
    restored = build(elsewhere)
    with restored.database.read() as session:
        assert the_gym(session).mail_held
    restored.database.dispose()
    with services.database.read() as session:
        assert not the_gym(session).mail_held


@sqlite_only
def test_links_that_were_mailed_work_after_a_restore(services: Services, tmp_path: Path) -> None:
    (services.settings.data_dir / "secret_key").write_text("made once and kept in the data folder")
    back_up(services, tmp_path / "gym.backup")
    elsewhere = another_place(tmp_path)
    restore(elsewhere, tmp_path / "gym.backup")
    assert elsewhere.signing_keys() == ["made once and kept in the data folder"]
    assert (elsewhere.data_dir / "secret_key").stat().st_mode & 0o077 == 0


@sqlite_only
def test_every_backup_has_whatever_was_committed_before_it_began(services: Services, tmp_path: Path) -> None:
    committed: list[str] = []
    enough = threading.Event()

    def write(writer: int) -> None:
        number = 0
        while not enough.is_set():
            name = f"{writer}-{number}"
            services.database.transact(_hire, name)
            committed.append(name)
            number += 1

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in writers:
        thread.start()
    found = []
    for number in range(BACKUPS):
        before = set(committed)
        back_up(services, tmp_path / f"{number}.backup")
        found.append((before, tmp_path / f"{number}.backup"))
    enough.set()
    for thread in writers:
        thread.join()

    for number, (before, file) in enumerate(found):
        elsewhere = load_settings(_env_file=None, data_dir=tmp_path / f"restored-{number}")
        restore(elsewhere, file)
        assert before <= names(elsewhere)
    assert len(found[-1][0]) > len(found[0][0])


def _hire(session: Session, name: str, *, now: datetime) -> None:
    create_account(session, email=f"{name}@spirit.example", name=name, role=Role.COACH, now=now)


@sqlite_only
def test_a_backup_opens_everything_so_only_its_owner_can_read_it(services: Services, tmp_path: Path) -> None:
    back_up(services, tmp_path / "gym.backup")
    assert (tmp_path / "gym.backup").stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(tmp_path / "gym.backup") as archive:
        assert json.loads(archive.read("backup.json"))["version"]
    assert not list(tmp_path.glob(".spirit-*"))


@sqlite_only
def test_no_backup_is_overwritten(services: Services, tmp_path: Path) -> None:
    (tmp_path / "gym.backup").write_text("yesterday's")
    with pytest.raises(SetupError, match="exists already"):
        back_up(services, tmp_path / "gym.backup")
    assert (tmp_path / "gym.backup").read_text() == "yesterday's"


@sqlite_only
def test_nothing_is_restored_over_a_gym(services: Services, settings: Settings, tmp_path: Path) -> None:
    back_up(services, tmp_path / "gym.backup")
    with pytest.raises(SetupError, match="empty place"):
        restore(settings, tmp_path / "gym.backup")


@sqlite_only
def test_another_gyms_key_is_not_replaced(services: Services, tmp_path: Path) -> None:
    (services.settings.data_dir / "secret_key").write_text("made once and kept in the data folder")
    back_up(services, tmp_path / "gym.backup")
    elsewhere = another_place(tmp_path)
    mine = elsewhere.signing_keys()
    with pytest.raises(SetupError, match="another gym's"):
        restore(elsewhere, tmp_path / "gym.backup")
    assert elsewhere.signing_keys() == mine
    assert not (elsewhere.data_dir / "spirit.db").exists()


@sqlite_only
@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_any_other_file_is_refused(content: bytes, backend: str, tmp_path: Path) -> None:
    (tmp_path / "gym.backup").write_bytes(content)
    elsewhere = another_place(tmp_path)
    with pytest.raises(SetupError, match="no backup of a gym"):
        restore(elsewhere, tmp_path / "gym.backup")
    assert not list(elsewhere.data_dir.iterdir())


@sqlite_only
def test_a_damaged_backup_is_refused(services: Services, tmp_path: Path) -> None:
    back_up(services, tmp_path / "gym.backup")
    _rewrite(tmp_path / "gym.backup", "spirit.db", b"SQLite format 3\0" + b"\1" * 5000)
    with pytest.raises(SetupError, match="damaged"):
        restore(another_place(tmp_path), tmp_path / "gym.backup")


@sqlite_only
def test_a_newer_programs_backup_is_refused(services: Services, tmp_path: Path) -> None:
    with services.database.write() as transaction:
        transaction.session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaNewer):
        back_up(services, tmp_path / "gym.backup")


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_for_postgresql_its_own_programs_are_named(services: Services, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="pg_dump"):
        back_up(services, tmp_path / "gym.backup")
    with pytest.raises(SetupError, match="pg_restore"):
        restore(services.settings, tmp_path / "gym.backup")


def _rewrite(file: Path, member: str, content: bytes) -> None:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {**members, member: content}.items():
            archive.writestr(name, data)
