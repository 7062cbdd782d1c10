"""SQLite's writers between processes: one at a time, nobody for ever, and no trace of who did not get through."""

import fcntl
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from core.errors import Unavailable
from core.gym.models import the_gym
from core.platform.db import Database
from core.platform.write_queue import WriteQueue
from tests.faults.holder import ITS_STREET, Holder

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
SHORT_S = 0.5
OURS = "12 Mill Street"


class WithoutQueue(Database):
    """A control: the file lock and the turn are nobody's."""

    def _begin_writing(self, connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


class WithoutPatience(Database):
    """A control: it takes its turn, but leaves no time for a writer outside our queue."""

    def _begin_writing(self, connection: Connection) -> None:
        assert self.queue is not None
        self.queue.acquire(time.monotonic() + self.wait_s)
        connection.info["turn"] = self.queue
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


class Forgetful(set[int]):
    """A control: nobody is remembered to have a turn already."""

    def add(self, element: int) -> None:
        """Forget it at once."""


def write(database: Database, street: str = OURS) -> None:
    with database.write() as transaction:
        the_gym(transaction.session).street = street


def street(database: Database) -> str:
    with database.read() as session:
        return the_gym(session).street


@pytest.fixture
def other(database_url: str) -> Iterator[Callable[..., Database]]:
    """Makes a Database of this process, of any class, that waits half a second unless told otherwise."""
    made: list[Database] = []

    def make(kind: type[Database] = Database, wait_s: float = SHORT_S) -> Database:
        made.append(kind(database_url, wait_s=wait_s))
        return made[-1]

    yield make
    for database in made:
        database.dispose()


@contextmanager
def an_outsider_writes(database: Database) -> Iterator[sqlite3.Connection]:
    """A program that knows nothing of our queue: a backup tool, a database shell."""
    with closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        yield shell


def test_a_stopped_writer_holds_the_others_up_until_their_deadline_and_no_longer(
    database: Database, database_url: str, other: Callable[..., Database]
) -> None:
    impatient = other()
    with Holder(database_url) as holder:
        holder.stop()
        with pytest.raises(Unavailable):
            write(impatient)
        assert street(impatient) == ""
        holder.go_on()
        holder.let_go()
        assert street(impatient) == ITS_STREET
        write(impatient)  # the refused one left nothing locked
    assert street(database) == OURS


def test_a_writer_that_dies_holding_the_lock_frees_it_and_leaves_nothing(
    database_url: str, other: Callable[..., Database]
) -> None:
    database = other()
    with Holder(database_url) as holder:
        holder.kill()
        assert street(database) == ""
        write(database)
    assert street(database) == OURS


def test_control_without_the_queue_a_write_goes_past_a_turn_that_another_holds(
    database: Database, other: Callable[..., Database]
) -> None:
    """The turn, not SQLite's own lock, is what the next one waits behind."""
    queue = _queue_of_another_process(database)
    queue.acquire(time.monotonic() + SHORT_S)
    with pytest.raises(Unavailable):
        write(other())
    assert street(database) == ""
    write(other(WithoutQueue))
    assert street(database) == OURS
    queue.release()
    write(other(), "after its turn")


def _queue_of_another_process(database: Database) -> WriteQueue:
    """Its own descriptor of the lock file, which is what makes it another."""
    return WriteQueue(_lock_file(database))


def _lock_file(database: Database) -> Path:
    return Path(f"{database.url.database}.lock")


def test_an_outsider_who_holds_the_database_too_long_makes_a_write_unavailable(
    database: Database, other: Callable[..., Database]
) -> None:
    impatient = other()
    with an_outsider_writes(database) as shell:
        with pytest.raises(Unavailable):
            write(impatient)
        shell.execute("COMMIT")
        assert street(database) == ""
        write(impatient)  # the refused one gave its turn back
    assert street(database) == OURS


def test_an_outsider_who_is_done_in_time_is_waited_for(database: Database, other: Callable[..., Database]) -> None:
    patient, impatient = other(wait_s=30.0), other(WithoutPatience)
    with an_outsider_writes(database) as shell, ThreadPoolExecutor(1) as thread:
        with pytest.raises(Unavailable):
            write(impatient)  # the control: without the waiting, the same write fails
        writing = thread.submit(write, patient)
        _wait_until_it_has_its_turn(database, writing)
        shell.execute("UPDATE gym SET street = 'the outsider''s'")
        assert not writing.done()
        shell.execute("COMMIT")
        writing.result(30)
    assert street(database) == OURS


def _wait_until_it_has_its_turn(database: Database, writing: Future[None]) -> None:
    deadline = time.monotonic() + 30
    with _lock_file(database).open("rb") as file:
        while time.monotonic() < deadline and not writing.done():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            fcntl.flock(file, fcntl.LOCK_UN)
            time.sleep(0.005)
    raise AssertionError("it never waited with its turn in hand")


def test_a_write_within_a_write_is_a_mistake_that_is_named_at_once(database: Database) -> None:
    with database.write() as transaction:
        the_gym(transaction.session).street = OURS
        with pytest.raises(RuntimeError, match="inside a write transaction"):
            write(database, "from within")
    assert street(database) == OURS  # the outer one is whole
    write(database, "later")
    assert street(database) == "later"


def test_control_a_queue_that_forgets_who_has_the_turn_lets_a_write_wait_for_itself(
    database: Database, other: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    forgetful = other()
    assert forgetful.queue is not None
    monkeypatch.setattr(forgetful.queue._turns, "_holders", Forgetful())
    with forgetful.write(), pytest.raises(Unavailable):
        write(forgetful)
    assert street(database) == ""
