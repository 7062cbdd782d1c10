"""A mail server that swallows everything, and a webhook that drips: what keeps the gym true goes on, and so does mail."""

import time
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select, update

from core.alerts.models import AlertChange, Incident
from core.bookings.models import Booking, Status
from core.outbox import messages
from core.outbox.models import MessageState, OutboxMessage
from core.platform import clock
from core.schedule.models import Coach
from tests.faults.conftest import Gym
from tests.support.slow_server import drip, say_nothing, slow_server

pytestmark = pytest.mark.processes
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def test_requests_expire_in_time_while_a_mail_server_swallows_every_mail(gym: Gym) -> None:
    for number in range(5):
        gym.ask(gym.omar, f"family{number}@example.org", ago=MINUTE)
    _multiply(gym, 500)
    overdue = [gym.ask(gym.nora, "sam@example.org", ago=61 * MINUTE)]
    with slow_server(say_nothing) as port:
        gym.processes.start("worker", SPIRIT_MAIL_URL=f"smtp://127.0.0.1:{port}")
        gym.processes.wait_until(lambda: _is_expired(gym, overdue[0]), "it expires", "worker")
        soon = gym.ask(gym.nora, "hanna@example.org", ago=timedelta())
        with gym.database.write() as transaction:
            transaction.session.execute(
                update(Booking).where(Booking.id == soon.id).values(expires_at=clock.now() + SECOND)
            )
        due = time.monotonic() + 1
        gym.processes.wait_until(lambda: _is_expired(gym, soon), "the next one expires", "worker", 45)
        late_s = time.monotonic() - due
        print(f"500 mails due, and a request expired {late_s:.1f} s after its time")
        assert not [row for row in gym.outbox() if row.state in (MessageState.SENT, MessageState.DEAD)]
        assert gym.processes["worker"].stop() == 0
    with gym.database.read() as session:
        assert messages.oldest_due_at(session, now=clock.now()) is not None


def test_families_get_their_mail_at_once_while_a_webhook_drips(gym: Gym) -> None:
    """Ten notices are due to a webhook that answers a byte at a time and comes to no end."""
    with slow_server(drip) as port:
        webhook = f"http://127.0.0.1:{port}/hook"
        gym.processes.start("worker", SPIRIT_ALERT_WEBHOOK_URL=webhook)
        _notices(gym, 10)
        gym.processes.wait_until(lambda: _being_told(gym) > 0, "the webhook is called", "worker")
        gym.processes.start("site", SPIRIT_ALERT_WEBHOOK_URL=webhook)
        late_s = [_booked_until_mailed(gym, f"family{number}@example.org") for number in range(5)]
        print("a webhook drips, and families' mails came after", *(f"{late:.2f} s" for late in late_s))
        assert _being_told(gym) == 1, "and all the while the webhook was being told"
        assert gym.processes["worker"].stop() == 0


def _multiply(gym: Gym, count: int) -> None:
    """So many mails are due."""
    with gym.database.write() as transaction:
        first = transaction.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
        assert first is not None
        same = ("kind", "booking_id", "booking_version", "recipient", "created_at", "due_at", "not_after")
        for number in range(count):
            transaction.session.add(
                OutboxMessage(
                    **{name: getattr(first, name) for name in same},
                    dedupe_key=f"{first.dedupe_key}:{number}",
                    message_id=messages.new_message_id(),
                )
            )


def _booked_until_mailed(gym: Gym, email: str) -> float:
    """By the public site, which nudges the worker as for every family."""
    site, today = gym.processes.site_url, clock.now().date()
    with gym.database.read() as session:
        lesson = session.get_one(Coach, gym.omar).lessons[-1]
    window: dict[str, str | int] = {"lessonId": lesson.id, "from": str(today + DAY), "to": str(today + 20 * DAY)}
    slots = httpx2.get(f"{site}/api/coaches/{gym.omar}/slots", params=window).raise_for_status().json()["slots"]
    wanted = {
        "coachId": gym.omar,
        "lessonId": lesson.id,
        "startDateTimeUTC": slots[0]["startDateTimeUTC"],
        "customerName": "Sam Rivera",
        "customerEmail": email,
        "customerPhone": "+1 415-555-0134",
        "athleteName": "Ida",
    }
    began = time.monotonic()
    httpx2.post(f"{site}/api/book/private", json=wanted).raise_for_status()
    gym.server.wait_for(1, to=email)
    return time.monotonic() - began


def _is_expired(gym: Gym, booking: Booking) -> bool:
    return gym.booking(booking).status is Status.EXPIRED


def _being_told(gym: Gym) -> int:
    with gym.database.read() as session:
        sending = select(OutboxMessage.id).where(
            OutboxMessage.channel == "webhook", OutboxMessage.state == MessageState.SENDING
        )
        return len(session.scalars(sending).all())


def _notices(gym: Gym, count: int) -> None:
    """Each of an incident of its own, due to the webhook."""
    with gym.database.write() as transaction:
        session, now = transaction.session, transaction.now
        for number in range(count):
            rule = {"rule_key": "errors", "instance": f"/{number}", "fire_at": 0.02}
            incident = Incident(**rule, severity="warning", detail="", opened_at=now)
            change = AlertChange(**rule, number=1, at=now, before="normal", after="firing", told=True)
            session.add_all([incident, change])
            session.flush()
            change.incident_id, incident.told_change_id = incident.id, change.id
            messages.add_alert(session, change.id, None, now=now)
