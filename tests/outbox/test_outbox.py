"""What is written into the outbox, and what the staff may do with it."""

from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.bookings import expiry, mails
from core.bookings.decisions import Decision
from core.errors import NotFound, NotPossible
from core.gym.models import the_gym
from core.outbox import messages, metrics
from core.outbox.delivery_failures import PermanentFailure, ServerFailure
from core.outbox.models import MessageKind, MessageState
from core.people.accounts import find_account
from core.staff.sign_in_links import new_link
from tests.outbox.conftest import NORAS, SAMS, TUESDAY_AT_FOUR, Post
from tests.support.people import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_mail_is_due_at_once_and_a_reminder_later(post: Post) -> None:
    booking = post.ask()
    received, request = post.row(MessageKind.REQUEST_RECEIVED), post.row(MessageKind.REQUEST)
    reminder = post.row(MessageKind.REMINDER)
    assert (received.recipient, received.account_id, received.due_at) == (SAMS, None, NOW)
    assert (request.recipient, request.account_id, request.due_at) == (NORAS, booking.coach.account_id, NOW)
    assert (reminder.recipient, reminder.due_at) == (NORAS, TUESDAY_AT_FOUR - 3 * HOUR)
    for row in (received, request, reminder):
        assert (row.state, row.attempts, row.channel) == (MessageState.QUEUED, 0, "mail")
        assert (row.booking_id, row.booking_version, row.created_at) == (booking.id, 1, NOW)


def test_bad_news_is_told_however_late_and_a_confirmation_until_the_start(
    post: Post, clock: time_machine.Traveller
) -> None:
    post.answer(post.ask(), Decision.DENY)
    post.book()
    post.ask(TUESDAY_AT_FOUR - 2 * HOUR)
    clock.move_to(TUESDAY_AT_FOUR)
    post.services.database.transact(lambda tx: expiry.expire_overdue(tx.session, tx.coach, now=tx.now), coach=post.nora)
    for kind in (MessageKind.DENIED, MessageKind.EXPIRED, MessageKind.REQUEST_EXPIRED):
        assert post.row(kind).not_after is None
    for kind in (MessageKind.CONFIRMED, MessageKind.BOOKED_DIRECTLY):
        assert post.row(kind).not_after == TUESDAY_AT_FOUR


def test_one_fact_is_one_row(post: Post) -> None:
    booking = post.ask()
    with pytest.raises(IntegrityError):
        post.services.database.transact(
            lambda tx: mails.add(tx.session, MessageKind.REQUEST, tx.session.merge(booking), now=tx.now)
        )


def test_every_mail_has_a_message_id_of_its_own(post: Post) -> None:
    post.ask()
    post.book()
    with post.services.database.read() as session:
        ids = [row.message_id for row in messages.list_messages(session)]
    assert len(set(ids)) == len(ids) == 5


def test_the_latest_mails_are_listed_first_page_by_page_and_by_state(post: Post) -> None:
    post.ask()
    post.book()
    with post.services.database.read() as session:
        everything = [row.id for row in messages.list_messages(session)]
        assert everything == sorted(everything, reverse=True)
        assert [row.id for row in messages.list_messages(session, limit=2)] == everything[:2]
        assert [row.id for row in messages.list_messages(session, before_id=everything[1])] == everything[2:]
        assert messages.list_messages(session, state=MessageState.DEAD) == []
        assert len(messages.list_messages(session, state=MessageState.QUEUED)) == 5
        assert messages.get_message(session, everything[0]).id == everything[0]
        with pytest.raises(NotFound):
            messages.get_message(session, 999_999)


def test_a_dead_mail_is_tried_again_from_the_beginning(post: Post) -> None:
    post.book()
    post.server.refuse_with(PermanentFailure("no such mailbox"), only=SAMS)
    assert post.deliver().dead == 1
    row = post.row(MessageKind.CONFIRMED)
    retried = post.services.database.transact(lambda tx: messages.retry(tx.session, row.id, now=tx.now))
    assert (retried.state, retried.due_at, retried.attempts, retried.finished_at) == (MessageState.QUEUED, NOW, 0, None)
    post.server.recover()
    assert post.deliver().sent == 1
    assert post.row(MessageKind.CONFIRMED).message_id == row.message_id


def test_a_waiting_mail_can_be_sent_at_once(post: Post) -> None:
    post.ask()
    post.deliver()
    reminder = post.row(MessageKind.REMINDER)
    post.services.database.transact(lambda tx: messages.retry(tx.session, reminder.id, now=tx.now))
    assert post.deliver().sent == 1


