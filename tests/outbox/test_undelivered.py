"""A mail that could not be delivered stands before staff until the family, or the colleague, knows."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from core.bookings.access_scope import Everyone, OfCoach, Whose
from core.bookings.decisions import Decision
from core.bookings.models import Booking
from core.errors import NotAllowed
from core.mail import family_mail, outbox_admin
from core.mail.undelivered import UnreachedFamily, settle_staff, unreached_families, unreached_staff
from core.outbox.delivery_failures import PermanentFailure
from core.outbox.models import MessageKind
from core.platform.actor import Actor
from tests.outbox.conftest import NORAS, SAMS, Post
from tests.support import people
from tests.support.actors import as_staff
from tests.support.people import NOW


@pytest.fixture
def ada(post: Post) -> int:
    with post.services.database.write() as transaction:
        return people.ada(transaction.session).id


def families(post: Post, whose: Whose | None = None) -> list[UnreachedFamily]:
    with post.services.database.read() as session:
        return list(unreached_families(session, whose=whose or Everyone(), now=NOW))


def refused(post: Post, address: str = SAMS) -> None:
    """The mail server knows no such mailbox."""
    post.server.refuse_with(PermanentFailure("550 no such user"), only=address)


def act(post: Post, command: Callable[..., Any], booking: Booking, *values: Any, by: Actor) -> None:
    post.services.database.transact(
        lambda tx: command(tx.session, tx.coach, booking.id, *values, by=by, now=tx.now), coach=booking.coach_id
    )


def test_a_family_whose_receipt_was_refused_is_shown_to_its_coach_and_to_admins(post: Post) -> None:
    refused(post)
    booking = post.ask()
    post.deliver()
    (family,) = families(post)
    assert family.booking.id == booking.id and family.unknown == "that we have their request"
    assert len(families(post, OfCoach(post.nora))) == 1
    assert families(post, OfCoach(post.omar)) == []


@pytest.mark.parametrize(
    ("decision", "unknown"),
    [(Decision.APPROVE, "that the lesson is booked"), (Decision.DENY, "that the request was declined")],
)
def test_what_the_family_does_not_know_is_how_it_stands_now(post: Post, decision: Decision, unknown: str) -> None:
    refused(post)
    booking = post.ask()
    post.deliver()
    post.answer(booking, decision)
    post.deliver()
    assert [family.unknown for family in families(post)] == [unknown]


def test_it_is_gone_once_a_later_mail_has_left(post: Post) -> None:
    refused(post)
    booking = post.ask()
    post.deliver()
    post.server.recover()
    post.answer(booking, Decision.APPROVE)
    assert len(families(post)) == 1
    post.deliver()
    assert families(post) == []


def test_it_is_gone_once_somebody_has_called_and_back_when_the_next_mail_fails(
    post: Post, ada: int, clock: time_machine.Traveller
) -> None:
    refused(post)
    booking = post.ask()
    post.deliver()
    act(post, family_mail.note_called, booking, by=as_staff(ada))
    assert families(post) == []
    clock.shift(60)
    post.answer(booking, Decision.APPROVE)
    post.deliver()
    assert [family.unknown for family in families(post)] == ["that the lesson is booked"]


def test_it_is_gone_once_the_address_is_corrected_and_the_mail_has_left(post: Post, ada: int) -> None:
    refused(post)
    booking = post.ask()
    post.deliver()
    act(post, family_mail.correct_address, booking, "sam@gmail.com", by=as_staff(ada))
    post.deliver()
    assert families(post) == [] and "sam@gmail.com" in post.server.recipients()


def test_a_corrected_address_that_is_refused_too_stands_there_again(post: Post, ada: int) -> None:
    post.server.refuse_with(PermanentFailure("550 no such user"))
    booking = post.ask()
    post.deliver()
    act(post, family_mail.correct_address, booking, "sam@gmail.con", by=as_staff(ada))
    assert families(post) == []
    post.deliver()
    assert [family.message.recipient for family in families(post)] == ["sam@gmail.con"]


def test_a_forgotten_family_is_nobody_to_call(post: Post) -> None:
    refused(post)
    booking = post.ask()
    post.deliver()
    with post.services.database.write() as transaction:
        transaction.session.get_one(Booking, booking.id).anonymised_at = transaction.now
    assert families(post) == []


def test_a_coach_whose_mail_is_refused_is_shown_until_an_admin_settles_it_or_a_mail_leaves(
    post: Post, ada: int, clock: time_machine.Traveller
) -> None:
    def shown() -> list[tuple[str, str]]:
        with post.services.database.read() as session:
            return [(one.account.name, one.message.recipient) for one in unreached_staff(session)]

    refused(post, NORAS)
    post.ask()
    post.deliver()
    assert shown() == [("Nora Lindqvist", NORAS)] and families(post) == []
    account_id = post.row(MessageKind.REQUEST).account_id
    assert account_id is not None
    post.services.database.transact(lambda tx: settle_staff(tx.session, account_id, by=as_staff(ada), now=tx.now))
    assert shown() == []
    clock.shift(60)
    post.services.database.transact(
        lambda tx: outbox_admin.retry(tx.session, post.row(MessageKind.REQUEST).id, by=as_staff(ada), now=tx.now)
    )
    post.deliver()
    assert len(shown()) == 1
    post.server.recover()
    post.ask(people.at(2, 16))
    post.deliver()
    assert shown() == []


def test_only_an_admin_settles_it(post: Post) -> None:
    account_id = post.ask().coach.account_id
    with pytest.raises(NotAllowed):
        post.services.database.transact(
            lambda tx: settle_staff(tx.session, account_id, by=as_staff(account_id), now=tx.now)
        )
