"""A family's mail went astray: its address is corrected, its link sent again, or somebody has called."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.audit import AuditEvent
from core.bookings import decisions, queries
from core.bookings.decisions import Decision
from core.bookings.models import Booking
from core.errors import Invalid, LinkReplaced, NotAllowed, NotFound, NotPossible
from core.mail import family_mail
from core.mail.validity import why_untrue
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from tests.bookings.conftest import House
from tests.support.actors import as_staff
from tests.support.people import NOW

LATER = NOW + timedelta(minutes=10)
WRONG, RIGHT = "ann@gmial.com", "ann@gmail.com"


def to_family(house: House, booking: Booking) -> list[OutboxMessage]:
    house.session.flush()
    found = house.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.booking_id == booking.id, OutboxMessage.account_id.is_(None))
        .order_by(OutboxMessage.id)
    )
    return list(found)


def asked(house: House, state: MessageState = MessageState.SENT) -> Booking:
    """Ann has asked, with a typing mistake; her receipt is in this state."""
    booking = house.ask(customer_email=WRONG)
    (receipt,) = to_family(house, booking)
    receipt.state = state
    house.session.flush()
    return booking


def correct(house: House, booking: Booking, account_id: int | None = None, email: str = RIGHT) -> Booking:
    account_id = account_id or house.nora.account_id
    return family_mail.correct_address(house.session, house.nora, booking.id, email, by=as_staff(account_id), now=LATER)


@pytest.mark.parametrize("state", [MessageState.QUEUED, MessageState.DEAD])
def test_what_waits_or_died_goes_to_the_corrected_address(house: House, state: MessageState) -> None:
    booking = asked(house, state)
    correct(house, booking)
    (receipt,) = to_family(house, booking)
    assert (receipt.recipient, receipt.state, receipt.due_at) == (RIGHT, MessageState.QUEUED, LATER)


@pytest.mark.parametrize("state", [MessageState.SENT, MessageState.SENDING])
def test_what_a_stranger_has_got_is_sent_again_to_the_corrected_address(house: House, state: MessageState) -> None:
    booking = asked(house, state)
    correct(house, booking)
    first, second = to_family(house, booking)
    assert (first.recipient, second.recipient, second.state) == (WRONG, RIGHT, MessageState.QUEUED)


def test_later_mails_go_to_the_corrected_address(house: House) -> None:
    booking = correct(house, asked(house))
    decisions.decide(house.session, house.nora, booking.id, Decision.APPROVE, by=house.by_nora, now=LATER)
    assert house.mails(booking)[-1] == (MessageKind.CONFIRMED, RIGHT)


def test_no_mail_leaves_for_the_address_of_before(house: House) -> None:
    """One that is being sent is tried again later, and would carry the new link."""
    booking = asked(house, MessageState.SENDING)
    correct(house, booking)
    reason = why_untrue(to_family(house, booking)[0], booking, None, now=LATER)
    assert reason is not None and "corrected" in reason


def test_the_link_in_a_strangers_mailbox_opens_nothing_any_more(house: House) -> None:
    booking = asked(house)
    before = booking.handle
    correct(house, booking)
    with pytest.raises(LinkReplaced, match="corrected"):
        queries.get_by_handle(house.session, before)
    assert queries.get_by_handle(house.session, booking.handle) is booking
    with pytest.raises(NotFound):
        queries.get_by_handle(house.session, "x" * 22)


def test_the_limits_count_for_the_corrected_address(house: House) -> None:
    assert correct(house, asked(house)).customer_key == RIGHT


def test_a_correction_is_recorded_without_the_address(house: House) -> None:
    booking = correct(house, asked(house), house.ada.id)
    (event,) = house.session.scalars(select(AuditEvent).where(AuditEvent.subject_id == booking.id))
    assert (event.verb, event.subject, event.account_id) == ("address corrected", "booking", house.ada.id)


def test_only_its_coach_and_admins_correct_an_address(house: House) -> None:
    booking = asked(house)
    with pytest.raises(NotFound):
        correct(house, booking, house.omar.account_id)
    house.nora.account.disabled_at = NOW
    with pytest.raises(NotAllowed):
        correct(house, booking)


@pytest.mark.parametrize("email", ["", "ann", WRONG, "ann@gmail.com, bob@gmail.com"])
def test_what_is_no_other_address_is_refused(house: House, email: str) -> None:
    booking = asked(house)
    with pytest.raises(Invalid):
        correct(house, booking, email=email)
    assert booking.customer_email == WRONG


def test_a_forgotten_family_has_no_address_to_correct(house: House) -> None:
    booking = asked(house)
    booking.anonymised_at = NOW
    house.session.flush()
    with pytest.raises(NotPossible):
        correct(house, booking)


def test_staff_send_the_mail_again_that_says_how_it_stands(house: House) -> None:
    booking = house.booked()
    (confirmation,) = to_family(house, booking)
    confirmation.state = MessageState.SENT
    family_mail.send_again(house.session, house.omar, booking.id, by=as_staff(house.ada.id), now=LATER)
    assert [row.kind for row in to_family(house, booking)] == [MessageKind.CONFIRMED] * 2


def test_a_confirmation_is_not_sent_again_once_the_lesson_has_begun(house: House) -> None:
    booking = house.booked()
    with pytest.raises(NotPossible):
        family_mail.send_again(house.session, house.omar, booking.id, by=as_staff(house.ada.id), now=booking.starts_at)


def test_a_family_sends_itself_its_link_three_times_an_hour(house: House) -> None:
    booking = asked(house)

    def send(minutes: int) -> int:
        now = LATER + timedelta(minutes=minutes)
        family_mail.send_link_again(house.session, house.nora, booking.id, now=now)
        for row in to_family(house, booking):
            row.state = MessageState.SENT
        return len(to_family(house, booking))

    assert [send(minute) for minute in range(5)] == [2, 3, 4, 4, 4]
    assert send(61) == 5
