"""A mail is sent again, to the address that is on record by then."""

import pytest

from core.bookings.models import Booking
from core.errors import NotPossible
from core.mail import outbox_admin
from core.mail.transports import PermanentFailure
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.platform.actor import COMMAND_LINE
from tests.outbox.conftest import SAMS, Post


def resend(post: Post, message: OutboxMessage) -> OutboxMessage:
    return post.services.database.transact(
        lambda tx: outbox_admin.resend(tx.session, message.id, by=COMMAND_LINE, now=tx.now)
    )


def test_a_sent_mail_is_sent_again_as_a_new_one(post: Post) -> None:
    post.book()
    post.deliver()
    first = post.row(MessageKind.CONFIRMED)
    copy, another = resend(post, first), resend(post, first)
    assert len({first.id, copy.id, another.id}) == 3 and copy.message_id != first.message_id
    post.deliver()
    assert post.server.recipients().count(SAMS) == 3


def test_a_copy_can_be_sent_again_too(post: Post) -> None:
    post.book()
    post.deliver()
    copy = resend(post, post.row(MessageKind.CONFIRMED))
    post.deliver()
    assert resend(post, copy).dedupe_key.count(":again:") == 1


def test_a_dead_mail_goes_to_the_address_that_is_on_record_now(post: Post) -> None:
    post.server.refuse_with(PermanentFailure("550 no such user"), only=SAMS)
    booking = post.book()
    post.deliver()
    assert post.row(MessageKind.CONFIRMED).state is MessageState.DEAD
    with post.services.database.write() as transaction:
        transaction.session.get_one(Booking, booking.id).customer_email = "sam.rivera@example.org"
    resend(post, post.row(MessageKind.CONFIRMED))
    post.deliver()
    assert "sam.rivera@example.org" in post.server.recipients()


def test_what_was_dropped_is_not_sent_again(post: Post) -> None:
    post.book()
    message = post.row(MessageKind.CONFIRMED)
    post.services.database.transact(lambda tx: outbox_admin.drop(tx.session, message.id, by=COMMAND_LINE, now=tx.now))
    with pytest.raises(NotPossible):
        resend(post, message)
