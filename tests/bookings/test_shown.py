"""What a form showed is what counts: what differs by now is said first, and agreed to by asking again."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.bookings import cancellation
from core.bookings.cancellation_terms import announced, gyms_terms, terms_of
from core.bookings.models import Status
from core.errors import NotAsShown
from core.gym.models import the_gym
from core.platform.actor import PARENT_ON_SITE
from core.schedule.models import Asks
from tests.bookings.conftest import TUESDAY_AT_FOUR, House
from tests.support.people import NOW, at

DAY = timedelta(days=1)


def seen(house: House, starts_at: datetime = TUESDAY_AT_FOUR, **other: Any) -> dict[str, Any]:
    """What the form of Omar's strength lesson shows."""
    terms = announced(gyms_terms(the_gym(house.session)), starts_at, now=NOW)
    shown = {"price_cents": 6500, "minutes": 45, "requires_approval": False, "cancelling": terms}
    return {**shown, **other}


def test_a_form_that_shows_what_is_so_books(house: House) -> None:
    assert house.booked(**seen(house)).status is Status.APPROVED


@pytest.mark.parametrize(
    ("field", "shown", "sentence"),
    [
        ("price_cents", 6000, "it was $60 and is $65 now"),
        ("minutes", 60, "it was 60 minutes and is 45 minutes now"),
        ("requires_approval", True, "booked at once now, without asking Omar Haddad first"),
        ("cancelling", "48-0123456789abcdef-free", "free of charge until 24 hours before the lesson"),
    ],
)
def test_each_thing_that_differs_is_said_and_nothing_is_booked(
    house: House, field: str, shown: Any, sentence: str
) -> None:
    later = at(3, 16)
    with pytest.raises(NotAsShown, match="press the button once more") as refused:
        house.booked(later, **seen(house, later, **{field: shown}))
    assert list(refused.value.changes) == [field] and sentence in str(refused.value)
    assert house.booked(later, **seen(house, later)).status is Status.APPROVED


def test_a_coach_who_wants_to_be_asked_by_now_is_not_booked_at_once(house: House) -> None:
    house.omar.asks = Asks.ALWAYS
    with pytest.raises(NotAsShown, match="Omar Haddad answers first"):
        house.booked(**seen(house))


def test_a_form_that_was_open_until_cancelling_would_be_late_asks(house: House) -> None:
    form = seen(house)
    late = TUESDAY_AT_FOUR - DAY + timedelta(seconds=1)
    with pytest.raises(NotAsShown, match="counts as a late cancellation"):
        house.booked(now=late, **form)


def test_a_form_that_said_late_books_another_time_that_is_free_to_cancel(house: House) -> None:
    terms = announced(gyms_terms(the_gym(house.session)), at(0, 16), now=NOW)
    assert terms.endswith("late")
    assert house.booked(at(3, 16), **seen(house, cancelling=terms)).status is Status.APPROVED


def test_a_program_that_was_shown_nothing_books_as_ever(house: House) -> None:
    assert house.booked().status is Status.APPROVED


def test_a_late_cancellation_that_was_not_shown_as_one_asks_first(house: House) -> None:
    booking, gym = house.booked(), the_gym(house.session)
    late = TUESDAY_AT_FOUR - timedelta(hours=2)
    for shown in ("", "48-0123456789abcdef"):
        with pytest.raises(NotAsShown, match="counts as a late cancellation"):
            cancellation.cancel(house.session, house.omar, booking.id, by=PARENT_ON_SITE, shown_costs=shown, now=late)
    assert booking.status is Status.APPROVED
    costs = terms_of(booking, gym).code
    cancellation.cancel(house.session, house.omar, booking.id, by=PARENT_ON_SITE, shown_costs=costs, now=late)
    assert booking.cancelled_late


def test_terms_that_the_gym_changes_later_bind_nobody_who_agreed_to_the_old_ones(house: House) -> None:
    gym = the_gym(house.session)
    gym.cancellation_fee_text = "Half is due."
    booking = house.booked(at(3, 16))
    gym.late_cancel_hours, gym.cancellation_fee_text = 72, "All of it is due."
    terms = terms_of(booking, gym)
    assert (terms.late_hours, terms.fee) == (24, "Half is due.")
    cancelled = cancellation.cancel(house.session, house.omar, booking.id, by=PARENT_ON_SITE, now=at(1, 16))
    assert not cancelled.cancelled_late


def test_a_lesson_that_was_moved_since_it_was_shown_is_not_cancelled_unseen(house: House) -> None:
    booking = house.booked()
    booking.slot_version = 2
    house.session.flush()
    with pytest.raises(NotAsShown, match="was moved: it is on Tuesday, November 24"):
        cancellation.cancel(house.session, house.omar, booking.id, by=PARENT_ON_SITE, slot_version=1, now=NOW)
