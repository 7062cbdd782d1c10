"""A parent requests a lesson: what is written, what is refused and why, and the parent's limits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.bookings import cancellation, requests
from core.bookings.models import Booking, Status
from core.errors import IdempotencyMismatch, NotFound, SlotUnavailable, TooMany
from core.outbox.models import MessageKind, OutboxMessage
from core.platform.actor import PARENT_ON_SITE, ActorRole, Channel
from core.platform.signed_tokens import hashed
from core.schedule.models import Asks, Coach, WeeklyHours
from tests.bookings.conftest import TUESDAY_AT_FOUR, House
from tests.support import people
from tests.support.people import NOW, at, sam_wants

NORAS, OMARS, SAMS = "nora@spirit.example", "omar@spirit.example", "sam@example.org"
MINUTE, HOUR, DAY, INSTANT = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
KEY = "the-key-of-one-form"


def test_a_request_waits_for_its_coach_and_holds_the_time(house: House) -> None:
    booking = house.ask(notes="First time.")
    assert (booking.status, booking.version, booking.slot_version) == (Status.PENDING, 1, 1)
    assert (booking.starts_at, booking.ends_at) == (TUESDAY_AT_FOUR, TUESDAY_AT_FOUR + HOUR)
    assert (booking.customer_name, booking.athlete_name, booking.notes) == ("Sam Rivera", "Ida", "First time.")
    assert (booking.price_cents, booking.requested_at, booking.approved_at) == (8500, NOW, None)
    assert house.holds(booking) == [(TUESDAY_AT_FOUR, TUESDAY_AT_FOUR + HOUR + 15 * MINUTE)]
    assert house.events(booking) == [(None, Status.PENDING, ActorRole.PARENT, None, Channel.SITE, NOW)]
    assert house.mails(booking) == [
        (MessageKind.REQUEST_RECEIVED, SAMS),
        (MessageKind.REQUEST, NORAS),
        (MessageKind.REMINDER, NORAS),
    ]


def test_where_no_asking_is_needed_the_lesson_is_booked_at_once(house: House) -> None:
    booking = house.booked()
    assert (booking.status, booking.approved_at, booking.expires_at) == (Status.APPROVED, NOW, None)
    assert house.events(booking) == [(None, Status.APPROVED, ActorRole.PARENT, None, Channel.SITE, NOW)]
    assert house.mails(booking) == [(MessageKind.CONFIRMED, SAMS), (MessageKind.BOOKED_DIRECTLY, OMARS)]
    assert house.holds(booking) == [(TUESDAY_AT_FOUR, TUESDAY_AT_FOUR + 55 * MINUTE)]


@pytest.mark.parametrize(("notice", "status"), [(24 * HOUR, Status.APPROVED), (24 * HOUR - INSTANT, Status.PENDING)])
def test_a_coach_who_decides_under_a_days_notice_is_asked_for_sooner_lessons_only(
    house: House, notice: timedelta, status: Status
) -> None:
    house.nora.asks, house.nora.asks_under_hours = Asks.UNDER_NOTICE, 24
    assert house.ask(now=TUESDAY_AT_FOUR - notice).status is status


def test_every_handle_is_new_and_long(house: House) -> None:
    handles = {house.booked(at(1, hour), customer_email=f"p{hour}@example.org").handle for hour in (9, 11, 13)}
    assert len(handles) == 3
    assert all(len(handle) >= 22 for handle in handles)


def test_a_lesson_keeps_the_price_it_was_asked_for_at(house: House) -> None:
    booking = house.ask()
    house.tumbling.price_cents = 9900
    house.session.flush()
    house.session.refresh(booking)
    assert booking.price_cents == 8500


def refused(house: House, starts_at: datetime, *, now: datetime = NOW, coach: Coach | None = None) -> SlotUnavailable:
    before = house.count(Booking)
    with pytest.raises(SlotUnavailable) as refusal:
        house.ask(starts_at, now=now, coach=coach)
    assert house.count(Booking) == before
    return refusal.value


@pytest.mark.parametrize(
    ("why", "starts_at", "now"),
    [
        ("past", at(1, 16), at(2, 9)),
        ("this very instant", at(1, 16), at(1, 16)),
        ("inside the notice", at(1, 16), at(1, 14) + INSTANT),
        ("off the step", at(1, 16, 10), NOW),
        ("off the step by a second", at(1, 16) + timedelta(seconds=1), NOW),
        ("off the step by the least", at(1, 16) + INSTANT, NOW),
        ("outside the hours", at(1, 20), NOW),
        ("longer than the hours", at(1, 17, 30), NOW),
        ("on a day without hours", at(5, 10), NOW),
        ("beyond the horizon", at(63, 10), NOW),
        ("years ahead", at(7 * 52 * 20, 10), NOW),
        ("years ago", at(-7 * 52 * 20, 10), NOW),
    ],
)
def test_a_time_that_is_not_offered_is_refused_with_the_next_free_ones(
    house: House, why: str, starts_at: datetime, now: datetime
) -> None:
    next_slots = refused(house, starts_at, now=now).next_slots
    assert 1 <= len(next_slots) <= 6
    assert list(next_slots) == sorted(next_slots)
    assert house.ask(next_slots[0], now=now).status is Status.PENDING


def test_a_taken_time_is_refused_and_the_next_free_ones_follow_it(house: House) -> None:
    house.ask()
    refusal = refused(house, TUESDAY_AT_FOUR)
    assert str(refusal) == "This time is taken. Here are the next free times."
    assert refusal.next_slots[0] == at(2, 9)


@pytest.mark.parametrize("starts_at", [at(1, 15), at(1, 15, 30), at(1, 16, 30), at(1, 17)])
def test_buffers_keep_their_time_free(house: House, starts_at: datetime) -> None:
    house.ask()
    refused(house, starts_at)


def test_a_neighbour_may_begin_where_the_buffer_ends(house: House) -> None:
    house.nora.slot_step_min = 15
    house.ask()
    refused(house, at(1, 15))
    assert house.ask(at(1, 14, 45)).status is Status.PENDING


def test_a_gym_without_a_free_time_says_so(house: House) -> None:
    for hours in house.session.scalars(select(WeeklyHours).where(WeeklyHours.coach_id == house.nora.id)):
        house.session.delete(hours)
    house.session.flush()
    refusal = refused(house, TUESDAY_AT_FOUR)
    assert (str(refusal), refusal.next_slots) == (
        "This time is outside of Nora Lindqvist’s hours. No other time is free at the moment.",
        (),
    )


def test_a_time_in_the_hour_that_the_clock_skips_is_refused(house: House) -> None:
    """On March 8, 2026 the clock in Los Angeles jumps from 2:00 to 3:00; who writes 2:30 -08:00 means 3:30 there."""
    hours = [(range(7), 1, 5)]
    luna = people.coach(house.session, "luna", "Luna Reyes", [house.short], hours, slot_step_min=60, asks=Asks.NEVER)
    now = datetime(2026, 3, 3, tzinfo=UTC)
    in_the_gap = sam_wants(luna, house.short, datetime(2026, 3, 8, 10, 30, tzinfo=UTC))
    with pytest.raises(SlotUnavailable) as refusal:
        requests.request_lesson(house.session, luna, in_the_gap, now=now)
    around = refusal.value.next_slots[0] - 2 * HOUR, refusal.value.next_slots[0]
    assert [f"{at.astimezone(luna.zone):%H:%M}" for at in around] == ["01:00", "04:00"]


def test_a_coach_who_is_not_shown_cannot_be_booked(house: House) -> None:
    house.nora.published = False
    house.session.flush()
    with pytest.raises(NotFound):
        house.ask()
    house.omar.account.disabled_at = NOW
    house.session.flush()
    with pytest.raises(NotFound):
        house.booked()


def test_a_lesson_that_the_coach_does_not_teach_is_not_found(house: House) -> None:
    with pytest.raises(NotFound) as refusal:
        house.ask(coach=house.omar, lesson=house.tumbling)
    assert str(refusal.value) == "Omar Haddad does not teach this lesson."
    house.tumbling.active = False
    with pytest.raises(NotFound):
        house.ask()
    house.tumbling.id, wanted = (
        house.tumbling.id,
        sam_wants(house.nora, house.short, TUESDAY_AT_FOUR, lesson_id=999_999),
    )
    with pytest.raises(NotFound):
        requests.request_lesson(house.session, house.nora, wanted, now=NOW)


def test_a_family_has_three_requests_waiting_at_most(house: House) -> None:
    first = house.ask(at(1, 9))
    for day in (2, 3):
        house.ask(at(day, 9), customer_email="Sam@Example.org")
    with pytest.raises(TooMany) as refusal:
        house.ask(at(4, 9))
    assert "3 requests" in str(refusal.value)
    assert first.expires_at is not None
    assert refusal.value.retry_after_s == int((first.expires_at - NOW).total_seconds())
    assert house.ask(at(4, 9), customer_email="priya@example.org").status is Status.PENDING


def test_letters_beyond_ascii_are_one_family_on_every_database(house: House) -> None:
    for day, address in enumerate(("émile@example.org", "ÉMILE@example.org", "Émile@EXAMPLE.org"), start=1):
        assert house.ask(at(day, 9), customer_email=address).customer_key == "émile@example.org"
    with pytest.raises(TooMany):
        house.ask(at(4, 9), customer_email="éMILE@example.org")


def test_a_request_that_was_answered_withdrawn_or_has_expired_waits_no_more(house: House) -> None:
    first = house.ask(at(1, 9))
    second = house.ask(at(2, 9))
    house.ask(at(3, 9))
    cancellation.cancel(house.session, house.nora, second.id, by=PARENT_ON_SITE, now=NOW)
    assert house.ask(at(4, 9)).status is Status.PENDING
    assert first.expires_at is not None
    assert house.ask(at(4, 12), now=first.expires_at).status is Status.PENDING


def test_a_family_asks_for_six_lessons_a_day_at_most_booked_ones_and_cancelled_ones_too(house: House) -> None:
    for hour in range(9, 15):
        booking = house.booked(at(1, hour), now=NOW + (hour - 9) * MINUTE)
        cancellation.cancel(house.session, house.omar, booking.id, by=PARENT_ON_SITE, now=NOW + (hour - 9) * MINUTE)
    later = NOW + 10 * HOUR
    with pytest.raises(TooMany) as refusal:
        house.booked(at(2, 9), now=later)
    assert "6 lessons within a day" in str(refusal.value)
    assert refusal.value.retry_after_s == 14 * 3600
    with pytest.raises(TooMany):
        house.booked(at(3, 9), now=NOW + DAY - INSTANT)
    assert house.booked(at(3, 9), now=NOW + DAY).status is Status.APPROVED


def test_the_same_key_and_request_is_the_same_booking(house: House) -> None:
    booking = house.ask(idempotency_key=KEY)
    before = house.record(booking)
    again = house.ask(idempotency_key=KEY, now=NOW + MINUTE)
    assert again is booking
    assert house.record(booking) == before
    assert house.count(Booking) == 1
    assert (booking.idempotency_key_hash, KEY in str(before)) == (hashed(KEY), False)


def test_the_same_key_is_answered_although_the_limits_are_reached_and_the_time_is_past(house: House) -> None:
    booking = house.ask(at(1, 9), idempotency_key=KEY)
    for day in (2, 3):
        house.ask(at(day, 9))
    assert house.ask(at(1, 9), idempotency_key=KEY) is booking
    assert house.ask(at(1, 9), idempotency_key=KEY, now=at(1, 10)) is booking


@pytest.mark.parametrize("other", [{"athlete_name": "Theo"}, {"notes": "And Theo"}, {"starts_at": at(2, 16)}])
def test_the_same_key_with_another_request_is_refused(house: House, other: dict[str, Any]) -> None:
    house.ask(idempotency_key=KEY)
    with pytest.raises(IdempotencyMismatch):
        house.ask(**{"starts_at": TUESDAY_AT_FOUR, "idempotency_key": KEY, **other})
    assert house.count(Booking) == 1


def test_the_same_key_for_another_coach_is_refused(house: House) -> None:
    house.ask(lesson=house.short, idempotency_key=KEY)
    with pytest.raises(IdempotencyMismatch):
        house.ask(coach=house.omar, lesson=house.short, idempotency_key=KEY)
    assert house.count(Booking) == 1


def test_a_key_is_not_kept_with_a_request_that_failed(house: House) -> None:
    with pytest.raises(SlotUnavailable):
        house.ask(at(1, 20), idempotency_key=KEY)
    assert house.ask(idempotency_key=KEY).status is Status.PENDING


def test_requests_without_a_key_are_never_the_same(house: House) -> None:
    house.ask()
    with pytest.raises(SlotUnavailable):
        house.ask()


def test_mails_know_when_they_are_no_longer_worth_sending(house: House) -> None:
    asked, booked = house.ask(), house.booked()
    rows = house.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert {(row.booking_id, row.not_after) for row in rows} == {
        (asked.id, asked.expires_at),
        (booked.id, booked.starts_at),
    }
