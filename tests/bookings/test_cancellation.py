"""Cancelling is free until a day before, recorded as late after that, and refused from the start on."""

from datetime import timedelta

import pytest

from core.bookings import cancellation
from core.bookings.models import Status
from core.errors import TooLate
from core.gym.models import the_gym
from core.platform.actor import PARENT_ON_SITE
from tests.bookings.conftest import TUESDAY_AT_FOUR, House
from tests.support.people import NOW

DAY, INSTANT = timedelta(days=1), timedelta(microseconds=1)


def test_a_parent_cancels_free_of_charge_until_a_day_before(house: House) -> None:
    booking = house.booked()
    cancelled = cancellation.cancel(house.session, house.omar, booking.id, by=PARENT_ON_SITE, now=TUESDAY_AT_FOUR - DAY)
    assert (cancelled.status, cancelled.cancelled_late) == (Status.CANCELLED, False)


def test_a_parent_who_cancels_within_a_day_is_recorded_as_late(house: House) -> None:
    booking = house.booked()
    late = TUESDAY_AT_FOUR - DAY + INSTANT
    cancelled = cancellation.cancel(house.session, house.omar, booking.id, by=PARENT_ON_SITE, now=late)
    assert (cancelled.status, cancelled.cancelled_late, cancelled.cancelled_at) == (Status.CANCELLED, True, late)


def test_the_gym_sets_the_hours_that_count_as_late(house: House) -> None:
    the_gym(house.session).late_cancel_hours = 2
    booking = house.booked()
    cancelled = cancellation.cancel(
        house.session, house.omar, booking.id, by=PARENT_ON_SITE, now=TUESDAY_AT_FOUR - DAY / 2
    )
    assert not cancelled.cancelled_late


def test_staff_who_cancel_are_never_late(house: House) -> None:
    booking = house.booked()
    last = TUESDAY_AT_FOUR - INSTANT
    by_ada = house.by_ada
    cancelled = cancellation.cancel(house.session, house.omar, booking.id, by=by_ada, reason="Water damage", now=last)
    assert (cancelled.status, cancelled.cancelled_late, cancelled.cancel_reason) == (
        Status.CANCELLED,
        False,
        "Water damage",
    )


def test_a_request_withdrawn_late_is_not_a_late_cancellation(house: House) -> None:
    booking = house.ask()
    soon = TUESDAY_AT_FOUR - timedelta(hours=2)
    cancelled = cancellation.cancel(house.session, house.nora, booking.id, by=PARENT_ON_SITE, now=soon)
    assert (cancelled.status, cancelled.cancelled_late) == (Status.CANCELLED, False)


def test_a_lesson_can_be_cancelled_until_it_starts_and_not_from_then_on(house: House) -> None:
    for by in (PARENT_ON_SITE, house.by_ada):
        booking = house.booked()
        with pytest.raises(TooLate):
            cancellation.cancel(house.session, house.omar, booking.id, by=by, reason="Too late", now=TUESDAY_AT_FOUR)
        last = TUESDAY_AT_FOUR - INSTANT
        cancellation.cancel(house.session, house.omar, booking.id, by=by, reason="In time", now=last)
        assert (booking.status, booking.cancelled_at) == (Status.CANCELLED, last)


def test_a_cancelled_lessons_time_can_be_booked_again(house: House) -> None:
    booking = house.booked()
    cancellation.cancel(house.session, house.omar, booking.id, by=PARENT_ON_SITE, now=NOW)
    again = house.booked(customer_email="priya@example.org")
    assert again.status is Status.APPROVED
    assert house.holds(booking) == []
    assert len(house.holds(again)) == 1
