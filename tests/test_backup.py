"""A backup is whole, whoever writes meanwhile, and a restore sends nothing twice."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from core.bootstrap import build
from core.errors import SchemaNewer, SchemaOutdated, SetupError
from core.gym.models import the_gym
from core.migrations import check_schema
from core.ops.backup import back_up, making, restore, restoring
from core.ops.backup.checking import fault_of_file
from core.people.accounts import create_account
from core.people.models import Role
from core.platform import clock
from core.platform.database_in_use import alone_with
from core.platform.services import Services
from core.platform.settings import Settings, load_settings
from tests.support import people
from tests.support.databases import Store

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
            services.database.transact(lambda tx: _hire(tx.session, name, now=tx.now))
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


@pytest.fixture
def crashed(store: Store, tmp_path: Path) -> Services:
    """A gym in a folder of its own, whose processes were killed: its -wal and -shm are still there."""
    program = (
        "import os, signal; from core.bootstrap import services; from tests.test_backup import _hire; "
        "[services().database.transact(lambda tx: _hire(tx.session, f'crash-{n}', now=tx.now)) for n in range(30)]; os.kill(os.getpid(), signal.SIGKILL)"
    )
    settings = load_settings(_env_file=None, data_dir=tmp_path / "crashed", telemetry=False)
    settings.data_dir.mkdir(exist_ok=True)
    store.copy(settings.data_dir)
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "SPIRIT_DATA_DIR": str(settings.data_dir)},
        check=False,
        timeout=240,
    )
    assert ended.returncode == -signal.SIGKILL
    return build(settings)


def wal_of(settings: Settings) -> Path:
    return settings.data_dir / "spirit.db-wal"


@sqlite_only
@pytest.mark.parametrize("round_", range(10))
def test_a_restore_beside_a_killed_gyms_wal_is_whole(
    round_: int, services: Services, crashed: Services, tmp_path: Path
) -> None:
    for number in range(round_):
        services.database.transact(lambda tx: _hire(tx.session, f"backed-up-{number}", now=tx.now))
    back_up(services, tmp_path / "gym.backup")
    settings = crashed.settings
    assert wal_of(settings).stat().st_size > 0
    (settings.data_dir / "spirit.db").rename(tmp_path / "damaged.db")
    (settings.data_dir / "telemetry.db-wal").write_bytes(b"of a file that was moved away")

    said: list[str] = []
    restore(settings, tmp_path / "gym.backup", say=said.append)

    assert fault_of_file(settings.data_dir / "spirit.db") is None
    check_schema(crashed.database)
    assert names(settings) == {f"backed-up-{number}" for number in range(round_)}
    crashed.database.transact(lambda tx: _hire(tx.session, "after", now=tx.now))
    assert fault_of_file(settings.data_dir / "spirit.db") is None
    (moved,) = settings.data_dir.glob("before-restore-*")
    assert {path.name for path in moved.iterdir()} >= {"spirit.db-wal", "telemetry.db-wal"}
    assert str(moved) in said[0]
    assert not list(settings.data_dir.glob(".spirit-*"))


@sqlite_only
def test_a_killed_gym_is_replaced_when_that_is_said_and_can_still_be_read(
    services: Services, crashed: Services, tmp_path: Path
) -> None:
    back_up(services, tmp_path / "gym.backup")
    with pytest.raises(SetupError, match="--replace"):
        restore(crashed.settings, tmp_path / "gym.backup")
    assert len(names(crashed.settings)) == 30

    restore(crashed.settings, tmp_path / "gym.backup", replace=True)

    assert names(crashed.settings) == set()
    (moved,) = crashed.settings.data_dir.glob("before-restore-*")
    with closing(sqlite3.connect(moved / "spirit.db")) as old:
        assert old.execute("SELECT count(*) FROM account").fetchone() == (30,)


@sqlite_only
def test_a_gym_that_is_running_is_not_restored_over(services: Services, settings: Settings, tmp_path: Path) -> None:
    services.database.transact(lambda tx: _hire(tx.session, "here", now=tx.now))
    back_up(services, tmp_path / "gym.backup")
    with pytest.raises(SetupError, match="in use: stop the site"):
        restore(settings, tmp_path / "gym.backup", replace=True)
    assert names(settings) == {"here"}


@sqlite_only
def test_a_program_that_reads_the_file_is_noticed_too(services: Services, crashed: Services, tmp_path: Path) -> None:
    back_up(services, tmp_path / "gym.backup")
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT count(*) FROM gym').fetchone(); "
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(crashed.settings.data_dir / "spirit.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as reader:
        assert reader.stdout is not None and reader.stdout.readline() == b"open\n"
        with pytest.raises(SetupError, match="in use"):
            restore(crashed.settings, tmp_path / "gym.backup", replace=True)
        reader.communicate()
    restore(crashed.settings, tmp_path / "gym.backup", replace=True)


@sqlite_only
def test_nothing_starts_during_a_restore(backend: str, crashed: Services) -> None:
    with (
        alone_with(crashed.settings.data_dir / "spirit.db"),
        pytest.raises(SetupError, match="being restored"),
    ):
        check_schema(crashed.database)
    check_schema(crashed.database)


@sqlite_only
def test_a_restore_that_fails_at_its_last_look_leaves_the_old_gym_as_it_was(
    services: Services, crashed: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(services, tmp_path / "gym.backup")
    before = {path.name for path in crashed.settings.data_dir.iterdir()}
    counted = iter(({"account": 1}, {}))
    monkeypatch.setattr(restoring, "row_counts", lambda _: next(counted))
    with pytest.raises(SetupError, match="does not hold what the backup does"):
        restore(crashed.settings, tmp_path / "gym.backup", replace=True)
    assert {path.name for path in crashed.settings.data_dir.iterdir()} - {"spirit.db.in-use"} == before - {
        "spirit.db.in-use"
    }
    assert len(names(crashed.settings)) == 30


@sqlite_only
@pytest.mark.parametrize("kept", [0.2, 0.7, 0.98])
def test_a_backup_that_was_cut_short_is_refused_in_words(kept: float, services: Services, tmp_path: Path) -> None:
    back_up(services, tmp_path / "gym.backup")
    whole = (tmp_path / "gym.backup").read_bytes()
    (tmp_path / "gym.backup").write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(SetupError, match="not complete"):
        restore(another_place(tmp_path), tmp_path / "gym.backup")


@sqlite_only
def test_one_flipped_byte_is_noticed(services: Services, tmp_path: Path) -> None:
    back_up(services, tmp_path / "gym.backup")
    damaged = bytearray((tmp_path / "gym.backup").read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    (tmp_path / "gym.backup").write_bytes(damaged)
    with pytest.raises(SetupError, match="damaged"):
        restore(another_place(tmp_path), tmp_path / "gym.backup")
    assert not (another_place(tmp_path).data_dir / "spirit.db").exists()


@sqlite_only
def test_another_programs_database_is_refused(services: Services, tmp_path: Path) -> None:
    back_up(services, tmp_path / "gym.backup")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as foreign:
        foreign.execute("CREATE TABLE article (id INTEGER PRIMARY KEY)")
        foreign.commit()
    _rewrite(tmp_path / "gym.backup", "spirit.db", (tmp_path / "shop.db").read_bytes())
    with pytest.raises(SetupError, match="not a gym's"):
        restore(another_place(tmp_path), tmp_path / "gym.backup")


@sqlite_only
def test_a_backup_of_a_newer_schema_is_refused_before_anything_is_touched(
    services: Services, crashed: Services, tmp_path: Path
) -> None:
    back_up(services, tmp_path / "gym.backup")
    with zipfile.ZipFile(tmp_path / "gym.backup") as archive:
        (tmp_path / "newer.db").write_bytes(archive.read("spirit.db"))
    with closing(sqlite3.connect(tmp_path / "newer.db")) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    _rewrite(tmp_path / "gym.backup", "spirit.db", (tmp_path / "newer.db").read_bytes())
    with pytest.raises(SchemaNewer):
        restore(crashed.settings, tmp_path / "gym.backup", replace=True)
    assert len(names(crashed.settings)) == 30


@sqlite_only
def test_a_file_that_an_early_start_left_is_no_obstacle(services: Services, tmp_path: Path) -> None:
    back_up(services, tmp_path / "gym.backup")
    elsewhere = another_place(tmp_path)
    too_early = build(elsewhere)
    with pytest.raises(SchemaOutdated):
        check_schema(too_early.database)
    too_early.database.dispose()
    restore(elsewhere, tmp_path / "gym.backup")
    assert names(elsewhere) == set()


@sqlite_only
def test_a_place_without_locks_sees_no_database(services: Services, tmp_path: Path) -> None:
    """A share that refuses locks once let SQLite wait for ever: nothing but plain writing happens there now."""
    share = tmp_path / "share"
    share.mkdir()
    opened: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "sqlite3.connect":
            opened.append(str(arguments[0]))

    sys.addaudithook(watch)
    back_up(services, share / "gym.backup")
    watching = False
    assert opened and not any(str(share) in path for path in opened)
    assert [path.name for path in share.iterdir()] == ["gym.backup"]


@sqlite_only
def test_a_place_that_cannot_be_written_is_named_and_nothing_is_left(services: Services, tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(SetupError, match=r"/proc/gym\.backup cannot be written"):
        back_up(services, Path("/proc/gym.backup"))
    assert {path.name for path in tmp_path.iterdir()} - {"spirit.db-wal", "spirit.db-shm", "spirit.db.in-use"} <= before


def test_a_place_that_never_answers_is_given_up(tmp_path: Path) -> None:
    """As a dead share: the call inside does not come back while we wait."""
    pipe = tmp_path / "share"
    os.mkfifo(pipe)
    with pytest.raises(SetupError, match="did not answer for 0 seconds"):
        making.within(0.2, pipe.read_bytes, tmp_path / "gym.backup")
    with pipe.open("wb"):
        """Whoever waits at the pipe is let go."""
