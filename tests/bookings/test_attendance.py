"""Did they come? The coach notes it once the lesson has begun; it can be corrected, and every change is told."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from core.audit import AuditEvent
from core.bookings.attendance import note_attendance
from core.bookings.models import Attendance, Booking
from core.errors import NotAllowed, NotFound, NotPossible
from core.outbox.models import OutboxMessage
from core.people.models import Account
from core.schedule.models import Coach
from tests.bookings.conftest import TUESDAY_AT_FOUR, House
from tests.support.actors import as_staff

MINUTE = timedelta(minutes=1)
NO_SHOW, TAUGHT = Attendance.NO_SHOW, Attendance.TAUGHT


def note(
    house: House,
    booking: Booking,
    what: Attendance | None,
    *,
    by: Account | None = None,
    coach: Coach | None = None,
    now: datetime = TUESDAY_AT_FOUR,
) -> Booking:
    account = by or house.omar.account
    return note_attendance(house.session, coach or house.omar, booking.id, what, by=as_staff(account.id), now=now)


def verbs(house: House) -> list[tuple[int | None, str]]:
    found = house.session.scalars(select(AuditEvent).where(AuditEvent.subject == "booking").order_by(AuditEvent.id))
    return [(row.account_id, row.verb) for row in found]


def test_a_no_show_is_noted_by_its_coach_and_nobody_is_mailed(house: House) -> None:
    booking = house.booked()
    mails, version = house.count(OutboxMessage), booking.version
    assert note(house, booking, NO_SHOW).attendance is NO_SHOW
    assert verbs(house) == [(house.omar.account_id, "no-show")]
    assert (house.count(OutboxMessage), booking.version) == (mails, version)


def test_it_is_corrected_and_taken_back_and_the_same_again_changes_nothing(house: House) -> None:
    booking = house.booked()
    for what in (NO_SHOW, NO_SHOW, TAUGHT, None, None):
        assert note(house, booking, what).attendance is what
    assert [verb for _, verb in verbs(house)] == ["no-show", "lesson taught", "attendance undone"]


def test_an_admin_notes_it_too_and_a_team_mate_and_a_stranger_find_nothing(house: House) -> None:
    booking = house.booked()
    assert note(house, booking, TAUGHT, by=house.ada).attendance is TAUGHT
    with pytest.raises(NotFound):
        note(house, booking, NO_SHOW, by=house.nora.account)
    with pytest.raises(NotFound):
        note_attendance(house.session, house.omar, booking.id, NO_SHOW, by=as_staff(9999), now=TUESDAY_AT_FOUR)
    with pytest.raises(NotFound):
        note(house, booking, NO_SHOW, coach=house.nora, by=house.nora.account)
    assert booking.attendance is TAUGHT


def test_a_coach_who_has_left_notes_nothing(house: House) -> None:
    booking = house.booked()
    house.omar.account.disabled_at = booking.requested_at
    with pytest.raises(NotAllowed):
        note(house, booking, NO_SHOW)


def test_before_the_lesson_begins_there_is_nothing_to_note(house: House) -> None:
    booking = house.booked()
    with pytest.raises(NotPossible, match="has not begun"):
        note(house, booking, NO_SHOW, now=TUESDAY_AT_FOUR - MINUTE)


def test_a_lesson_that_never_was_has_no_attendance(house: House) -> None:
    booking = house.ask()
    with pytest.raises(NotPossible, match="This booking is expired, so there was no lesson"):
        note(house, booking, NO_SHOW, coach=house.nora, by=house.nora.account)
