"""A database that cannot be written keeps no incident, so the admins are told directly, once, and when it is over."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from analytics.database_outage import TITLE, Outage
from analytics.evaluator import evaluate_if_due
from core.mail.webhook import HttpWebhook
from core.outbox.delivery_failures import TemporaryFailure
from core.platform.services import Services
from tests.analytics.alarmed import MINUTE, NOW, Watched
from tests.analytics.house import House
from tests.outbox.conftest import FakeServer
from tests.telemetry.alarm import hire
from tests.telemetry.hook import Hook, listening


class FullDisk:
    """What SQLite and PostgreSQL say when a write finds no room; reading goes on."""

    def __init__(self, services: Services) -> None:
        self.services, self.is_full = services, False
        event.listen(services.database.write_engine, "before_cursor_execute", self.refuse)

    def refuse(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if self.is_full and statement.startswith(("INSERT", "UPDATE", "DELETE")):
            raise OperationalError(statement, None, Exception("database or disk is full"))


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening() as hook:
        yield hook


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def watched(services: Services, house: House, hook: Hook, server: FakeServer) -> Watched:
    hire(services, "Ada")
    told = services.settings.model_copy(update={"alert_webhook_url": SecretStr(hook.url)})
    equipped = replace(services, settings=told, transport=server, webhook=HttpWebhook(hook.url, total_s=2))
    return Watched(equipped, house)


def minutes(watched: Watched, outage: Outage, count: int) -> None:
    for _ in range(count):
        evaluate_if_due(watched.services, watched.monitor, now=watched.now, outage=outage)
        watched.now += MINUTE


def subjects(server: FakeServer) -> list[str]:
    return [str(mail["Subject"]) for _, mail in server.taken]


def test_admins_and_webhook_hear_directly_once_and_that_it_is_over(
    watched: Watched, server: FakeServer, hook: Hook
) -> None:
    disk, outage = FullDisk(watched.services), Outage()
    minutes(watched, outage, 1)
    disk.is_full = True
    minutes(watched, outage, 5)
    assert subjects(server) == [f"Critical: {TITLE}"] and server.recipients() == ["ada@spirit.example"]
    disk.is_full = False
    minutes(watched, outage, 2)
    assert subjects(server)[1:] == [f"Resolved: {TITLE}"]
    assert [payload["event"] for payload in hook.taken] == ["firing", "recovered"]
    (incident,) = [one for one in watched.incidents() if one.title == TITLE]
    assert (incident.opened_at, incident.closed_at) == (NOW + MINUTE, NOW + 6 * MINUTE)


def test_a_moment_without_the_database_is_no_outage(watched: Watched, server: FakeServer) -> None:
    disk, outage = FullDisk(watched.services), Outage()
    disk.is_full = True
    minutes(watched, outage, 1)
    disk.is_full = False
    minutes(watched, outage, 1)
    assert subjects(server) == [] and not [one for one in watched.incidents() if one.title == TITLE]


def test_it_is_tried_again_until_somebody_is_reached(watched: Watched, server: FakeServer, hook: Hook) -> None:
    disk, outage = FullDisk(watched.services), Outage()
    disk.is_full, hook.answers = True, [503] * 2
    server.refuse_with(TemporaryFailure("away"))
    minutes(watched, outage, 3)
    assert outage.told_at is None
    server.recover()
    minutes(watched, outage, 3)
    assert subjects(server) == [f"Critical: {TITLE}"]


def test_it_is_said_again_every_hour(watched: Watched, server: FakeServer) -> None:
    disk, outage = FullDisk(watched.services), Outage()
    disk.is_full = True
    minutes(watched, outage, 2)
    watched.now += timedelta(hours=1)
    minutes(watched, outage, 1)
    assert subjects(server) == [f"Critical: {TITLE}"] * 2
