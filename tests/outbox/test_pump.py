"""The pump: two send at a time, and a ring that finds both busy is not lost."""

from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Any

import pytest

from core.mail import delivery
from core.mail.delivery import Delivery, MailPump
from core.platform.services import Services
from tests.outbox.conftest import TUESDAY_AT_FOUR, Post
from tests.support.people import at

WAIT_S = 10


class Passes:
    """Stands in for deliver_due: counts, and does on each pass what the test has planned for it."""

    def __init__(self, *plans: Callable[[], Any]) -> None:
        self.plans = list(plans)
        self.count = 0

    def __call__(self, services: Services, lanes: object, *, enough: object) -> Delivery:
        self.count += 1
        if self.plans:
            self.plans.pop(0)()
        return Delivery(sent=1)


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "AT_ONCE", 1)


def test_a_ring_delivers_what_is_due(post: Post) -> None:
    post.book()
    assert MailPump().ring(post.services) == Delivery(sent=2)


def test_two_send_at_a_time_and_a_third_ring_returns_at_once(post: Post) -> None:
    sending, go_on = [Event(), Event()], Event()
    arrivals = iter(sending)

    def wait(recipient: str) -> None:
        arrived = next(arrivals, None)
        if arrived is not None:
            arrived.set()
            assert go_on.wait(WAIT_S)

    post.book()
    post.server.refuse = wait
    pump = MailPump()
    done: list[Delivery] = []
    threads = [Thread(target=lambda: done.append(pump.ring(post.services))) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert all(event.wait(WAIT_S) for event in sending)
    post.book(at(2, 9))
    assert pump.ring(post.services) == Delivery()
    go_on.set()
    for thread in threads:
        thread.join(WAIT_S)
    assert sum(delivered.sent for delivered in done) == 4
    assert len(post.server.taken) == 4


@pytest.mark.usefixtures("one_at_a_time")
def test_a_ring_that_finds_the_pump_busy_makes_it_look_once_more(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    pump = MailPump()
    passes = Passes(lambda: [pump.ring(services) for _ in range(3)])
    monkeypatch.setattr(delivery, "deliver_due", passes)
    assert pump.ring(services) == Delivery(sent=2)
    assert passes.count == 2


@pytest.mark.usefixtures("one_at_a_time")
def test_a_ring_in_the_last_moment_is_not_lost(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes after the pump has seen that nobody rang, and before it has left."""
    pump, passes = MailPump(), Passes()
    monkeypatch.setattr(delivery, "deliver_due", passes)
    pump._mutex = RingsOnRelease(2, lambda: pump.ring(services))  # type: ignore[assignment]  # the 2nd release is that moment
    pump.ring(services)
    assert passes.count == 2


class RingsOnRelease:
    """A lock that does something once, right after its nth release."""

    def __init__(self, nth: int, ring: Callable[[], Any]) -> None:
        self._lock, self._left, self._ring = Lock(), nth, ring

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *failure: object) -> None:
        self._lock.release()
        self._left -= 1
        if self._left == 0:
            self._ring()


@pytest.mark.usefixtures("one_at_a_time")
def test_a_pump_that_failed_can_be_rung_again(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ConnectionError("the database is away")

    pump, passes = MailPump(), Passes(fail)
    monkeypatch.setattr(delivery, "deliver_due", passes)
    with pytest.raises(ConnectionError):
        pump.ring(services)
    assert pump.ring(services) == Delivery(sent=1)


def test_what_is_due_is_sent_once_however_often_the_pump_is_rung(post: Post) -> None:
    post.ask(TUESDAY_AT_FOUR)
    pump = MailPump()
    threads = [Thread(target=pump.ring, args=(post.services,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    pump.ring(post.services)
    assert len(post.server.taken) == 2
