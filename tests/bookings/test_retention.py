"""Years later nobody needs to know whose lesson it was."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.audit import AuditEvent
from core.bookings import retention
from core.bookings.notes import BookingNote, keep_note
from core.bookings.queries import get_by_handle
from core.bookings.retention import NOBODY, NOBODYS_ADDRESS, anonymise_finished
from core.errors import NotFound
from core.gym.models import the_gym
from core.mail.compose import compose
from core.mail.context_reader import read_context
from core.outbox.models import OutboxMessage
from tests.bookings.conftest import House
from tests.support import mail_samples
from tests.support.actors import as_staff
from tests.support.people import NOW, at

YEARS = timedelta(days=731)


def test_names_addresses_and_words_go_and_the_figures_stay(house: House) -> None:
    booking = house.booked(notes="Left wrist.")
    handle, events, price = booking.handle, house.events(booking), booking.price_cents
    keep_note(house.session, booking.id, "Pays in cash.", by=as_staff(house.ada.id), now=NOW)
    assert anonymise_finished(house.session, now=booking.ends_at + YEARS) == 1
    house.session.refresh(booking)
    told = (booking.customer_name, booking.customer_email, booking.customer_phone, booking.athlete_name, booking.notes)
    assert told == (NOBODY, NOBODYS_ADDRESS, None, NOBODY, "") and booking.customer_key == ""
    assert (booking.price_cents, house.events(booking)) == (price, events)
    recipients = {row.recipient for row in house.session.scalars(select(OutboxMessage))}
    assert recipients == {NOBODYS_ADDRESS, house.omar.account.email}
    assert house.count(BookingNote) == 0
    row = house.session.scalars(select(AuditEvent)).one()
    assert (row.verb, row.subject_id, row.door) == ("anonymised", booking.id, "CLOCK")
    with pytest.raises(NotFound):
        get_by_handle(house.session, handle)


def test_its_mails_can_still_be_looked_at(house: House) -> None:
    booking = house.booked()
    anonymise_finished(house.session, now=booking.ends_at + YEARS)
    house.session.expire_all()
    for message in house.session.scalars(select(OutboxMessage)):
        context = read_context(house.session, message, zone=mail_samples.settings.zone, now=NOW)
        mail = compose(context, settings=mail_samples.settings, signer=mail_samples.signer, mask_links=True)
        assert "Ida" not in str(mail) and "Sam" not in str(mail)


def test_it_happens_once_and_not_before_its_time(house: House) -> None:
    booking = house.booked()
    assert anonymise_finished(house.session, now=booking.ends_at + timedelta(days=729)) == 0
    assert anonymise_finished(house.session, now=booking.ends_at + YEARS) == 1
    assert anonymise_finished(house.session, now=booking.ends_at + YEARS) == 0


def test_a_gym_that_keeps_names_keeps_them(house: House) -> None:
    booking = house.booked()
    the_gym(house.session).anonymise_after_months = 0
    assert anonymise_finished(house.session, now=booking.ends_at + 10 * YEARS) == 0


def test_a_few_at_once_and_the_next_pass_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for day in (1, 2, 3):
        house.booked(at(day, 10))
    counts = [anonymise_finished(house.session, now=NOW + 2 * YEARS) for _ in range(3)]
    assert counts == [2, 1, 0]
