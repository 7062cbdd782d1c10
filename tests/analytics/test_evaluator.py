"""The evaluator measures each rule as it was fifteen seconds ago, and tells each change once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from sqlalchemy import insert, text

import tasks
from analytics import evaluator
from analytics.alert_metrics import MEASURES
from analytics.evaluator import evaluate_if_due
from core.alerts import liveness, rule_changes
from core.alerts.default_rules import starting_rule
from core.alerts.models import AlertClock, AlertStanding
from core.alerts.rules import METRICS, Filter, Rule
from core.alerts.state_machine import State
from core.bookings.models import Booking
from core.bookings.requests import request_lesson
from core.outbox.messages import new_message_id
from core.outbox.models import MessageKind, OutboxMessage
from core.platform.clock import microseconds
from core.platform.services import Services
from tests.analytics.alarmed import MINUTE, NOW, Watched
from tests.analytics.house import House
from tests.support.actors import as_staff
from tests.support.people import nora, sam_wants
from tests.telemetry.alarm import hire

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def watched(services: Services, house: House) -> Watched:
    hire(services, "Ada")
    recording = services.settings.model_copy(update={"telemetry": True})
    return Watched(replace(services, settings=recording), house)


def test_a_gym_that_does_well_alarms_nobody(watched: Watched) -> None:
    watched.pause(5)
    assert watched.firing() <= {"disk", "disk-critical"}, "this machine’s own disk may be full"
    assert watched.state("errors") is State.NORMAL
    assert watched.standing("errors").value == 0.0 and watched.standing("errors").samples > 200


def test_errors_fire_at_their_limits_and_are_over_a_while_after_they_stop(watched: Watched) -> None:
    watched.minutes(1)
    watched.minutes(2, errors=0.10)
    assert {"errors", "errors-critical"} <= watched.firing()
    watched.pause(6)
    watched.pause(5)
    assert not {"errors", "errors-critical"} & watched.firing()
    assert watched.changes("errors-critical") == ["fires!", "is recovering", "resolved"]
    assert watched.changes("errors")[0] == "is pending"
    assert watched.told("requests.failing visit") == ["fires", "resolved"], "one incident of both"


def test_a_quarter_of_a_minute_is_left_for_what_is_on_its_way(watched: Watched) -> None:
    """What happened in the last 15 seconds may not have reached the store, so it is not judged yet."""
    watched.minutes(1)
    watched.now += timedelta(seconds=10)
    late_us = microseconds(watched.now) - 5_000_000
    rows = [{"service": "site", "kind": "http", "route": "/", "status": 500, "outcome": "error", "at_us": late_us}]
    watched.house.note(rows * 200)
    watched.evaluate()
    assert watched.standing("errors").value == 0.0
    watched.now += timedelta(seconds=15)
    watched.evaluate()
    assert (watched.standing("errors").value or 0) > 0.5


def test_few_requests_are_no_rate(watched: Watched) -> None:
    for _ in range(5):
        watched.pass_a_minute(3, 1)
    watched.evaluate()
    assert watched.state("errors") is State.NORMAL, "15 requests in five minutes"


def test_each_slow_page_is_named_and_the_quick_ones_are_not(watched: Watched) -> None:
    for _ in range(3):
        watched.pass_a_minute(30, 0, route="/coaches/{coach}")
        slow = [
            {"service": "site", "kind": "http", "route": "/", "status": 200, "outcome": "ok", "duration_us": 1_400_000}
        ]
        watched.house.note([row | {"at_us": microseconds(watched.now) - 30_000_000} for row in slow * 30])
        watched.evaluate()
    assert watched.state("slow-route", "/") is State.FIRING
    assert watched.standing("slow-route", "/").value == 1400
    assert watched.state("slow-route", "/coaches/{coach}") is State.NORMAL


def test_a_page_that_nobody_asks_for_any_more_is_over(watched: Watched) -> None:
    watched.house.note(
        [
            {"service": "site", "kind": "http", "route": "/slow", "duration_us": 2_000_000, "at_us": microseconds(NOW)}
            for _ in range(40)
        ]
    )
    watched.minutes(3)
    assert watched.state("slow-route", "/slow") is State.FIRING
    watched.pause(9)
    watched.pause(10)
    assert watched.state("slow-route", "/slow") is State.NORMAL


def test_slow_statements_are_a_share_of_all(watched: Watched) -> None:
    for _ in range(3):
        watched.pass_a_minute(60, 0, db_count=5)
        at_us = microseconds(watched.now) - 30_000_000
        slow = {"service": "site", "kind": "slow", "shape": "SELECT …", "duration_us": 250_000, "at_us": at_us}
        watched.house.note([slow] * 9, "statement_log")
        watched.evaluate()
    found = watched.standing("slow-statements")
    assert found.value == pytest.approx(0.03, rel=0.1) and found.detail == "SELECT …"
    assert watched.state("slow-statements") is State.FIRING


def test_a_silent_worker_is_noticed_by_whoever_evaluates(watched: Watched) -> None:
    watched.minutes(1)
    watched.worker_lives = False
    watched.minutes(2)
    assert "worker-silent" not in watched.firing()
    watched.minutes(1)
    assert "worker-silent" in watched.firing()


def test_a_silent_recorder_is_noticed(watched: Watched) -> None:
    watched.minutes(1)
    watched.recorder_lives = False
    watched.pause(3, n=0)
    watched.pause(1, n=0)
    assert "recorder-silent" in watched.firing()


def test_where_nothing_was_ever_recorded_that_is_an_incident_after_ten_minutes(watched: Watched) -> None:
    watched.recorder_lives = False
    watched.minutes(1, n=0)
    watched.pause(9, n=0)
    assert "recorder-silent" not in watched.firing()
    watched.pause(1, n=0)
    assert watched.state("recorder-silent") is State.NO_DATA


def test_lost_events_are_counted_by_reason(watched: Watched) -> None:
    watched.pass_a_minute(20, 0)
    lost = {"service": "site", "kind": "lost", "at_us": microseconds(watched.now) - 30_000_000}
    watched.house.note([lost | {"name": "full", "value": 40.0}, lost | {"name": "store", "value": 2.0}], "event_log")
    watched.evaluate()
    assert (watched.standing("lost").value, watched.standing("lost").detail) == (42.0, "40 full, 2 store")
    assert "lost" in watched.firing()


def test_mail_that_waits_and_mail_that_fails(watched: Watched) -> None:
    with watched.services.database.write() as transaction:
        for number in range(3):
            transaction.session.add(
                OutboxMessage(
                    kind=MessageKind.SIGN_IN,
                    recipient="nora@spirit.example",
                    dedupe_key=f"test:{number}",
                    created_at=NOW,
                    due_at=NOW,
                    message_id=new_message_id(),
                    attempts=3,
                )
            )
    watched.pause(3)
    assert "mail-waits" not in watched.firing() and "mail-fails" in watched.firing()
    watched.pause(1)
    assert "mail-waits" in watched.firing()
    with watched.services.database.write() as transaction:
        transaction.session.execute(text("UPDATE outbox SET state = 'SENT' WHERE kind = 'SIGN_IN'"))
        transaction.session.execute(text("UPDATE outbox SET state = 'SENT' WHERE kind = 'ALERT'"))
    watched.pause(1)
    watched.pause(5)
    assert not {"mail-waits", "mail-fails"} & watched.firing()


def test_an_error_budget_that_burns_needs_both_windows_and_enough_requests(watched: Watched) -> None:
    """14.4 × of half a percent is 7.2 %, over an hour and over five minutes."""
    rows = {"service": "site", "kind": "http", "route": "/", "status": 500, "outcome": "error"}
    fine = rows | {"status": 200, "outcome": "ok"}
    an_hour_ago = microseconds(NOW - timedelta(minutes=50))
    watched.house.note([rows | {"at_us": an_hour_ago}] * 40 + [fine | {"at_us": an_hour_ago}] * 160)
    watched.minutes(2)
    assert "burn-fast" not in watched.firing(), "the hour is bad, the last minutes are not"
    watched.minutes(3, errors=0.15)
    assert "burn-fast" in watched.firing()


def test_a_slow_burn_is_read_from_tiles_over_days(watched: Watched) -> None:
    rows = {"service": "site", "kind": "http", "route": "/", "status": 200, "outcome": "ok"}
    facts = []
    for hour in range(1, 70):
        at_us = microseconds(NOW - hour * HOUR)
        facts += [rows | {"at_us": at_us}] * 99 + [rows | {"at_us": at_us, "status": 500, "outcome": "error"}]
    watched.house.note(facts)
    watched.house.archive(microseconds(NOW))
    watched.minutes(1, n=100, errors=0.01)
    assert watched.standing("burn-slow").value == pytest.approx(2.0, rel=0.05)
    assert watched.state("burn-slow") is State.PENDING
    for _ in range(60):
        watched.pass_a_minute(100, 1)
    watched.evaluate()
    assert "burn-slow" in watched.firing() and "burn-steady" not in watched.firing()


def ask(services: Services, count: int, at: object) -> None:
    """So many families asked at this instant: one did, and the rest are copies of her request."""
    with services.database.write() as transaction:
        session = transaction.session
        first = session.query(Booking).order_by(Booking.id).first()
        if first is None:
            coach = nora(session)
            wanted = sam_wants(coach, coach.lessons[1], NOW + 7 * DAY + 3 * HOUR)  # 10 am at the gym
            first = request_lesson(session, coach, wanted, now=NOW)
        columns = {column.name: getattr(first, column.name) for column in Booking.__table__.columns}
        copies = [
            columns | {"id": None, "requested_at": at, "handle": f"{at}-{number}", "form_key_hash": None}
            for number in range(count)
        ]
        for copy in copies:
            copy.pop("id")
        session.execute(insert(Booking), copies)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_far_fewer_requests_than_on_this_weekday_is_an_incident_and_a_closed_hour_is_not(watched: Watched) -> None:
    for week in range(1, 5):
        ask(watched.services, 12, NOW - week * 7 * DAY - HOUR)
    with watched.services.database.write() as transaction:
        transaction.session.execute(text("UPDATE booking SET requested_at = :at WHERE id = 1"), {"at": "2020-01-01"})
    watched.minutes(1, n=0)
    watched.pause(28, n=0)
    found = watched.standing("bookings-low")
    assert (found.value, found.samples, found.detail) == (0.0, 12, "0 requests, usually 12")
    assert watched.state("bookings-low") is State.PENDING
    watched.pause(3, n=0)
    assert "bookings-low" in watched.firing()
    watched.now += 6 * HOUR  # in these hours nobody ever asks
    watched.evaluate()
    watched.now += 31 * MINUTE
    watched.evaluate()
    assert "bookings-low" not in watched.firing()


def test_what_cannot_be_measured_stops_nothing_else(watched: Watched) -> None:
    watched.minutes(1)
    with watched.house.store.write() as connection:
        connection.execute(text("DROP TABLE request_log"))
    watched.worker_lives = False
    for _ in range(3):
        watched.now += MINUTE
        watched.evaluate()
    assert watched.standing("errors").problem.startswith("could not be measured: ")
    assert "worker-silent" in watched.firing()


def test_one_worker_a_minute_evaluates(watched: Watched) -> None:
    assert evaluate_if_due(watched.services, watched.monitor, now=NOW) is not None
    assert evaluate_if_due(watched.services, watched.monitor, now=NOW + timedelta(seconds=59)) is None
    assert evaluate_if_due(watched.services, watched.monitor, now=NOW + MINUTE) is not None
    assert evaluate_if_due(watched.services, watched.monitor, now=NOW - DAY) is not None, "the clock was set back"
    with watched.services.database.read() as session:
        assert session.query(AlertClock).one().evaluated_at == NOW - DAY


def test_a_restart_tells_nothing_twice(watched: Watched) -> None:
    watched.minutes(2, errors=0.5)
    before = len(watched.mails())
    again = Watched(watched.services, watched.house, now=watched.now)
    again.evaluate()
    again.evaluate()
    assert len(watched.mails()) == before > 0


def test_a_rule_that_is_off_is_not_measured(watched: Watched) -> None:
    with watched.services.database.read() as session:
        account = session.execute(text("SELECT id FROM account")).scalar_one()
    for key in ("errors", "errors-critical"):
        watched.services.database.transact(
            lambda tx: rule_changes.change_rule(tx.session, key, {"enabled": False}, by=as_staff(account), now=tx.now)
        )
    watched.minutes(2, errors=0.5)
    assert not {"errors", "errors-critical"} & watched.firing()


def add_rule(watched: Watched, title: str, metric: str, **changes: Any) -> Rule:
    with watched.services.database.read() as session:
        account = session.execute(text("SELECT id FROM account")).scalar_one()
    added: rule_changes.RuleInForce = watched.services.database.transact(
        lambda tx: rule_changes.add_rule(
            tx.session, metric, {"title": title, **changes}, by=as_staff(account), now=tx.now
        )
    )
    return added.rule


def test_a_rule_of_ones_own_measures_what_it_is_narrowed_to(watched: Watched) -> None:
    """Ten minutes in which one route of the site fails and the rest does well, and a task of the worker fails always."""
    same: dict[str, Any] = {
        "after": timedelta(),
        "window": 10 * MINUTE,
        "min_samples": 10,
        "fire_at": 0.5,
        "recover_at": 0.4,
    }
    all_of_it = add_rule(watched, "All", "requests.error_share", **same)
    route = add_rule(watched, "Route", "requests.error_share", filter=Filter(route="/bookings"), **same)
    other = add_rule(watched, "Other", "requests.error_share", filter=Filter(service="console"), **same)
    task = add_rule(watched, "Task", "requests.error_share", filter=Filter("task", "worker"), **same)
    burn = add_rule(watched, "Burn", "requests.burn_times", filter=Filter(route="/bookings"), min_samples=5)
    for _ in range(2):
        at_us = microseconds(watched.now)
        bad = {
            "service": "site",
            "kind": "http",
            "route": "/bookings",
            "status": 500,
            "outcome": "error",
            "at_us": at_us,
        }
        watched.house.note([bad] * 10)
        watched.house.note([bad | {"service": "worker", "kind": "task", "route": "deliver_mail"}] * 10)
        watched.minutes(1, route="/")
    watched.now += timedelta(seconds=15)
    watched.evaluate()
    assert watched.standing(route.key).detail == "20 of 20 requests"
    assert watched.standing(burn.key).value == pytest.approx(200.0)
    assert watched.standing(all_of_it.key).samples == 140 and watched.standing(other.key).value is None
    assert {route.key, task.key, burn.key} <= watched.firing() and not {all_of_it.key, other.key} & watched.firing()


def test_slow_statements_of_one_route(watched: Watched) -> None:
    narrowed = Filter(service="site", route="/slow")
    rule = add_rule(watched, "Slow there", "statements.slow_share", filter=narrowed, min_samples=1)
    watched.pass_a_minute(60, 0, db_count=5, route="/")
    watched.pass_a_minute(10, 0, db_count=5, route="/slow")
    slow = {"service": "site", "kind": "slow", "shape": "SELECT …", "duration_us": 250_000, "route": "/slow"}
    watched.house.note([slow | {"at_us": microseconds(watched.now) - 30_000_000}] * 5, "statement_log")
    watched.now += timedelta(seconds=15)
    watched.evaluate()
    assert (watched.standing(rule.key).value, watched.standing(rule.key).samples) == (0.1, 50)
    assert watched.standing("slow-statements").samples == 350


@pytest.mark.parametrize("how", ["deleted", "changed", "muted"])
def test_a_rule_that_is_another_when_it_has_been_measured_opens_nothing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    rule = add_rule(watched, "Mine", "requests.error_share", after=timedelta())
    with watched.services.database.read() as session:
        account = session.execute(text("SELECT id FROM account")).scalar_one()

    meanwhile: dict[str, Callable[..., Any]] = {
        "deleted": partial(rule_changes.delete_rule, key=rule.key),
        "changed": partial(rule_changes.change_rule, key=rule.key, changes={"fire_at": 0.9}),
        "muted": partial(rule_changes.mute, key=rule.key, until=watched.now + timedelta(hours=1)),
    }

    def change(name: str) -> None:
        watched.services.database.transact(lambda tx: meanwhile[how](tx.session, by=as_staff(account), now=tx.now))

    watched.pass_a_minute(60, 30)
    monkeypatch.setattr(evaluator, "failpoint", change)
    watched.evaluate()
    assert rule.key not in watched.firing() and "errors-critical" in watched.firing()
    with watched.services.database.read() as session:
        assert session.get(AlertStanding, (rule.key, "")) is None


def test_silence_is_said_by_whoever_looks(watched: Watched) -> None:
    """The dead man's switch: it reads when each part was last alive, and needs none of them."""
    with watched.services.database.read() as session:
        assert [one.part for one in liveness.silences(session, now=NOW)] == ["The worker", "The evaluator"]
    assert [one.part for one in liveness.silence_of_the_recorders(watched.house.store, now=NOW)] == ["The recorder"]
    watched.minutes(1)
    with watched.services.database.read() as session:
        assert liveness.silences(session, now=watched.now + 2 * MINUTE) == []
        later = liveness.silences(session, now=watched.now + 3 * MINUTE)
    assert [one.sentence(now=watched.now + 3 * MINUTE) for one in later] == [
        "The worker has been silent for 3 minutes: requests do not expire and mail waits.",
        "The evaluator has been silent for 3 minutes: nobody would be notified of an incident.",
    ]
    assert liveness.silence_of_the_recorders(watched.house.store, now=watched.now + timedelta(seconds=59)) == []
    (silent,) = liveness.silence_of_the_recorders(watched.house.store, now=watched.now + 2 * MINUTE)
    assert silent.part == "The recorder of the site"


def test_a_store_that_cannot_be_read_is_said(watched: Watched) -> None:
    watched.minutes(1)
    with watched.house.store.write() as connection:
        connection.execute(text("DROP TABLE metric_log"))
    (silent,) = liveness.silence_of_the_recorders(watched.house.store, now=watched.now)
    assert "cannot be read" in silent.sentence(now=watched.now)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_worker_evaluates_its_minute_and_rings_for_the_mail(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(tasks, "_monitor", lambda _: watched.monitor)
    monkeypatch.setattr(tasks, "nudge_from_thread", lambda _, task: rung.append(task.__name__))
    watched.pass_a_minute(60, 30)
    with time_machine.travel(watched.now, tick=False):
        tasks.evaluate_alerts(watched.services)
        tasks.evaluate_alerts(watched.services)
    assert rung == ["deliver_mail"], "the second time it was not due"
    assert watched.changes("errors-critical") == ["fires!"]


def test_every_metric_is_measured_and_has_a_rule_to_start_from() -> None:
    assert set(MEASURES) == set(METRICS)
    assert {starting_rule(metric).metric for metric in METRICS} == set(METRICS)
