"""Delivery, step by step: claim, truth, render, send, record; with every way in which a mail server can say no."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from threading import Barrier, Thread
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from sqlalchemy import update

from core.bookings import cancellation, expiry
from core.bookings.decisions import Decision
from core.errors import Unavailable
from core.gym.models import Gym, the_gym
from core.mail import delivery
from core.mail.compose import compose
from core.mail.delivery import Delivery
from core.mail.mail_context import MailContext
from core.outbox import circuit_breaker, claims, models
from core.outbox.delivery_failures import (
    AuthenticationFailure,
    MailFailure,
    PermanentFailure,
    PolicyFailure,
    ServerFailure,
    TemporaryFailure,
)
from core.outbox.models import MessageKind, MessageState
from core.platform import clock as core_clock
from core.platform import leases
from core.platform.actor import PARENT_ON_SITE
from core.platform.failpoints import FailpointReached, armed
from core.schedule.models import Coach
from core.staff.sign_in_links import ask_for_link, use_link
from tests.outbox.conftest import NORAS, OMARS, SAMS, TUESDAY_AT_FOUR, Post
from tests.support.people import NOW

SECOND, MINUTE, HOUR, INSTANT = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(microseconds=1),
)


def test_what_is_due_is_sent_once_and_the_rest_waits(post: Post, clock: time_machine.Traveller) -> None:
    post.ask()
    assert post.deliver() == Delivery(sent=2)
    assert sorted(post.server.recipients()) == [NORAS, SAMS]
    assert post.deliver() == Delivery()
    sent = post.row(MessageKind.REQUEST)
    assert (sent.state, sent.finished_at, sent.attempts, sent.last_error) == (MessageState.SENT, NOW, 1, None)
    assert (sent.lease_until, sent.leased_by) == (None, None)
    due = post.row(MessageKind.REMINDER).due_at
    clock.move_to(due - INSTANT)
    assert post.deliver() == Delivery()
    clock.move_to(due)
    assert post.deliver() == Delivery(sent=1)


def test_what_has_been_due_longest_goes_first(post: Post, clock: time_machine.Traveller) -> None:
    post.ask()
    clock.move_to(NOW + MINUTE)
    post.book()
    post.change(MessageKind.REQUEST, due_at=NOW + 2 * MINUTE)
    clock.move_to(NOW + 3 * MINUTE)
    post.deliver()
    assert post.server.recipients() == [SAMS, SAMS, OMARS, NORAS]


def test_a_mail_is_rendered_when_it_is_sent(post: Post) -> None:
    booking = post.ask()
    with post.services.database.write() as transaction:
        transaction.session.get_one(Coach, post.nora).account.name = "Nora Lindqvist-Berg"
    post.deliver()
    mails = dict(post.server.taken)
    plain = mails[SAMS].get_body(("plain",))
    assert plain is not None
    assert "Nora Lindqvist-Berg" in plain.get_content()
    assert mails[SAMS]["Message-ID"].startswith(f"<{post.row(MessageKind.REQUEST_RECEIVED).message_id}@")
    assert booking.handle in plain.get_content()


def test_a_request_that_was_withdrawn_is_not_asked_about(post: Post) -> None:
    booking = post.ask()
    post.services.database.transact(
        lambda tx: cancellation.cancel(tx.session, tx.coach, booking.id, by=PARENT_ON_SITE, now=tx.now), coach=post.nora
    )
    assert post.deliver() == Delivery(sent=2, dropped=2)
    assert sorted(post.server.recipients()) == [NORAS, SAMS]
    dropped = post.row(MessageKind.REQUEST)
    assert (dropped.state, dropped.finished_at) == (MessageState.DROPPED, NOW)
    assert dropped.last_error == "the request was cancelled before this mail was sent"
    assert post.row(MessageKind.LESSON_CANCELLED).state is MessageState.SENT


def test_a_reminder_of_an_answered_request_is_dropped(post: Post, clock: time_machine.Traveller) -> None:
    booking = post.ask()
    post.deliver()
    post.answer(booking, Decision.APPROVE)
    clock.move_to(post.row(MessageKind.REMINDER).due_at)
    assert post.deliver() == Delivery(sent=1, dropped=1)
    assert post.row(MessageKind.REMINDER).last_error == "the request was approved before this mail was sent"


def test_after_a_night_without_a_worker_only_what_is_still_true_goes_out(
    post: Post, clock: time_machine.Traveller
) -> None:
    post.ask()
    post.answer(post.ask(TUESDAY_AT_FOUR + 24 * HOUR), Decision.DENY)
    post.book()
    clock.move_to(TUESDAY_AT_FOUR)
    assert post.deliver() == Delivery(sent=1, dropped=7)
    assert post.server.recipients() == [SAMS]
    assert post.row(MessageKind.DENIED).state is MessageState.SENT
    assert post.row(MessageKind.CONFIRMED).last_error == "it was too late to send it"


def test_a_used_link_is_not_mailed_again(post: Post) -> None:
    ask_for_link(post.services, email=NORAS, address="192.0.2.1")
    link_id = post.row(MessageKind.SIGN_IN).sign_in_link_id
    assert link_id is not None
    use_link(post.services, token=post.services.signer.sign_in(link_id), user_agent="")
    assert post.deliver() == Delivery(dropped=1)
    assert post.row(MessageKind.SIGN_IN).last_error == "the link was used before this mail was sent"


@pytest.mark.parametrize("place", ["claimed", "mail_sent"])
def test_what_a_crash_left_is_sent_when_its_lease_runs_out_with_the_same_message_id(
    post: Post, clock: time_machine.Traveller, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.book()
    with armed(**{place: "raise"}), pytest.raises(FailpointReached):
        post.deliver()
    left = post.row(MessageKind.CONFIRMED)
    assert (left.state, left.lease_until) == (MessageState.SENDING, NOW + claims.LEASE)
    assert post.deliver() == Delivery(sent=1)  # the other one; this one is leased
    clock.move_to(NOW + claims.LEASE - INSTANT)
    assert post.deliver() == Delivery()
    clock.move_to(NOW + claims.LEASE)
    monkeypatch.setattr(delivery, "HANDED_OVER", delivery._HandedOver())  # whoever comes after a crash knows of nothing
    assert post.deliver() == Delivery(sent=1)
    ids = [mail["Message-ID"] for recipient, mail in post.server.taken if recipient == SAMS]
    assert len(ids) == (1 if place == "claimed" else 2)
    assert len(set(ids)) == 1
    assert post.row(MessageKind.CONFIRMED).attempts == 2


def test_two_workers_never_send_the_same_mail(post: Post) -> None:
    for number in range(5):
        post.book(TUESDAY_AT_FOUR + number * 24 * HOUR if number < 4 else TUESDAY_AT_FOUR - 2 * HOUR)
    both_send = Barrier(2, timeout=120)
    first_two = iter([both_send.wait] * 2)

    def meet(recipient: str) -> None:
        next(first_two, lambda: 0)()  # neither goes on before both have claimed

    post.server.refuse = meet
    done: list[Delivery] = []
    workers = [Thread(target=lambda: done.append(post.deliver())) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert sum(delivered.sent for delivered in done) == 10
    ids = [mail["Message-ID"] for _, mail in post.server.taken]
    assert len(set(ids)) == len(ids) == 10


def test_who_slept_past_the_lease_records_nothing(post: Post, clock: time_machine.Traveller) -> None:
    """A slow sender comes back with a failure after a successor has sent the mail."""
    post.book()
    post.change(MessageKind.BOOKED_DIRECTLY, state=MessageState.SENT)

    def sleep_while_another_sends(recipient: str) -> None:
        post.server.recover()
        clock.shift(claims.LEASE)
        assert post.deliver() == Delivery(sent=1)
        raise PermanentFailure("the connection was long gone")

    post.server.refuse = sleep_while_another_sends
    post.deliver()
    row = post.row(MessageKind.CONFIRMED)
    assert (row.state, row.last_error, row.attempts) == (MessageState.SENT, None, 2)
    assert post.server.recipients() == [SAMS]


def test_who_slept_past_the_lease_before_sending_does_not_send(
    post: Post, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.book()
    post.change(MessageKind.BOOKED_DIRECTLY, state=MessageState.SENT)
    asleep = iter([True])

    def sleep_once(place: str) -> None:
        if place == "claimed" and next(asleep, False):
            clock.shift(claims.LEASE)
            assert post.deliver() == Delivery(sent=1)

    monkeypatch.setattr(delivery, "failpoint", sleep_once)
    assert post.deliver() == Delivery()
    assert post.server.recipients() == [SAMS]
    assert post.row(MessageKind.CONFIRMED).state is MessageState.SENT


def test_a_temporary_failure_is_tried_again_later_and_holds_up_nobody(
    post: Post, clock: time_machine.Traveller
) -> None:
    post.book()
    post.server.refuse_with(TemporaryFailure("greylisted"), only=SAMS)
    assert post.deliver() == Delivery(sent=1, retried=1)
    row = post.row(MessageKind.CONFIRMED)
    assert (row.state, row.last_error, row.finished_at) == (MessageState.QUEUED, "greylisted", None)
    assert (row.lease_until, row.leased_by) == (None, None)
    clock.move_to(row.due_at - INSTANT)
    assert post.deliver() == Delivery()
    post.server.recover()
    clock.move_to(row.due_at)
    assert post.deliver() == Delivery(sent=1)
    assert post.row(MessageKind.CONFIRMED).last_error is None


def test_pauses_double_from_15_seconds_to_two_hours_less_up_to_a_quarter_and_no_number_of_tries_ends_a_true_mail(
    post: Post, clock: time_machine.Traveller
) -> None:
    post.book(TUESDAY_AT_FOUR + 21 * 24 * HOUR)
    post.server.refuse_with(TemporaryFailure("away"), only=SAMS)
    now = NOW
    for attempt in range(1, 40):
        clock.move_to(now)
        post.deliver()
        row = post.row(MessageKind.CONFIRMED)
        pause = min(15 * SECOND * 2 ** (attempt - 1), 2 * HOUR)
        assert 0.75 * pause <= row.due_at - now <= pause
        assert (row.attempts, row.state, row.first_due_at) == (attempt, MessageState.QUEUED, NOW)
        now = row.due_at
    clock.move_to(TUESDAY_AT_FOUR + 21 * 24 * HOUR)
    assert post.deliver() == Delivery(dropped=1), "it ends when it is no longer true"


def test_mails_that_failed_together_do_not_come_back_in_step() -> None:
    for attempts in (3, 30):
        assert len({leases.pause(attempts, shortest=15 * SECOND, longest=2 * HOUR) for _ in range(8)}) > 4


# The mail server in trouble


def gym_of(post: Post) -> Gym:
    with post.services.database.read() as session:
        return the_gym(session)


@pytest.mark.parametrize("failure", [ServerFailure("away"), AuthenticationFailure("refused our password")])
def test_a_server_that_is_away_for_42_hours_is_asked_every_minute_by_one_mail_and_nothing_is_given_up(
    post: Post, clock: time_machine.Traveller, failure: MailFailure
) -> None:
    post.book(TUESDAY_AT_FOUR)  # over before the server is back
    for day in range(7, 10):
        post.book(TUESDAY_AT_FOUR + day * 24 * HOUR)
    post.server.refuse_with(failure)
    for minute in (*range(10), *range(42 * 60, 42 * 60 + 10)):
        clock.move_to(NOW + minute * MINUTE)
        assert post.deliver().retried == 1, "one probe"
        gym = gym_of(post)
        assert (gym.mail_trouble, gym.mail_trouble_since) == (str(failure), NOW)
    post.server.recover()
    recovered = NOW + (42 * 60 + 9) * MINUTE
    clock.move_to(recovered + MINUTE)
    assert post.deliver() == Delivery(sent=6), "all that is true is out within two minutes"
    gym = gym_of(post)
    assert (gym.mail_circuit_until, gym.mail_trouble, gym.mail_trouble_since) == (None, None, None)


def test_the_first_mail_that_is_taken_pulls_forward_what_was_put_off_alone(
    post: Post, clock: time_machine.Traveller
) -> None:
    post.book()
    post.server.refuse_with(TemporaryFailure("451"), only=SAMS)
    post.deliver()
    for _ in range(6):  # it waits for eight minutes and more by now
        clock.move_to(post.row(MessageKind.CONFIRMED).due_at)
        post.deliver()
    put_off = post.row(MessageKind.CONFIRMED)
    assert put_off.due_at - clock_now() > 5 * MINUTE
    post.server.recover()
    post.ask(TUESDAY_AT_FOUR + 24 * HOUR)
    assert post.deliver() == Delivery(sent=2)
    clock.shift(MINUTE)
    assert post.deliver() == Delivery(sent=1), "the one that waited, within two minutes of the recovery"


def clock_now() -> datetime:
    return core_clock.now()


@pytest.mark.parametrize("failure", [TemporaryFailure("451"), PolicyFailure("554 5.7.1")])
def test_two_mails_refused_in_a_row_are_the_servers_trouble_and_one_alone_holds_up_nobody(
    post: Post, clock: time_machine.Traveller, failure: MailFailure
) -> None:
    post.book()
    post.server.refuse_with(failure, only=SAMS)
    assert post.deliver() == Delivery(sent=1, retried=1)
    assert gym_of(post).mail_circuit_until is None
    post.server.refuse_with(failure)
    post.ask(TUESDAY_AT_FOUR + 24 * HOUR)
    clock.shift(1)
    assert post.deliver() == Delivery(retried=2)
    assert gym_of(post).mail_circuit_until == NOW + SECOND + circuit_breaker.DEFAULT_OPEN
    assert gym_of(post).mail_trouble == str(failure)


DAYS = (1, 2, 3, 6, 7)  # Nora teaches from Monday to Friday


def test_one_mail_that_the_server_never_takes_delays_no_other(post: Post, clock: time_machine.Traveller) -> None:
    post.book()
    post.server.refuse_with(PolicyFailure("554 5.7.1"), only=SAMS)
    for hour in range(5):
        clock.move_to(NOW + hour * HOUR)
        post.deliver()
        assert gym_of(post).mail_circuit_until is None
        post.ask(TUESDAY_AT_FOUR + DAYS[hour] * 24 * HOUR, customer_email=f"family{hour}@example.org")
        post.deliver()
        assert f"family{hour}@example.org" in post.server.recipients()


def test_a_mistake_of_our_own_in_every_mail_is_not_the_servers_trouble(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.book()
    monkeypatch.setattr(delivery, "compose", Mock(side_effect=KeyError("a template's mistake")))
    assert post.deliver() == Delivery(retried=2)
    assert (gym_of(post).mail_circuit_until, gym_of(post).mail_trouble) == (None, None)


def test_a_probe_whose_reader_is_unknown_shows_that_the_server_is_back(
    post: Post, clock: time_machine.Traveller
) -> None:
    post.book()
    post.server.refuse_with(ServerFailure("away"))
    assert post.deliver() == Delivery(retried=1)
    post.server.refuse_with(PermanentFailure("550 5.1.1"), only=SAMS)
    clock.shift(MINUTE)
    assert post.deliver() == Delivery(sent=1, dead=1)
    assert gym_of(post).mail_trouble is None


# What was handed over


def test_what_was_handed_over_is_recorded_although_the_database_is_busy_and_never_sent_twice(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.book()
    post.change(MessageKind.BOOKED_DIRECTLY, state=MessageState.SENT)
    busy, real = iter([True] * 3), claims.finish

    def finish(*given: Any, **more: Any) -> Any:
        if next(busy, False):
            raise Unavailable
        return real(*given, **more)

    monkeypatch.setattr(claims, "finish", finish)
    monkeypatch.setattr(delivery, "RECORD_AGAIN_S", 0)
    assert post.deliver() == Delivery(sent=1)
    assert post.row(MessageKind.CONFIRMED).state is MessageState.SENT
    assert post.server.recipients() == [SAMS]


def test_what_could_not_be_recorded_within_the_lease_is_recorded_under_the_next_and_not_sent_again(
    post: Post, clock: time_machine.Traveller
) -> None:
    post.book()
    post.change(MessageKind.BOOKED_DIRECTLY, state=MessageState.SENT)
    with armed(mail_sent="raise"), pytest.raises(FailpointReached):
        post.deliver()  # this process goes on
    clock.shift(claims.LEASE)
    assert post.deliver() == Delivery(sent=1)
    assert post.server.recipients() == [SAMS]
    assert post.row(MessageKind.CONFIRMED).state is MessageState.SENT


def test_who_has_too_little_left_of_a_lease_leaves_the_mail_to_the_next(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.book()
    monkeypatch.setattr(
        delivery, "MAX_SENDING_S", claims.LEASE.total_seconds() + 1
    )  # as if all of it were slept through
    assert post.deliver() == Delivery()
    assert post.server.tried == 0


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_worker_whose_clock_is_ahead_takes_no_mail_from_one_that_is_sending_it(
    post: Post, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database's clock stands still for both; the second worker's own is 61 seconds ahead."""
    monkeypatch.setattr("core.platform.leases.lease_clock", Mock(return_value=NOW))
    post.book()
    post.change(MessageKind.BOOKED_DIRECTLY, state=MessageState.SENT)

    def meanwhile(recipient: str) -> None:
        post.server.recover()
        clock.shift(61)
        assert post.deliver() == Delivery()

    post.server.refuse = meanwhile
    assert post.deliver() == Delivery(sent=1)
    assert post.server.recipients() == [SAMS]


