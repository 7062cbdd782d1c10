"""What the database was asked, what the worker did, how the mail went out."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from analytics import database_load, jobs, mails
from analytics.data_sources import Monitor
from analytics.gym_tables import arrow
from analytics.time_window import Window
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.platform.clock import instant
from tests.analytics.house import HOUR_US, MINUTE_US, NOW_US, House
from tests.analytics.house import requests as some

GYM = ZoneInfo("America/Los_Angeles")
NOW = instant(NOW_US)
LAST_HOURS = Window(NOW - timedelta(hours=2), NOW, GYM)
STATEMENT = {"service": "site", "place": "core/x.py find", "rows": 4, "route": "/", "request_id": "r"}


@pytest.fixture
def monitor(house: House) -> Monitor:
    return Monitor(house.store, house.folder)


def statements(
    count: int, *, shape: str, duration_us: int, kind: str = "slow", times: int = 1
) -> list[dict[str, object]]:
    return [
        STATEMENT
        | {"at_us": NOW_US - HOUR_US + i, "kind": kind, "shape": shape, "duration_us": duration_us + i, "count": times}
        for i in range(count)
    ]


def test_the_statement_that_costs_most_comes_first(house: House, monitor: Monitor) -> None:
    house.note(statements(40, shape="SELECT cheap", duration_us=100_000), "statement_log")
    house.archive()
    house.note(statements(30, shape="SELECT dear", duration_us=900_000), "statement_log")
    house.note(statements(1, shape="SELECT again", duration_us=0, kind="repeated", times=14), "statement_log")
    found = database_load.statements(monitor, LAST_HOURS, "slow").to_pylist()
    assert [(row["shape"], row["n"]) for row in found] == [("SELECT dear", 30), ("SELECT cheap", 40)]
    assert found[0]["p50_ms"] == 900.014 and found[0]["max_ms"] == 900.029 and found[0]["most_rows"] == 4
    again = database_load.statements(monitor, LAST_HOURS, "repeated").to_pylist()
    assert [(row["shape"], row["most_times"], row["last_request_id"]) for row in again] == [("SELECT again", 14, "r")]


def test_the_route_that_keeps_the_database_busy_comes_first(house: House, monitor: Monitor) -> None:
    house.note(some(10, route="/week", db_us=1_000, db_count=6))
    house.note(some(2, route="/book", db_us=40_000, db_count=14))
    house.note(some(5, route="/still", db_us=0, db_count=0))
    house.archive()
    found = database_load.by_route(monitor, LAST_HOURS).to_pylist()
    assert [(row["route"], row["statements_each"], row["db_ms_each"]) for row in found] == [
        ("/book", 14, 40),
        ("/week", 6, 1),
    ]


def test_tasks_are_told_by_how_they_ended_and_how_long_they_waited(house: House, monitor: Monitor) -> None:
    task: dict[str, Any] = {"kind": "task", "service": "worker", "method": "", "status": 0}
    house.note(some(30, route="sweep", wait_us=5_000, **task))
    house.archive()
    for outcome in ("error", "retried", "interrupted", "expired"):
        house.note(some(2, route="deliver_mail", outcome=outcome, wait_us=2_000_000, **task))
    found = {row["task"]: row for row in jobs.by_task(monitor, LAST_HOURS).to_pylist()}
    assert list(found) == ["sweep", "deliver_mail"], "the busiest first"
    assert found["sweep"]["n"] == 30 and found["sweep"]["wait_p95_ms"] == 5
    mail = found["deliver_mail"]
    assert (mail["n"], mail["failed"], mail["retried"], mail["interrupted"], mail["expired"]) == (8, 2, 2, 2, 2)
    assert mail["wait_p50_ms"] == 2000


def test_of_a_long_range_the_newest_month_of_tasks_is_read(house: House, monitor: Monitor) -> None:
    year = Window(NOW - timedelta(days=396), NOW, GYM)
    assert jobs.read_part(year) == Window(NOW - timedelta(days=31), NOW, GYM)
    assert jobs.read_part(LAST_HOURS) == LAST_HOURS


def test_a_measure_is_the_greatest_of_each_step(house: House, monitor: Monitor) -> None:
    at = {"service": "worker", "process": 1, "name": "outbox.oldest_due_s"}
    house.note(
        [at | {"at_us": NOW_US - minute * MINUTE_US, "value": float(minute)} for minute in range(1, 60)], "metric_log"
    )
    hour = Window(NOW - timedelta(hours=1), NOW, GYM)
    found = jobs.measure_over_time(monitor, hour, "outbox.oldest_due_s").to_pylist()
    assert [row["value"] for row in found] == [float(minute) for minute in range(59, 0, -1)]
    day = Window(NOW - timedelta(days=90), NOW, GYM)
    assert [row["value"] for row in jobs.measure_over_time(monitor, day, "outbox.oldest_due_s").to_pylist()] == [59.0]


def mail(
    number: int, state: MessageState, *, waited: timedelta, attempts: int = 1, kind: MessageKind = MessageKind.CONFIRMED
) -> dict[str, object]:
    ended = NOW - timedelta(minutes=30)
    return {
        "kind": kind, "channel": "mail", "recipient": "sam@example.org", "dedupe_key": f"k{number}", "created_at": ended - waited,
        "due_at": ended - waited, "state": state, "attempts": attempts, "message_id": f"<{number}>",
        "finished_at": ended if state is not MessageState.QUEUED else None,
    }  # fmt: skip


def test_mails_are_told_by_what_became_of_them(session: Session) -> None:
    session.execute(
        insert(OutboxMessage),
        [
            *(mail(number, MessageState.SENT, waited=timedelta(seconds=number)) for number in range(1, 41)),
            mail(50, MessageState.SENT, waited=timedelta(hours=1), attempts=3),
            mail(51, MessageState.DEAD, waited=timedelta(hours=2), attempts=12),
            mail(52, MessageState.DROPPED, waited=timedelta(), kind=MessageKind.REMINDER),
            mail(53, MessageState.QUEUED, waited=timedelta()),
        ],
    )
    found = mails.mails(session, LAST_HOURS)
    confirmed, reminder = found.by_kind.to_pylist()
    assert (confirmed["n"], confirmed["sent"], confirmed["dead"], confirmed["tried_again"]) == (42, 41, 1, 2)
    assert confirmed["wait_p50_ms"] == 21_000 and confirmed["wait_p95_ms"] == 39_000
    assert (reminder["kind"], reminder["dropped"], reminder["wait_p50_ms"]) == ("reminder", 1, None)
    assert {(row["state"], row["n"]) for row in found.over_time.to_pylist()} == {
        ("sent", 41),
        ("dead", 1),
        ("dropped", 1),
    }
    assert mails.mails(session, Window(NOW - timedelta(days=3), NOW - timedelta(days=2), GYM)).by_kind.num_rows == 0


def test_an_instant_of_the_gym_is_the_same_microsecond_in_a_table(session: Session) -> None:

    at = datetime(2026, 11, 26, 7, 59, 59, 123456, tzinfo=UTC)
    session.execute(
        insert(OutboxMessage), [mail(1, MessageState.SENT, waited=timedelta()) | {"finished_at": at, "not_after": None}]
    )
    found = arrow(
        session, select(OutboxMessage.finished_at, OutboxMessage.not_after, OutboxMessage.kind, OutboxMessage.attempts)
    )
    assert found.to_pylist() == [
        {"finished_at": 1_795_679_999_123_456, "not_after": None, "kind": "confirmed", "attempts": 1}
    ]
    assert instant(found.column("finished_at")[0].as_py()) == at
