"""The family's own page: every state, cancelling, the calendar."""

from datetime import timedelta
from typing import Any

import pytest

from core.bookings.decisions import Decision, by_link, decide
from core.bookings.models import Booking, Status
from core.bookings.transition import change
from core.outbox.models import MessageKind
from tests.public_site.conftest import Gym, hidden, words
from tests.support.people import at


def decided(gym: Gym, booking: Booking, decision: Decision, reason: str | None = None) -> None:
    with gym.services.database.write(booking.coach_id) as transaction:
        assert transaction.coach is not None
        by = by_link(transaction.coach)
        decide(transaction.session, transaction.coach, booking.id, decision, by=by, reason=reason, now=transaction.now)


def page(gym: Gym, booking: Booking) -> str:
    return words(gym.get(f"/bookings/{booking.handle}").text)


def test_the_family_s_page_says_confirmed_and_offers_the_calendar(gym: Gym) -> None:
    booking = gym.book()
    assert gym.get(f"/bookings/{booking.handle}/lesson.ics").status_code == 404
    decided(gym, booking, Decision.APPROVE)
    assert "The lesson is booked" in page(gym, booking)
    file = gym.get(f"/bookings/{booking.handle}/lesson.ics")
    assert file.status_code == 200 and file.headers["content-type"].startswith("text/calendar")
    assert b"METHOD:PUBLISH" in file.content and b"DTSTART:20261125T000000Z" in file.content


def test_the_family_s_page_says_denied_with_the_reason_and_leads_to_other_times(gym: Gym) -> None:
    booking = gym.book()
    decided(gym, booking, Decision.DENY, "At a meet.\nTry <Wednesday>.")
    html = gym.get(f"/bookings/{booking.handle}").text
    assert "At a meet.<br>\nTry &lt;Wednesday&gt;." in html and 'href="/coaches/nora/tumbling-60"' in html


def test_the_family_s_page_says_expired_at_the_instant_although_nobody_swept(gym: Gym) -> None:
    booking = gym.book()
    assert booking.expires_at is not None
    gym.clock.move_to(booking.expires_at - timedelta(seconds=1))
    assert "Waiting for an answer" in page(gym, booking)
    gym.clock.move_to(booking.expires_at)
    assert "Nobody answered in time" in page(gym, booking) and gym.booking(booking.handle).status is Status.PENDING
    assert gym.post(f"/bookings/{booking.handle}/cancel", {}).status_code == 410


def test_a_request_is_cancelled_and_the_coach_is_told(gym: Gym) -> None:
    booking = gym.book()
    answer = gym.post(f"/bookings/{booking.handle}/cancel", {"reason": "We are ill."})
    assert answer.status_code == 303
    assert "The request is cancelled" in page(gym, booking)
    assert gym.mails()[-2:] == [MessageKind.CANCELLED, MessageKind.LESSON_CANCELLED]
    assert gym.post(f"/bookings/{booking.handle}/cancel", {}).status_code == 303


def test_a_late_cancellation_is_announced_before_and_recorded(gym: Gym) -> None:
    booking = gym.book(at(2, 16))
    decided(gym, booking, Decision.APPROVE)
    assert "This is free until Tuesday, November 24, 4:00 pm (Pacific)" in page(gym, booking)
    gym.clock.move_to(at(2, 10))
    html = gym.get(f"/bookings/{booking.handle}").text
    assert "counts as a late cancellation. Half is due." in words(html)
    gym.post(f"/bookings/{booking.handle}/cancel", hidden(html))
    assert gym.booking(booking.handle).cancelled_late


def test_a_cancellation_that_became_late_or_a_lesson_meanwhile_asks_once_more(gym: Gym) -> None:
    booking = gym.book(at(0, 16))
    as_a_request = hidden(gym.get(f"/bookings/{booking.handle}").text)
    decided(gym, booking, Decision.APPROVE)
    asked = gym.post(f"/bookings/{booking.handle}/cancel", {**as_a_request, "reason": "We are <ill>."})
    assert asked.status_code == 409 and gym.booking(booking.handle).status is Status.APPROVED
    assert "counts as a late cancellation. Half is due. Nothing is cancelled yet." in words(asked.text)
    assert "We are &lt;ill&gt;.</textarea>" in asked.text and '<details class="cancel" open>' in asked.text
    again = gym.post(f"/bookings/{booking.handle}/cancel", {**hidden(asked.text), "reason": "We are ill."})
    assert again.status_code == 303 and gym.booking(booking.handle).cancelled_late


def test_a_late_cancellation_without_any_hidden_field_asks_too(gym: Gym) -> None:
    booking = gym.book(at(0, 16))
    decided(gym, booking, Decision.APPROVE)
    assert gym.post(f"/bookings/{booking.handle}/cancel", {}).status_code == 409
    assert gym.booking(booking.handle).status is Status.APPROVED


def test_a_lesson_that_has_begun_cannot_be_cancelled(gym: Gym) -> None:
    booking = gym.book()
    decided(gym, booking, Decision.APPROVE)
    gym.clock.move_to(booking.starts_at)
    assert "Cancel this" not in page(gym, booking)
    answer = gym.post(f"/bookings/{booking.handle}/cancel", {})
    assert answer.status_code == 409 and "The lesson has begun" in answer.text


def test_a_reason_that_is_too_long_is_kept_and_said(gym: Gym) -> None:
    booking = gym.book()
    answer = gym.post(f"/bookings/{booking.handle}/cancel", {"reason": "r" * 501})
    assert answer.status_code == 422 and "r" * 501 in answer.text and "500 characters" in answer.text


@pytest.mark.parametrize("handle", ["x", "A" * 22, "%00", "1", "..%2f..%2fetc", "é" * 30])
def test_a_handle_that_nobody_has_is_not_found(gym: Gym, handle: str) -> None:
    gym.book()
    for path in (f"/bookings/{handle}", f"/bookings/{handle}/lesson.ics", f"/api/bookings/{handle}"):
        assert gym.get(path).status_code == 404
    assert gym.post(f"/bookings/{handle}/cancel", {}).status_code == 404


def test_a_booking_s_id_opens_nothing(gym: Gym) -> None:
    booking = gym.book()
    assert gym.get(f"/bookings/{booking.id}").status_code == 404


def test_the_page_is_stored_nowhere_and_no_address_of_it_leaks(gym: Gym) -> None:
    booking = gym.book()
    answer = gym.get(f"/bookings/{booking.handle}")
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_who_was_faster_is_said_when_two_change_it_at_once(gym: Gym, monkeypatch: pytest.MonkeyPatch) -> None:
    """The conditional update finds no row: the booking was changed between reading and writing."""
    booking = gym.book()
    from core.bookings import cancellation

    def faster(*arguments: Any, **options: Any) -> bool:
        return False

    monkeypatch.setattr(cancellation, "change", faster)
    assert gym.post(f"/bookings/{booking.handle}/cancel", {}).status_code == 409
    assert change is not faster
