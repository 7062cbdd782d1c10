"""Where nobody measures the rules any more, the console does, and sends what it finds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from analytics.data_sources import monitor_for
from console.alerts import watchdog
from core.alerts import lists, liveness
from core.gym.models import the_gym
from core.platform.services import Services
from tests.outbox.conftest import FakeServer
from tests.telemetry.alarm import hire

BEFORE = timedelta(minutes=10)


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def deserted(services: Services, server: FakeServer) -> Services:
    """The worker swept and measured ten minutes ago, and has stood still since."""
    hire(services, "Ada")
    with services.database.write() as transaction:
        the_gym(transaction.session).last_swept_at = transaction.now - BEFORE
        liveness.evaluated(transaction.session, now=transaction.now - BEFORE)
    return replace(services, transport=server)


def look(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its mail goes out before the test goes on."""
    monkeypatch.setattr("console.alerts.watchdog.threading.Thread", lambda target, args, **_: Now(target, args))
    monitor = monitor_for(services.settings)
    watchdog.look(services, monitor, watchdog.pumps_of_alerts())
    monitor.store.dispose()


class Now:
    def __init__(self, target: object, args: tuple[object, ...]) -> None:
        self.start = lambda: target(*args)  # type: ignore[operator]


def test_a_worker_that_stands_still_is_told_of_by_the_console(
    deserted: Services, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(deserted, monkeypatch)
    with deserted.database.read() as session:
        assert "The worker is silent" in {one.title for one in lists.open_incidents(session)}
    assert any("The worker is silent" in str(mail["Subject"]) for _, mail in server.taken)
    taken = len(server.taken)
    look(deserted, monkeypatch)
    assert len(server.taken) == taken, "somebody has measured within the minute: this very process"


def test_while_the_worker_measures_the_console_does_not(
    deserted: Services, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with deserted.database.write() as transaction:
        liveness.evaluated(transaction.session, now=transaction.now)
    look(deserted, monkeypatch)
    with deserted.database.read() as session:
        assert not lists.open_incidents(session) and not server.taken