def test_a_mail_that_was_dropped_by_hand_is_never_sent(post: Post) -> None:
    post.ask()
    row = post.row(MessageKind.REQUEST)
    dropped = post.services.database.transact(
        lambda tx: messages.drop(tx.session, row.id, reason="Nora was told by phone", now=tx.now)
    )
    assert (dropped.state, dropped.last_error, dropped.finished_at) == (
        MessageState.DROPPED,
        "Nora was told by phone",
        NOW,
    )
    post.deliver()
    assert post.server.recipients() == [SAMS]


@pytest.mark.parametrize("state", [MessageState.SENT, MessageState.DROPPED, MessageState.SENDING])
def test_a_mail_that_is_done_or_on_its_way_is_left_alone(post: Post, state: MessageState) -> None:
    post.ask()
    post.change(MessageKind.REQUEST, state=state)
    row = post.row(MessageKind.REQUEST)
    with pytest.raises(NotPossible, match=f"Mail {row.id} is {state.value.lower()}"):
        post.services.database.transact(lambda tx: messages.retry(tx.session, row.id, now=tx.now))
    with pytest.raises(NotPossible, match=f"Mail {row.id} is {state.value.lower()}"):
        post.services.database.transact(lambda tx: messages.drop(tx.session, row.id, reason="By hand", now=tx.now))
    assert post.row(MessageKind.REQUEST).state is state


def test_nothing_leaves_while_mail_is_held(post: Post) -> None:
    post.book()
    post.services.database.transact(lambda tx: messages.hold(tx.session, now=tx.now))
    assert (post.deliver().sent, post.server.tried) == (0, 0)
    post.services.database.transact(lambda tx: messages.release(tx.session, now=tx.now))
    assert post.deliver().sent == 2


def test_release_forgets_a_refused_password_too(post: Post) -> None:
    with post.services.database.write() as transaction:
        the_gym(transaction.session).mail_circuit_until = NOW + HOUR
    post.book()
    assert post.deliver().sent == 0
    post.services.database.transact(lambda tx: messages.release(tx.session, now=tx.now))
    assert post.deliver().sent == 2


def test_the_mail_that_waits_longest_can_be_asked_for(post: Post, clock: time_machine.Traveller) -> None:
    def oldest() -> object:
        with post.services.database.read() as session:
            return messages.oldest_due_at(session, now=NOW + HOUR)

    assert oldest() is None
    post.ask()
    clock.move_to(NOW + MINUTE)
    post.book()
    assert oldest() == NOW
    post.deliver()
    assert oldest() is None


def test_a_mail_that_is_tried_in_vain_has_been_due_since_it_was_first_due(
    post: Post, clock: time_machine.Traveller
) -> None:
    post.book()
    post.server.refuse_with(ServerFailure("421"))
    for minute in range(14):
        clock.move_to(NOW + minute * MINUTE)
        post.deliver()
    measured = metrics.measures(post.services.database)
    assert measured == {"outbox.due_count": 2.0, "outbox.oldest_due_s": 13 * 60.0}
    row = post.row(MessageKind.CONFIRMED)
    post.services.database.transact(lambda tx: messages.retry(tx.session, row.id, now=tx.now))
    assert post.row(MessageKind.CONFIRMED).first_due_at == NOW + 13 * MINUTE, "it was somebody's decision to wait anew"


def test_all_dead_mails_are_tried_again_at_once_or_those_since_an_instant(
    post: Post, clock: time_machine.Traveller
) -> None:
    for day in range(3):
        clock.move_to(NOW + day * HOUR)
        post.book(TUESDAY_AT_FOUR + day * 24 * HOUR)
        post.server.refuse_with(PermanentFailure("550"), only=SAMS)
        post.deliver()
    post.server.recover()
    assert (
        len(post.services.database.transact(lambda tx: messages.retry_dead(tx.session, since=NOW + HOUR, now=tx.now)))
        == 2
    )
    assert post.deliver().sent == 2
    assert len(post.services.database.transact(lambda tx: messages.retry_dead(tx.session, now=tx.now))) == 1
    assert post.deliver().sent == 1


def test_a_mail_has_one_cause(post: Post) -> None:
    booking = post.ask()

    def both_causes(session: Session, *, now: datetime) -> None:
        nora = find_account(session, NORAS)
        assert nora is not None
        mail = messages.add_sign_in(session, nora, new_link(session, nora, now=now), now=now)
        mail.booking_id = booking.id

    with pytest.raises(IntegrityError):
        post.services.database.transact(lambda tx: both_causes(tx.session, now=tx.now))
