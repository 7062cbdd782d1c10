"""
A store on PostgreSQL that goes away, hangs or is locked, for real: bookings are answered the same, loss is counted and
shown, and writing goes on as soon as it can.

The gym's own database is reached directly, SQLite or PostgreSQL; its store through a proxy that the test cuts.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text

from core.alerts import liveness
from core.bookings.models import Status
from core.platform import clock
from core.platform.settings import Settings
from core.telemetry import recording, store
from core.telemetry.recorder import Recorder
from core.telemetry.store import MIN_LOCK_MS, PATIENT_MS, Store
from tests.public_site.conftest import Gym, furnish, gym
from tests.support import postgresql
from tests.support.people import at
from tests.support.tcp_proxy import TcpProxy, proxy_to
from tests.telemetry.conftest import Kept, good_row

__all__ = ["furnish", "gym"]

pytestmark = pytest.mark.usefixtures("store")  # which skips, with its reason, where there is no PostgreSQL


@pytest.fixture
def server_url(backend: str, settings: Settings) -> Iterator[str]:
    """The database that the store lies in: the gym's own, or one of its own beside SQLite."""
    if backend == "postgresql":
        yield settings.database_url
        return
    try:
        server = postgresql.server()
    except postgresql.NoPostgres as reason:
        postgresql.do_without(reason)
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
def proxy(server_url: str) -> Iterator[TcpProxy]:
    url = make_url(server_url)
    folder = url.query.get("host")
    target = f"{folder}/.s.PGSQL.{url.port or 5432}" if isinstance(folder, str) else (url.host or "", url.port or 5432)
    with proxy_to(target) as proxy:
        yield proxy


@pytest.fixture
def kept(server_url: str) -> Iterator[Kept]:
    """What the store holds, read beside the proxy."""
    store = Store(server_url)
    yield Kept(store)
    store.dispose()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"telemetry": True})