def test_a_mail_of_a_newer_program_is_left_to_it_and_stops_nobody(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rolling upgrade: this program knows all kinds but the family's confirmation."""
    post.book()
    monkeypatch.setattr(models, "KNOWN_KINDS", tuple(kind for kind in MessageKind if kind is not MessageKind.CONFIRMED))
    assert post.deliver() == Delivery(sent=1)
    assert post.row(MessageKind.CONFIRMED).state is MessageState.QUEUED


def test_a_permanent_refusal_is_dead_at_once(post: Post) -> None:
    post.book()
    post.server.refuse_with(PermanentFailure("no such mailbox"), only=SAMS)
    assert post.deliver() == Delivery(sent=1, dead=1)
    row = post.row(MessageKind.CONFIRMED)
    assert (row.state, row.last_error, row.finished_at) == (MessageState.DEAD, "no such mailbox", NOW)
    assert post.deliver() == Delivery()


def test_an_unexplained_failure_is_tried_again(post: Post) -> None:
    post.book()
    post.server.refuse_with(MailFailure("something odd"), only=SAMS)
    assert post.deliver() == Delivery(sent=1, retried=1)


def test_a_mail_that_cannot_be_written_does_not_stop_the_others(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.book()

    def broken(context: MailContext, **how: Any) -> EmailMessage:
        if context.message.kind is MessageKind.CONFIRMED:
            raise KeyError("a template's mistake, with sam@example.org in it")
        return compose(context, **how)

    monkeypatch.setattr(delivery, "compose", broken)
    assert post.deliver() == Delivery(sent=1, retried=1)
    row = post.row(MessageKind.CONFIRMED)
    assert (row.state, row.last_error) == (MessageState.QUEUED, "could not be written: KeyError")


def test_a_mail_whose_facts_cannot_be_read_does_not_stop_the_others(post: Post, clock: time_machine.Traveller) -> None:
    """The family of an expired request is offered other times; here her zone is one that no longer exists."""
    post.ask()
    clock.move_to(TUESDAY_AT_FOUR)
    with post.services.database.write(post.nora) as transaction:
        assert transaction.coach is not None
        expiry.expire_overdue(transaction.session, transaction.coach, now=transaction.now)
        transaction.session.execute(update(Coach).where(Coach.id == post.nora).values(timezone="Atlantis/Capital"))
    post.book(TUESDAY_AT_FOUR + 24 * HOUR)
    done = post.deliver()
    assert done.retried >= 1
    assert post.row(MessageKind.EXPIRED).state is MessageState.QUEUED
    assert post.row(MessageKind.CONFIRMED).state is MessageState.SENT


def test_the_server_is_spoken_to_outside_any_transaction(post: Post) -> None:
    """A write from within the sending would wait for itself, were one open."""
    post.book()

    def write_meanwhile(recipient: str) -> None:
        with post.services.database.write() as transaction:
            transaction.session.execute(update(Gym).values(street="12 Mill Street"))

    post.server.refuse = write_meanwhile
    assert post.deliver() == Delivery(sent=2)
