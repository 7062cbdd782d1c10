"""A request is answered in time or ends by itself: until when, when the coach is reminded, and what becomes free."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from core.bookings import cancellation, expiry
from core.bookings.access_scope import Everyone, OfCoach
from core.bookings.decisions import Decision, decide
from core.bookings.models import Booking, Status
from core.bookings.queries import requests_awaiting_answer
from core.errors import RequestExpired, SlotUnavailable
from core.outbox.models import MessageKind, OutboxMessage
from core.platform.actor import PARENT_ON_SITE, ActorRole, Channel
from tests.bookings.conftest import TUESDAY_AT_FOUR, House
from tests.support.people import NOW, at

MINUTE, HOUR, DAY, INSTANT = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
NORAS, SAMS = "nora@spirit.example", "sam@example.org"
EXPIRED_MAILS = [(MessageKind.EXPIRED, SAMS), (MessageKind.REQUEST_EXPIRED, NORAS)]


def reminders(house: House, booking: Booking) -> list[datetime]:
    of_booking = OutboxMessage.booking_id == booking.id, OutboxMessage.kind == MessageKind.REMINDER
    return list(house.session.scalars(select(OutboxMessage.due_at).where(*of_booking)))


def test_an_answer_is_due_an_hour_before_the_lesson(house: House) -> None:
    assert house.ask(TUESDAY_AT_FOUR).expires_at == TUESDAY_AT_FOUR - HOUR


def test_an_answer_is_due_within_two_days_if_that_is_sooner(house: House) -> None:
    assert house.ask(at(21, 10)).expires_at == NOW + 2 * DAY


def test_a_coach_sets_how_long_she_may_take(house: House) -> None:
    house.nora.expiry_before_min, house.nora.answer_within_min = 24 * 60, 6 * 60
    assert house.ask(at(1, 16)).expires_at == NOW + 6 * HOUR
    assert house.ask(at(1, 13)).expires_at == at(0, 13)


def test_no_request_is_born_without_half_an_hour_to_answer(house: House) -> None:
    house.nora.notice_min, house.nora.expiry_before_min = 0, 60
    last = TUESDAY_AT_FOUR - 90 * MINUTE
    with pytest.raises(SlotUnavailable):
        house.ask(now=last + INSTANT)
    booking = house.ask(now=last)
    assert booking.expires_at == last + 30 * MINUTE
    assert booking.status_at(last) is Status.PENDING


def test_a_coach_who_need_not_answer_is_booked_to_the_last_minute(house: House) -> None:
    house.omar.notice_min = 0
    assert house.booked(now=TUESDAY_AT_FOUR).status is Status.APPROVED


def test_the_coach_is_reminded_two_hours_before_the_expiry(house: House) -> None:
    booking = house.ask()
    assert booking.expires_at is not None
    assert reminders(house, booking) == [booking.expires_at - 2 * HOUR]


@pytest.mark.parametrize(("before_min", "reminded"), [(345, True), (346, False), (600, False), (None, False)])
def test_a_reminder_that_would_come_within_15_minutes_of_the_request_is_left_out(
    house: House, before_min: int | None, reminded: bool
) -> None:
    house.nora.reminder_before_min, house.nora.answer_within_min = before_min, 360
    booking = house.ask(at(4, 10))
    assert booking.expires_at == NOW + 6 * HOUR
    assert reminders(house, booking) == ([NOW + 15 * MINUTE] if reminded else [])


def test_a_request_expires_at_its_instant_and_both_sides_hear_it(house: House) -> None:
    booking = house.ask()
    asked = house.mails(booking)
    assert booking.expires_at is not None
    assert expiry.expire_overdue(house.session, house.nora, now=booking.expires_at - INSTANT) == []
    assert booking.status is Status.PENDING
    instant = booking.expires_at
    assert expiry.expire_overdue(house.session, house.nora, now=instant) == [booking]
    assert (booking.status, booking.expired_at, booking.changed_by) == (Status.EXPIRED, instant, ActorRole.CLOCK)
    assert house.events(booking)[1:] == [
        (Status.PENDING, Status.EXPIRED, ActorRole.CLOCK, None, Channel.CLOCK, instant)
    ]
    assert house.mails(booking) == [*asked, *EXPIRED_MAILS]
    assert house.holds(booking) == []


def test_a_request_expires_once(house: House) -> None:
    booking = house.ask()
    expiry.expire_overdue(house.session, house.nora, now=TUESDAY_AT_FOUR)
    before = house.record(booking)
    assert expiry.expire_overdue(house.session, house.nora, now=TUESDAY_AT_FOUR + DAY) == []
    assert house.record(booking) == before


def test_nothing_but_a_waiting_request_expires(house: House) -> None:
    approved, denied, cancelled = (house.ask(at(1, hour)) for hour in (9, 11, 13))
    decide(house.session, house.nora, approved.id, Decision.APPROVE, by=house.by_nora, now=NOW)
    decide(house.session, house.nora, denied.id, Decision.DENY, by=house.by_nora, now=NOW)
    cancellation.cancel(house.session, house.nora, cancelled.id, by=PARENT_ON_SITE, now=NOW)
    records = [house.record(booking) for booking in (approved, denied, cancelled)]
    assert expiry.expire_overdue(house.session, house.nora, now=NOW + 30 * DAY) == []
    assert [house.record(booking) for booking in (approved, denied, cancelled)] == records


def test_the_clock_ends_one_coachs_requests_at_a_time(house: House) -> None:
    house.omar.asks = house.nora.asks
    noras, omars = house.ask(), house.booked()
    assert expiry.coaches_with_overdue_requests(house.session, now=NOW) == []
    assert list(expiry.coaches_with_overdue_requests(house.session, now=TUESDAY_AT_FOUR)) == sorted(
        [house.nora.id, house.omar.id]
    )
    assert expiry.expire_overdue(house.session, house.nora, now=TUESDAY_AT_FOUR) == [noras]
    assert omars.status is Status.PENDING


def test_an_expired_requests_time_is_free_at_the_instant_although_no_sweep_has_run(house: House) -> None:
    house.nora.notice_min = 0
    first = house.ask(at(21, 10))
    instant = first.expires_at
    assert instant is not None
    with pytest.raises(SlotUnavailable):
        house.ask(at(21, 10), now=instant - INSTANT, customer_email="priya@example.org")
    assert first.status is Status.PENDING
    second = house.ask(at(21, 10), now=instant, customer_email="priya@example.org")
    assert (first.status, second.status) == (Status.EXPIRED, Status.PENDING)
    assert house.mails(first)[-2:] == EXPIRED_MAILS
    assert house.holds(first) == []


def test_expiry_is_undone_with_the_request_that_made_room_and_failed(house: House) -> None:
    first = house.ask(at(21, 10))
    before = house.record(first)
    assert first.expires_at is not None
    with pytest.raises(SlotUnavailable), house.session.begin_nested():
        house.ask(at(21, 20), now=first.expires_at, customer_email="priya@example.org")
    assert house.record(first) == before


@pytest.mark.parametrize("decision", list(Decision))
def test_a_request_is_answered_until_its_instant_and_not_from_then_on(house: House, decision: Decision) -> None:
    late, in_time = house.ask(at(1, 9)), house.ask(at(1, 11))
    for booking in (late, in_time):
        assert booking.expires_at is not None
    assert late.expires_at is not None
    with pytest.raises(RequestExpired):
        decide(house.session, house.nora, late.id, decision, by=house.by_nora, now=late.expires_at)
    assert late.status is Status.PENDING  # no sweep has run
    assert in_time.expires_at is not None
    last = in_time.expires_at - INSTANT
    decide(house.session, house.nora, in_time.id, decision, by=house.by_nora, now=last)
    assert in_time.changed_at == last


def test_past_its_expiry_a_request_is_shown_as_expired_and_awaits_no_answer(house: House) -> None:
    booking = house.ask()
    assert booking.expires_at is not None
    assert [*requests_awaiting_answer(house.session, whose=Everyone(), now=booking.expires_at - INSTANT)] == [booking]
    assert [*requests_awaiting_answer(house.session, whose=Everyone(), now=booking.expires_at)] == []
    assert booking.status_at(booking.expires_at - INSTANT) is Status.PENDING
    assert booking.status_at(booking.expires_at) is Status.EXPIRED


def test_requests_that_await_an_answer_are_listed_the_soonest_deadline_first_per_coach_or_all(house: House) -> None:
    house.omar.asks = house.nora.asks
    first = house.ask(at(1, 9), now=NOW + MINUTE)
    third = house.ask(at(2, 9), now=NOW)
    second = house.booked(at(1, 9), now=NOW + 2 * MINUTE)
    listed = requests_awaiting_answer(house.session, whose=Everyone(), now=NOW + HOUR)
    assert list(listed) == [first, second, third]
    assert list(requests_awaiting_answer(house.session, whose=OfCoach(house.omar.id), now=NOW + HOUR)) == [second]
