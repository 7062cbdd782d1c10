"""What a person hears when the answer to COMMIT is lost, and what a silent PostgreSQL costs her: a real server, a proxy that breaks."""

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, make_url, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from core.bookings import slots
from core.bookings.models import Booking
from core.bookings.requests import request_lesson
from core.errors import OutcomeUnknown, Unavailable
from core.http.edge_middleware import Edge, Receive, Scope, Send
from core.platform import clock, postgresql
from core.platform.db import Database
from core.schedule.models import Coach
from tests.support import people
from tests.support.tcp_proxy import TcpProxy, proxy_to

postgresql_only = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@pytest.fixture
def nora(database: Database) -> int:
    with database.write() as transaction:
        return people.nora(transaction.session).id


@pytest.fixture
def proxy(database: Database) -> Iterator[TcpProxy]:
    url = database.url
    socket = url.query.get("host")
    target: Any = (
        f"{socket}/.s.PGSQL.{url.query.get('port', url.port or 5432)}"
        if isinstance(socket, str) and socket.startswith("/")
        else (url.host or "127.0.0.1", url.port or 5432)
    )
    with proxy_to(target) as proxy:
        yield proxy


@pytest.fixture
def far(database: Database, proxy: TcpProxy) -> Iterator[Database]:
    """The same database at the end of the proxy."""
    url = make_url(database.url).set(host="127.0.0.1", port=proxy.port).difference_update_query(["host", "port"])
    away = Database(url.render_as_string(hide_password=False), wait_s=3.0)
    yield away
    proxy.clear()
    away.dispose()


def ask(session: Session, coach: Coach, *, key: str | None = None, now: datetime) -> Booking:
    lesson = coach.lessons[0]
    (slot,) = slots.next_free(session, coach, lesson, now=now, count=1)
    return request_lesson(session, coach, people.sam_wants(coach, lesson, slot.starts_at, idempotency_key=key), now=now)


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Booking)) or 0


@postgresql_only
def test_a_commit_whose_answer_is_lost_is_looked_up_and_is_a_success(
    database: Database, far: Database, proxy: TcpProxy, nora: int
) -> None:
    far.transact(lambda tx: tx.session.flush(), coach=nora)
    proxy.break_at(b"COMMIT", arrives=True)
    booking = far.transact(lambda tx: ask(tx.session, tx.coach, now=tx.now), coach=nora)
    assert count(database) == 1
    assert booking.customer_name == "Sam Rivera" and booking.id and booking.handle


@postgresql_only
def test_a_commit_that_never_arrived_is_called_not_stored(
    database: Database, far: Database, proxy: TcpProxy, nora: int
) -> None:
    proxy.break_at(b"COMMIT", arrives=False)
    with pytest.raises(Unavailable, match="Nothing was stored") as caught:
        far.transact(lambda tx: ask(tx.session, tx.coach, now=tx.now), coach=nora)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert count(database) == 0


@postgresql_only
@pytest.mark.parametrize("arrives", [True, False])
def test_an_outcome_that_nobody_can_tell_is_called_unknown(
    arrives: bool, database: Database, far: Database, proxy: TcpProxy, nora: int
) -> None:
    proxy.break_at(b"COMMIT", arrives=arrives, for_good=True)
    with pytest.raises(OutcomeUnknown, match="not sure whether this was saved"):
        far.transact(lambda tx: ask(tx.session, tx.coach, now=tx.now), coach=nora)
    assert count(database) == int(arrives)


@postgresql_only
def test_a_server_that_falls_silent_is_given_up_within_the_limit(far: Database, proxy: TcpProxy, nora: int) -> None:
    far.transact(lambda tx: tx.session.flush(), coach=nora)
    proxy.block()
    began = time.monotonic()
    for _ in range(2):  # one from the pool, and one that is new
        with pytest.raises(Unavailable), far.read() as session:
            session.scalar(select(func.count()).select_from(Booking))
    with pytest.raises(Unavailable):
        far.transact(lambda tx: ask(tx.session, tx.coach, now=tx.now), coach=nora)
    assert time.monotonic() - began < 45  # without a limit: until TCP gives up, a quarter of an hour
    proxy.clear()
    far.transact(lambda tx: ask(tx.session, tx.coach, now=tx.now), coach=nora)


@postgresql_only
def test_a_server_that_falls_silent_in_the_middle_is_given_up_too(far: Database, proxy: TcpProxy, nora: int) -> None:
    def read_twice() -> None:
        with far.read() as session:
            session.scalar(select(func.count()).select_from(Booking))
            proxy.block()
            session.scalar(select(func.count()).select_from(Booking))

    with pytest.raises(Unavailable):
        read_twice()


@postgresql_only
def test_a_statement_that_takes_too_long_is_ended_by_the_server(far: Database) -> None:
    with pytest.raises(Unavailable), far.read() as session:
        session.scalar(select(func.pg_sleep(30)))


def test_an_address_for_another_library_has_the_limits_of_the_wire() -> None:
    dsn = postgresql.patient_dsn("postgresql://spirit:a%40b@db.example/queue?connect_timeout=2")
    assert dsn.startswith("postgresql://spirit:a%40b@db.example/queue?")
    assert "connect_timeout=2" in dsn and "tcp_user_timeout=10000" in dsn and "options" not in dsn


def version(database: Database, coach: int) -> int:
    with database.read() as session:
        return session.get_one(Coach, coach).schedule_version


def test_a_request_that_is_sent_again_wakes_nobody(database: Database, nora: int) -> None:
    key = "a-key-of-sixteen-letters"
    now = clock.now()

    def again(session: Session, coach: Coach, *, now: datetime) -> Booking:
        return request_lesson(session, coach, wanted, now=now)

    with database.read() as session:
        coach = session.get_one(Coach, nora)
        (slot,) = slots.next_free(session, coach, coach.lessons[0], now=now, count=1)
        wanted = people.sam_wants(coach, coach.lessons[0], slot.starts_at, idempotency_key=key)
    first = database.transact(lambda tx: again(tx.session, tx.coach, now=tx.now), coach=nora)
    moved = version(database, nora)
    assert moved == 1
    assert {database.transact(lambda tx: again(tx.session, tx.coach, now=tx.now), coach=nora).id for _ in range(5)} == {
        first.id
    }
    assert version(database, nora) == moved


@pytest.mark.parametrize(("method", "code"), [("GET", "unavailable"), ("POST", "outcome_unknown")])
def test_a_request_that_hangs_is_answered_when_its_time_is_up(method: str, code: str) -> None:
    async def hang(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    edge = Edge(hang, content_security_policy="", hsts=False, labels={}, deadline_s=0.05)
    answer = TestClient(edge).request(method, "/api/coaches")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, code, "10")
    assert "Nothing was stored" not in answer.text


def test_an_answer_that_has_begun_is_not_cut_off() -> None:
    async def slowly(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b"whole"})

    edge = Edge(slowly, content_security_policy="", hsts=False, labels={}, deadline_s=0.05)
    assert TestClient(edge).get("/").text == "whole"
