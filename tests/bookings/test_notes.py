"""A note for oneself: whoever wrote it reads it, and nobody else."""

import pytest

from core.bookings.notes import NOTE_LENGTH, keep_note, note_of
from core.errors import Invalid, NotAllowed, NotFound
from tests.bookings.conftest import House
from tests.support.actors import as_staff
from tests.support.people import NOW


def test_a_note_is_kept_changed_and_taken_away(house: House) -> None:
    booking, omar = house.booked(), house.omar.account_id
    for text in ("Left wrist.", "  Left wrist, taped.\r\n", ""):
        keep_note(house.session, booking.id, text, by=as_staff(omar), now=NOW)
        assert note_of(house.session, booking.id, omar) == text.strip()


def test_everybody_has_her_own(house: House) -> None:
    booking, omar = house.booked(), house.omar.account_id
    keep_note(house.session, booking.id, "Left wrist.", by=as_staff(omar), now=NOW)
    keep_note(house.session, booking.id, "Pays in cash.", by=as_staff(house.ada.id), now=NOW)
    assert note_of(house.session, booking.id, omar) == "Left wrist."
    assert note_of(house.session, booking.id, house.ada.id) == "Pays in cash."
    assert note_of(house.session, booking.id, house.nora.account_id) == ""


def test_a_team_mate_a_stranger_and_who_has_left_write_nothing(house: House) -> None:
    booking = house.booked()
    with pytest.raises(NotFound):
        keep_note(house.session, booking.id, "Mine?", by=as_staff(house.nora.account_id), now=NOW)
    with pytest.raises(NotAllowed):
        keep_note(house.session, booking.id, "Mine?", by=as_staff(9999), now=NOW)
    house.omar.account.disabled_at = NOW
    with pytest.raises(NotAllowed):
        keep_note(house.session, booking.id, "Mine?", by=as_staff(house.omar.account_id), now=NOW)


def test_what_cannot_be_kept_is_said(house: House) -> None:
    with pytest.raises(Invalid):
        keep_note(
            house.session, house.booked().id, "x" * (NOTE_LENGTH + 1), by=as_staff(house.omar.account_id), now=NOW
        )