@pytest.fixture(autouse=True)
def through_the_proxy(proxy: TcpProxy, server_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    url = make_url(server_url).set(host="127.0.0.1", port=proxy.port).difference_update_query(["host"])
    there = url.render_as_string(hide_password=False)
    monkeypatch.setattr(recording, "store_for", lambda _: Store(there))
    monkeypatch.setattr(store, "MIN_LOCK_MS", 300)
    return there


@pytest.fixture
def recorder(gym: Gym) -> Recorder:
    """The site's own, which has written what it had."""
    found = recording.active()
    assert found is not None and found.flush_now()
    return found


def book(gym: Gym, hour: int) -> None:
    """Sam asks, and her page is there."""
    booking = gym.book(at(1, hour))
    assert booking.status is Status.PENDING and gym.get(f"/bookings/{booking.handle}").status_code == 200


def requested(kept: Kept) -> int:
    """How many requests for a lesson were written."""
    return len([row for row in kept.rows("event_log") if (row.kind, row.name) == ("business", "requested")])


def try_again(recorder: Recorder) -> bool:
    """Without the half minute in which it is left alone."""
    recorder.writer.open_until = 0.0
    return recorder.flush_now()


def test_while_its_server_is_gone_bookings_are_answered_and_all_is_written_later(
    gym: Gym, recorder: Recorder, kept: Kept, proxy: TcpProxy
) -> None:
    proxy.cut()
    book(gym, 16)
    assert not recorder.flush_now()
    book(gym, 9)
    assert not try_again(recorder) and requested(kept) == 0 and not recorder.lost
    proxy.open()
    assert try_again(recorder) and requested(kept) == 2
    assert [row.status for row in kept.rows("request_log") if row.route == "/bookings"] == [303, 303]


def test_what_does_not_fit_meanwhile_is_counted_and_shown(
    gym: Gym, recorder: Recorder, kept: Kept, proxy: TcpProxy, through_the_proxy: str
) -> None:
    proxy.cut()
    assert [silence.sentence(now=clock.now()) for silence in silences(through_the_proxy)] == [
        "The monitor has not run yet: its data cannot be read (OperationalError)."
    ]
    recorder.event("test", "x")
    assert not recorder.flush_now(), "from here on its own thread leaves the store alone"
    most = recorder.requests.most
    for number in range(most + 300):
        recorder.requests.add(good_row(number))
    assert not try_again(recorder) and recorder.lost["too many at once"] >= 300
    book(gym, 16)
    proxy.open()
    assert try_again(recorder)
    assert recorder.flush_now(), "what was lost is itself written"
    lost = recorder.lost["too many at once"]
    assert sum(row.value for row in kept.rows("event_log") if row.kind == "lost") == lost
    assert requested(kept) == 1


def test_while_it_hangs_nobody_else_does(gym: Gym, recorder: Recorder, kept: Kept, proxy: TcpProxy) -> None:
    """The cable is pulled in the middle of it: the writer waits, bookings do not; it goes on where it was."""
    book(gym, 16)
    proxy.block()
    writing = threading.Thread(target=recorder.flush_now)
    writing.start()
    book(gym, 9)
    writing.join(0.2)
    assert writing.is_alive() and requested(kept) == 0
    proxy.clear()
    writing.join(20)
    assert not writing.is_alive() and recorder.flush_now()
    assert requested(kept) == 2 and not recorder.lost


def test_a_server_that_answers_nobody_at_the_door_is_given_up_soon(recorder: Recorder, proxy: TcpProxy) -> None:
    recorder.store.engine.dispose()
    proxy.block()
    recorder.event("test", "x")
    assert not recorder.flush_now(), "it would wait for ever without a limit"
    proxy.clear()
    assert try_again(recorder)


@contextmanager
def held(url: str, table: str) -> Iterator[None]:
    """Somebody has locked it, as an ALTER TABLE does."""
    with psycopg.connect(make_url(url).render_as_string(hide_password=False)) as connection:
        connection.execute(f"LOCK TABLE telemetry.{table} IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def test_while_a_table_is_locked_bookings_are_answered_and_its_rows_wait(
    gym: Gym, recorder: Recorder, kept: Kept, server_url: str
) -> None:
    with held(server_url, "request_log"):
        book(gym, 16)
        assert not recorder.flush_now(), "it would wait for ever without a limit"
        book(gym, 9)
    assert requested(kept) == 0 and not recorder.lost
    assert try_again(recorder) and requested(kept) == 2
    assert [row.status for row in kept.rows("request_log") if row.route == "/bookings"] == [303, 303]


def test_whoever_holds_the_writers_turn_is_not_waited_for_long(
    gym: Gym, recorder: Recorder, kept: Kept, server_url: str
) -> None:
    """The archive takes it alone; should it hang there, writers give way."""
    with psycopg.connect(server_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [store.LOCK_KEY])
        book(gym, 16)
        assert not recorder.flush_now()
    assert try_again(recorder) and requested(kept) == 1


def test_every_wait_has_a_limit(recorder: Recorder, server_url: str) -> None:
    """Of the recorder; and whoever has time may work for longer."""
    assert MIN_LOCK_MS == 2_000, "which these tests shorten"
    patient = Store(server_url, busy_ms=PATIENT_MS)
    assert limits(recorder.store) == {"lock_timeout": "300ms", "statement_timeout": "10s", "connect_timeout": "2"}
    assert limits(patient) == {"lock_timeout": "10s", "statement_timeout": "0", "connect_timeout": "2"}
    patient.dispose()


def limits(store: Store) -> dict[str, Any]:
    with store.engine.connect() as connection:
        said = {name: connection.scalar(text(f"SHOW {name}")) for name in ("lock_timeout", "statement_timeout")}
        driver: Any = connection.connection.driver_connection
        there = driver.info.get_parameters()
    assert there["tcp_user_timeout"] == "10000" and there["keepalives_idle"] == "10"
    return said | {"connect_timeout": there["connect_timeout"]}


def silences(url: str) -> list[liveness.Silence]:
    """What the banner of the console would say."""
    store = Store(url)
    try:
        return liveness.silence_of_the_recorders(store, now=clock.now())
    finally:
        store.dispose()
