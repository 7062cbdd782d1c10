"""A coach is disabled: what hangs on her is shown, and her mail about families goes to the admins."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.bookings import cancellation, expiry
from core.bookings.decisions import Decision, decide, decide_as_staff
from core.bookings.models import Booking
from core.bookings.open_commitments import commitments_by_account, commitments_by_lesson, commitments_of_disabled
from core.errors import NotAllowed
from core.mail.compose import compose
from core.mail.context_reader import read_context
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.people.accounts import create_account
from core.people.models import Role
from core.platform.actor import PARENT_ON_SITE
from core.staff import members
from tests.bookings.conftest import House, house  # noqa: F401 (a fixture)
from tests.support.actors import as_staff
from tests.support.mail_samples import settings, signer
from tests.support.people import NOW, PASSWORD, at

LATER = NOW + timedelta(minutes=10)
ADAS, BEAS = "ada@spirit.example", "bea@spirit.example"


def disable(house: House) -> None:  # noqa: F811
    create_account(house.session, email=BEAS, name="Bea", role=Role.ADMIN, password=PASSWORD, now=NOW)
    members.disable(house.session, house.nora.account_id, by=as_staff(house.ada.id), now=LATER)


def waiting(house: House, booking: Booking, kind: MessageKind) -> list[OutboxMessage]:  # noqa: F811
    house.session.flush()
    query = select(OutboxMessage).where(
        OutboxMessage.booking_id == booking.id,
        OutboxMessage.kind == kind,
        OutboxMessage.state == MessageState.QUEUED,
    )
    return list(house.session.scalars(query.order_by(OutboxMessage.id)))


def test_what_hangs_on_a_coach_is_found(house: House) -> None:  # noqa: F811
    first, second = house.ask(at(1, 16)), house.ask(at(2, 9))
    decide(house.session, house.nora, second.id, Decision.APPROVE, by=house.by_nora, now=NOW)
    house.booked()
    open_with_her = commitments_by_account(house.session, now=NOW)[house.nora.account_id]
    assert (open_with_her.requests, open_with_her.lessons) == ([first], [second])
    assert commitments_by_lesson(house.session, now=NOW)[house.tumbling.id] == open_with_her
    assert not commitments_of_disabled(house.session, now=NOW)
    disable(house)
    assert commitments_of_disabled(house.session, now=LATER) == open_with_her
    assert house.nora.account_id not in commitments_by_account(house.session, now=at(3, 9))


@pytest.mark.parametrize("kind", [MessageKind.REQUEST, MessageKind.REMINDER])
def test_mails_that_wait_for_her_go_to_every_admin_at_their_time(house: House, kind: MessageKind) -> None:  # noqa: F811
    booking = house.ask()
    (hers,) = waiting(house, booking, kind)
    due_at = hers.due_at
    disable(house)
    assert hers.state is MessageState.DROPPED
    assert [(row.recipient, row.due_at) for row in waiting(house, booking, kind)] == [(ADAS, due_at), (BEAS, due_at)]


def test_her_mails_come_back_to_her_when_she_does(house: House) -> None:  # noqa: F811
    booking = house.ask()
    disable(house)
    members.enable(house.session, house.nora.account_id, by=as_staff(house.ada.id), now=LATER)
    (hers,) = waiting(house, booking, MessageKind.REMINDER)
    assert hers.recipient == house.nora.account.email
    members.disable(house.session, house.nora.account_id, by=as_staff(house.ada.id), now=LATER + timedelta(minutes=1))
    assert len(waiting(house, booking, MessageKind.REMINDER)) == 2


def test_admins_hear_that_her_request_expired(house: House) -> None:  # noqa: F811
    booking = house.ask()
    disable(house)
    assert booking.expires_at is not None
    expiry.expire_overdue(house.session, house.nora, now=booking.expires_at)
    rows = waiting(house, booking, MessageKind.REQUEST_EXPIRED)
    assert [row.recipient for row in rows] == [ADAS, BEAS]


def test_admins_hear_that_a_family_cancelled_her_lesson(house: House) -> None:  # noqa: F811
    booking = house.ask()
    disable(house)
    cancellation.cancel(house.session, house.nora, booking.id, by=PARENT_ON_SITE, now=LATER)
    rows = waiting(house, booking, MessageKind.LESSON_CANCELLED)
    assert [row.recipient for row in rows] == [ADAS, BEAS]


def test_an_admin_answers_for_her_and_she_does_not(house: House) -> None:  # noqa: F811
    booking = house.ask()
    disable(house)
    with pytest.raises(NotAllowed):
        decide(house.session, house.nora, booking.id, Decision.APPROVE, by=house.by_nora, now=LATER)
    decide_as_staff(
        house.session,
        house.nora,
        booking.id,
        Decision.DENY,
        by=as_staff(house.ada.id),
        reason="Nora has left.",
        now=LATER,
    )
    assert (MessageKind.DENIED, "sam@example.org") in house.mails(booking)


KINDS = (MessageKind.REQUEST, MessageKind.REMINDER, MessageKind.REQUEST_EXPIRED, MessageKind.LESSON_CANCELLED)


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_admin_gets_says_why_and_carries_none_of_her_links(house: House, kind: MessageKind) -> None:  # noqa: F811
    booking = house.ask()
    disable(house)
    if kind is MessageKind.REQUEST_EXPIRED:
        assert booking.expires_at is not None
        expiry.expire_overdue(house.session, house.nora, now=booking.expires_at)
    if kind is MessageKind.LESSON_CANCELLED:
        cancellation.cancel(house.session, house.nora, booking.id, by=PARENT_ON_SITE, now=LATER)
    message = waiting(house, booking, kind)[0]
    context = read_context(house.session, message, zone=settings.zone, now=LATER)
    mail = compose(context, settings=settings, signer=signer)
    for part in ("plain", "html"):
        body = mail.get_body((part,))
        assert body is not None
        text = body.get_content()
        assert "Nora Lindqvist does not work here any more" in text and "/approvals/" not in text
        assert "lesson with you" not in text and "/bookings/" not in text
