"""A word about an incident on its way: true when it is sent, by mail and by webhook, under the outbox's promise."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import time_machine
from pydantic import SecretStr
from sqlalchemy import select

from core.alerts import incidents
from core.errors import SettingInvalid
from core.gym.models import the_gym
from core.mail.compose import compose
from core.mail.context_reader import read_context
from core.mail.delivery import Delivery, deliver_due
from core.mail.webhook import HttpWebhook, NoWebhook, webhook_for
from core.outbox.delivery_failures import AuthenticationFailure, PermanentFailure, TemporaryFailure
from core.outbox.models import MessageState, OutboxMessage
from core.people.models import Account, Role
from core.platform.services import Services
from core.platform.settings import load_settings
from tests.outbox.conftest import FakeServer
from tests.support.actors import as_staff
from tests.telemetry.alarm import BAD, GOOD, NOON, Alarm, hire
from tests.telemetry.hook import Hook, listening


@dataclass
class Desk:
    """An alarm with a mail server and a webhook that are really called."""

    alarm: Alarm
    server: FakeServer
    hook: Hook
    clock: time_machine.Traveller

    def deliver(self) -> Delivery:
        self.clock.move_to(self.alarm.now)
        return deliver_due(self.alarm.services)

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for _, mail in self.server.taken]

    def events(self) -> list[str]:
        return [payload["event"] for payload in self.hook.taken]

    def dropped(self) -> list[str | None]:
        return [message.last_error for message in self.alarm.notices() if message.state is MessageState.DROPPED]


@pytest.fixture
def desk(services: Services) -> Iterator[Desk]:
    with listening() as hook, time_machine.travel(NOON, tick=False) as clock:
        server = FakeServer()
        told = services.settings.model_copy(update={"alert_webhook_url": SecretStr(hook.url)})
        equipped = replace(services, settings=told, transport=server, webhook=HttpWebhook(hook.url, total_s=2))
        yield Desk(Alarm(equipped, webhook=True, admins={"Ada": hire(equipped, "Ada").id}), server, hook, clock)


def test_it_begins_and_is_over_by_mail_and_by_webhook(desk: Desk) -> None:
    desk.alarm.read(BAD)
    assert desk.deliver() == Delivery(sent=2)
    desk.alarm.read(GOOD, GOOD, GOOD)
    assert desk.deliver() == Delivery(sent=2)
    assert desk.subjects() == ["Requests fail (5 %)", "Resolved: Requests fail, after 3 minutes"]
    assert desk.server.recipients() == ["ada@spirit.example"] * 2
    assert desk.events() == ["firing", "recovered"]
    threads = {str(mail["References"]) for _, mail in desk.server.taken}
    assert len(threads) == 1, "one incident is one thread"


def test_the_webhook_gets_all_there_is_to_know(desk: Desk) -> None:
    desk.alarm.read(BAD)
    desk.deliver()
    (payload,) = desk.hook.taken
    assert payload.pop("delivery") == desk.alarm.notices()[-1].message_id
    assert payload.pop("incident") == {
        "id": 1,
        "rule": "errors",
        "title": "Requests fail",
        "instance": "",
        "severity": "warning",
        "openedAt": "2026-11-23T20:01:00Z",
        "closedAt": None,
        "cause": "requests.failing visit",
    }
    assert payload == {
        "text": "Spirit Athletics: Requests fail: 5 % (limit: 2 % or more)",
        "event": "firing",
        "at": "2026-11-23T20:01:00Z",
        "metric": "requests.error_share",
        "unit": "share",
        "value": 0.05,
        "limit": 0.02,
        "detail": "5 of 100 requests",
        "route": None,
        "error": None,
        "requestsUrl": None,
        "url": "http://127.0.0.1:8501/alerts",
    }


def test_what_was_over_before_it_could_be_sent_is_dropped_with_the_reason(desk: Desk) -> None:
    desk.alarm.read(BAD, GOOD, GOOD, GOOD)
    assert desk.deliver() == Delivery(sent=2, dropped=2)
    assert desk.dropped() == ["the incident was over before this was sent"] * 2
    assert desk.subjects() == ["Resolved: Requests fail, after 3 minutes"] and desk.events() == ["recovered"]


def test_of_several_words_the_latest_is_sent(desk: Desk) -> None:
    desk.alarm.read(BAD)
    desk.alarm.read(BAD, later=timedelta(hours=5))
    assert desk.deliver() == Delivery(sent=2, dropped=2)
    assert desk.dropped() == ["there was a newer notification of the incident before this was sent"] * 2
    assert desk.subjects() == ["Still: Requests fail (5 %)"]


def test_nobody_is_reminded_of_what_is_looked_after(desk: Desk) -> None:
    desk.alarm.read(BAD)
    desk.deliver()
    desk.alarm.read(BAD, later=timedelta(hours=5))
    acknowledge = incidents.acknowledge
    desk.alarm.services.database.transact(
        lambda tx: acknowledge(tx.session, 1, by=as_staff(desk.alarm.admins["Ada"]), now=tx.now)
    )
    assert desk.deliver() == Delivery(dropped=2)
    assert desk.dropped() == ["somebody was looking after it before this was sent"] * 2


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"role": Role.COACH}, "its reader does not administer any more"),
        ({"disabled_at": NOON}, "its reader does not work here any more"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_has_left_is_not_told(desk: Desk, changed: dict[str, object], why: str) -> None:
    desk.alarm.read(BAD)
    with desk.alarm.services.database.write() as transaction:
        for name, value in changed.items():
            setattr(transaction.session.get_one(Account, desk.alarm.admins["Ada"]), name, value)
    assert desk.deliver() == Delivery(sent=1, dropped=1)
    assert desk.dropped() == [why]


def test_a_webhook_that_is_busy_is_tried_again_and_one_that_refuses_is_not(desk: Desk) -> None:
    desk.hook.answers = [503, 429]
    desk.alarm.read(BAD)
    assert desk.deliver() == Delivery(sent=1, retried=1)
    desk.alarm.now += timedelta(minutes=1)
    assert desk.deliver() == Delivery(retried=1)
    desk.alarm.now += timedelta(minutes=2)
    assert desk.deliver() == Delivery(sent=1) and desk.events() == ["firing"]
    desk.hook.answers = [404]
    desk.alarm.read(GOOD, GOOD, GOOD)
    assert desk.deliver() == Delivery(sent=1, dead=1)
    dead = [one for one in desk.alarm.notices() if one.state is MessageState.DEAD]
    assert [(one.channel, one.last_error) for one in dead] == [("webhook", "the webhook answered 404")]


def test_the_webhook_goes_on_while_the_mail_server_refuses_our_password(desk: Desk) -> None:
    """It may be the one way to say so."""
    desk.server.refuse_with(AuthenticationFailure("the password was refused"))
    desk.alarm.read(BAD)
    assert desk.deliver() == Delivery(sent=1, retried=1)
    desk.alarm.read(BAD, later=timedelta(hours=5))
    with desk.alarm.services.database.write() as transaction:
        the_gym(transaction.session).mail_circuit_until = desk.alarm.now + timedelta(minutes=5)
    desk.deliver()
    assert desk.events() == ["firing", "still_firing"] and desk.subjects() == []


def test_while_mail_is_held_nothing_leaves(desk: Desk) -> None:
    desk.alarm.read(BAD)
    with desk.alarm.services.database.write() as transaction:
        the_gym(transaction.session).mail_held = True
    assert desk.deliver() == Delivery() and desk.hook.taken == []


def test_whoever_looks_into_the_outbox_reads_both(desk: Desk) -> None:
    desk.alarm.read(BAD)
    told = desk.alarm.services
    with told.database.read() as session:
        contexts = [
            read_context(session, message, zone=told.settings.zone, now=NOON) for message in desk.alarm.notices()
        ]
    mails = [compose(context, settings=told.settings, signer=told.signer) for context in contexts]
    assert [str(mail["To"]) for mail in mails] == ["ada@spirit.example", "webhook"]
    assert len({str(mail["Subject"]) for mail in mails}) == 1


def test_a_word_is_written_once_for_each_reader(desk: Desk) -> None:
    desk.alarm.read(BAD)
    with desk.alarm.services.database.read() as session:
        keys = list(session.scalars(select(OutboxMessage.dedupe_key).order_by(OutboxMessage.id)))
    assert keys == [f"alert:1:mail:{desk.alarm.admins['Ada']}", "alert:1:webhook:"]


# The webhook itself, without a database


@pytest.mark.parametrize(
    ("status", "failure"), [(500, TemporaryFailure), (408, TemporaryFailure), (301, PermanentFailure)]
)
def test_a_status_says_whether_to_try_again(status: int, failure: type[Exception]) -> None:
    with listening() as hook:
        hook.answers = [status]
        with pytest.raises(failure, match=f"the webhook answered {status}"):
            HttpWebhook(hook.url).post({"text": "hello"})
        assert hook.taken == [], "and a redirect is not followed"


def test_a_slow_webhook_and_one_that_is_away_are_temporary() -> None:
    with listening() as hook:
        hook.waits_s = 0.5
        with pytest.raises(TemporaryFailure, match="did not answer in time"):
            HttpWebhook(hook.url, total_s=0.1).post({"text": "hello"})
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(TemporaryFailure, match="could not be reached"):
            HttpWebhook(f"http://127.0.0.1:{nobody.getsockname()[1]}/").post({"text": "hello"})


def test_without_an_address_there_is_no_webhook() -> None:
    assert isinstance(webhook_for(""), NoWebhook)
    with pytest.raises(PermanentFailure, match="not set any more"):
        webhook_for("").post({})


def test_an_address_that_cannot_be_one_stops_the_start(tmp_path: object) -> None:
    with pytest.raises(
        SettingInvalid, match="SPIRIT_ALERT_WEBHOOK_URL is \\(a secret\\); allowed: an address that begins"
    ):
        load_settings(_env_file=None, data_dir=tmp_path, alert_webhook_url="ftp://secret.example/x")
