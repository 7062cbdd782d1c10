"""Approving into time that its coach has kept free since, or a lesson that ended, is said first and agreed to."""

from collections.abc import Callable

import pytest

from core.bookings.approval_warnings import Concern, concerns
from core.bookings.decisions import Decision, decide, decide_as_staff
from core.bookings.models import Booking, Status
from core.bookings.override import approve_after_all
from core.errors import NeedsAgreement
from core.schedule.availability import Window
from core.schedule.hours import WeekWindow, add_override, set_weekly_hours
from tests.bookings.conftest import TUESDAY_AT_FOUR, House
from tests.support.actors import as_staff
from tests.support.people import NOW, ZONE


def away(house: House) -> None:
    day = TUESDAY_AT_FOUR.astimezone(ZONE).date()
    account = house.nora.account_id
    add_override(house.session, house.nora, day, Window(0, 1440), adds=False, by=as_staff(account), now=NOW)


def other_week(house: House) -> None:
    mornings = [WeekWindow(weekday, 9 * 60, 12 * 60) for weekday in range(5)]
    set_weekly_hours(house.session, house.nora, mornings, by=as_staff(house.nora.account_id), now=NOW)


def archived(house: House) -> None:
    house.tumbling.active = False
    house.session.flush()


def not_taught(house: House) -> None:
    house.nora.lessons.remove(house.tumbling)
    house.session.flush()


SINCE = [
    (away, Concern.OUTSIDE_HOURS, "outside of Nora Lindqvist’s hours"),
    (other_week, Concern.OUTSIDE_HOURS, "outside of Nora Lindqvist’s hours"),
    (archived, Concern.LESSON_ENDED, "not offered any more"),
    (not_taught, Concern.LESSON_ENDED, "not offered any more"),
]


def test_nothing_speaks_against_a_request_as_it_was_made(house: House) -> None:
    booking = house.ask()
    assert concerns(house.session, [booking]) == {booking.id: {}}
    decide(house.session, house.nora, booking.id, Decision.APPROVE, by=house.by_nora, now=NOW)


@pytest.mark.parametrize(("since", "concern", "sentence"), SINCE)
def test_what_has_changed_since_is_said_and_then_approved_all_the_same(
    house: House, since: Callable[[House], None], concern: Concern, sentence: str
) -> None:
    booking = house.ask()
    since(house)
    with pytest.raises(NeedsAgreement, match=sentence) as asked:
        decide(house.session, house.nora, booking.id, Decision.APPROVE, by=house.by_nora, now=NOW)
    assert list(asked.value.concerns) == [concern] and booking.status is Status.PENDING
    agreed = [concern.value]
    done = decide(house.session, house.nora, booking.id, Decision.APPROVE, by=house.by_nora, despite=agreed, now=NOW)
    assert done.status is Status.APPROVED


def test_what_was_agreed_to_is_that_and_nothing_else(house: House) -> None:
    booking = house.ask()
    away(house)
    archived(house)
    with pytest.raises(NeedsAgreement):
        _as_ada(house, booking, despite=["outside_hours"])
    assert _as_ada(house, booking, despite=["outside_hours", "lesson_ended"]).status is Status.APPROVED


def test_denying_is_never_asked_about(house: House) -> None:
    booking = house.ask()
    away(house)
    denied = decide(house.session, house.nora, booking.id, Decision.DENY, by=house.by_nora, now=NOW)
    assert denied.status is Status.DENIED


def test_approving_after_all_asks_as_well(house: House) -> None:
    booking = house.ask()
    decide(house.session, house.nora, booking.id, Decision.DENY, by=house.by_nora, now=NOW)
    away(house)

    def approve(despite: list[str]) -> Booking:
        return approve_after_all(
            house.session,
            house.nora,
            booking.id,
            by=as_staff(house.ada.id),
            reason="She comes in for it.",
            despite=despite,
            now=NOW,
        )

    with pytest.raises(NeedsAgreement):
        approve([])
    assert approve(["outside_hours"]).status is Status.APPROVED


def _as_ada(house: House, booking: Booking, *, despite: list[str]) -> Booking:
    return decide_as_staff(
        house.session,
        house.nora,
        booking.id,
        Decision.APPROVE,
        by=as_staff(house.ada.id),
        reason="Nora asked me to.",
        despite=despite,
        now=NOW,
    )
