"""The worker is killed, or away for a night: nobody hears a thing twice without need, and nobody hears nothing."""

from collections import Counter
from datetime import timedelta

import pytest

from core.bookings.models import Booking, Status
from core.outbox.models import MessageKind, MessageState
from tests.faults.conftest import NORAS, OMARS, Gym

pytestmark = pytest.mark.processes
HANNAS, PRIYAS, SAMS, WESS = (f"{name}@example.org" for name in ("hanna", "priya", "sam", "wes"))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TOO_LATE = "it was too late to send it"


def test_a_worker_killed_before_sending_has_its_mail_sent_once_by_the_next(gym: Gym) -> None:
    gym.ask(gym.omar, SAMS, ago=MINUTE)
    gym.killed_at("claimed")
    assert gym.server.messages() == []
    assert gym.states() == [MessageState.QUEUED, MessageState.SENDING]
    gym.work()
    assert len(gym.server.messages()) == 1  # the other one: nobody takes a mail from a sender that may be alive
    gym.let_leases_run_out()
    gym.work()
    assert gym.heard() == {OMARS: 1, SAMS: 1}
    assert gym.states() == [MessageState.SENT] * 2
    assert sorted(row.attempts for row in gym.outbox()) == [1, 2]


def test_a_worker_killed_after_sending_leaves_one_duplicate_that_mailboxes_can_tell(gym: Gym) -> None:
    gym.ask(gym.omar, SAMS, ago=MINUTE)
    gym.killed_at("mail_sent")
    (sent,) = gym.server.messages()
    gym.let_leases_run_out()
    gym.work()
    gym.work()
    ids = Counter(str(message["Message-ID"]) for message in gym.server.messages())
    assert sorted(ids.values()) == [1, 2]
    assert ids[str(sent["Message-ID"])] == 2
    assert gym.states() == [MessageState.SENT] * 2


def test_a_worker_killed_while_a_request_expires_leaves_it_whole_for_the_next(gym: Gym) -> None:
    booking = gym.ask(gym.nora, SAMS, ago=2 * HOUR)
    written = len(gym.outbox())
    gym.killed_at("after_change")
    assert gym.booking(booking).status is Status.PENDING
    assert (gym.holds(booking), len(gym.outbox())) == (1, written)
    gym.work()
    assert (gym.booking(booking).status, gym.holds(booking)) == (Status.EXPIRED, 0)
    assert gym.heard() == {NORAS: 1, SAMS: 1}


def test_after_eight_hours_without_a_worker_everyone_hears_once_and_stale_mail_is_dropped(gym: Gym) -> None:
    """Each request of Nora's waits an hour for its answer. The newest are made first: a new one expires the old."""
    waiting = gym.ask(gym.nora, HANNAS, ago=20 * MINUTE)
    overdue = gym.ask(gym.nora, PRIYAS, ago=7 * HOUR)
    overdue_and_heard_of = gym.ask(gym.nora, SAMS, ago=8 * HOUR + 10 * MINUTE)
    gym.sent(overdue_and_heard_of, MessageKind.REQUEST, MessageKind.REQUEST_RECEIVED)
    booked = gym.ask(gym.omar, WESS, ago=3 * HOUR)
    gym.work()

    assert _fate(gym, booked) == {MessageKind.CONFIRMED: "SENT", MessageKind.BOOKED_DIRECTLY: "SENT"}
    assert _fate(gym, waiting) == {
        MessageKind.REQUEST_RECEIVED: "SENT",
        MessageKind.REQUEST: "SENT",
        MessageKind.REMINDER: "QUEUED",
    }
    told_of_the_expiry = {MessageKind.EXPIRED: "SENT", MessageKind.REQUEST_EXPIRED: "SENT"}
    assert _fate(gym, overdue) == told_of_the_expiry | {
        MessageKind.REQUEST_RECEIVED: TOO_LATE,
        MessageKind.REQUEST: TOO_LATE,
        MessageKind.REMINDER: TOO_LATE,
    }
    assert _fate(gym, overdue_and_heard_of) == told_of_the_expiry | {
        MessageKind.REQUEST_RECEIVED: "SENT",
        MessageKind.REQUEST: "SENT",
        MessageKind.REMINDER: TOO_LATE,
    }
    once = {HANNAS: 1, PRIYAS: 1, SAMS: 1, WESS: 1, OMARS: 1, NORAS: 3}  # to Nora: one request, two that expired
    assert gym.heard() == once
    assert gym.processes.do("sweep") == "expired 0, sent 0, dropped 0, retried 0, dead 0, pictures 0\n"
    assert gym.heard() == once


def _fate(gym: Gym, booking: Booking) -> dict[MessageKind, str]:
    """What became of each mail about a booking: its state, or why it was dropped."""
    rows = gym.outbox(booking)
    assert len({row.kind for row in rows}) == len(rows)
    assert all((row.state is MessageState.DROPPED) == (row.last_error is not None) for row in rows)
    return {row.kind: row.last_error or row.state.value for row in rows}
