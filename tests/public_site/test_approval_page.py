"""The coach's link: opening it changes nothing; answering it has one outcome."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.bookings.models import Booking, BookingEvent, Status
from core.outbox.models import MessageKind
from core.schedule.availability import Window
from core.schedule.hours import add_override
from tests.public_site.conftest import Gym, hidden, words
from tests.support.actors import as_staff
from tests.support.databases import both_databases


def events(gym: Gym) -> int:
    with gym.services.database.read() as session:
        return session.scalars(select(func.count(BookingEvent.id))).one()


def test_opening_the_link_twenty_times_changes_nothing(gym: Gym) -> None:
    booking = gym.book()
    before = (booking.version, events(gym), gym.mails())
    for _ in range(20):
        assert gym.get(f"/approvals/{gym.token(booking)}?decision=approve").status_code == 200
        assert gym.client.head(f"/approvals/{gym.token(booking)}?decision=deny").status_code == 200
    again = gym.booking(booking.handle)
    assert (again.version, events(gym), gym.mails()) == before and again.status is Status.PENDING


def test_the_approval_page_shows_who_asks_for_what_and_both_answers(gym: Gym) -> None:
    booking = gym.book()
    html = gym.get(f"/approvals/{gym.token(booking)}?decision=approve").text
    page = words(html)
    assert "Sam Rivera" in page and "Ida" in page and "Tuesday, November 24, 4:00–5:00 pm (Pacific)" in page
    assert 'value="approve">Approve' in html and 'value="deny">Deny' in html
    assert booking.handle not in html and "sam@example.org" not in html


@both_databases
def test_approving_tells_the_family_and_the_page_says_so(gym: Gym) -> None:
    booking = gym.book()
    answer = gym.post(f"/approvals/{gym.token(booking)}", {"decision": "approve"})
    assert answer.status_code == 200 and "Nora Lindqvist approved it" in words(answer.text)
    assert gym.booking(booking.handle).status is Status.APPROVED and gym.mails()[-1] is MessageKind.CONFIRMED


def test_the_same_answer_again_is_the_same_page(gym: Gym) -> None:
    booking = gym.book()
    path = f"/approvals/{gym.token(booking)}"
    first = gym.post(path, {"decision": "approve"})
    second = gym.post(path, {"decision": "approve"})
    assert (first.status_code, second.status_code) == (200, 200) and first.text == second.text
    assert events(gym) == 2 and gym.mails().count(MessageKind.CONFIRMED) == 1


@both_databases
def test_the_other_answer_is_refused_with_who_and_how(gym: Gym) -> None:
    booking = gym.book()
    path = f"/approvals/{gym.token(booking)}"
    gym.post(path, {"decision": "deny", "reason": "At a meet."})
    answer = gym.post(path, {"decision": "approve"})
    assert answer.status_code == 409 and "Nora Lindqvist has already denied this request" in answer.text
    assert gym.get(path).status_code == 200


def test_a_reason_is_shown_to_the_family_and_a_long_one_is_kept(gym: Gym) -> None:
    booking = gym.book()
    path = f"/approvals/{gym.token(booking)}"
    too_long = gym.post(path, {"decision": "deny", "reason": "r" * 501})
    assert too_long.status_code == 422 and "r" * 501 in too_long.text
    gym.post(path, {"decision": "deny", "reason": "Wednesday is better."})
    assert "Wednesday is better." in gym.get(f"/bookings/{booking.handle}").text


@pytest.mark.parametrize("decision", ["", "maybe", "APPROVE"])
def test_an_answer_that_is_neither_is_asked_for_again(gym: Gym, decision: str) -> None:
    booking = gym.book()
    answer = gym.post(f"/approvals/{gym.token(booking)}", {"decision": decision})
    assert answer.status_code == 422 and "Please choose" in answer.text and 'value="approve"' in answer.text


def test_after_its_expiry_nothing_can_be_decided_although_nobody_swept(gym: Gym) -> None:
    booking = gym.book()
    assert booking.expires_at is not None
    path = f"/approvals/{gym.token(booking)}"
    gym.clock.move_to(booking.expires_at - timedelta(microseconds=1))
    assert gym.get(path).status_code == 200
    gym.clock.move_to(booking.expires_at)
    for answer in (gym.get(path), gym.post(path, {"decision": "approve"})):
        assert answer.status_code == 410 and "has expired" in answer.text
    assert gym.booking(booking.handle).status is Status.PENDING


def test_a_cancelled_request_cannot_be_answered(gym: Gym) -> None:
    booking = gym.book()
    gym.post(f"/bookings/{booking.handle}/cancel", {})
    for answer in (
        gym.get(f"/approvals/{gym.token(booking)}"),
        gym.post(f"/approvals/{gym.token(booking)}", {"decision": "approve"}),
    ):
        assert answer.status_code == 409 and "was cancelled" in answer.text


def test_an_older_mail_s_link_is_replaced(gym: Gym) -> None:
    booking = gym.book()
    old = gym.token(booking)
    with gym.services.database.write(booking.coach_id) as transaction:
        transaction.session.get_one(Booking, booking.id).slot_version += 1
    for answer in (gym.get(f"/approvals/{old}"), gym.post(f"/approvals/{old}", {"decision": "approve"})):
        assert answer.status_code == 410 and "the newest one" in answer.text


def test_truncated_forged_and_foreign_links_are_not_found(gym: Gym) -> None:
    booking = gym.book()
    token = gym.token(booking)
    payload, _, signature = token.rpartition(".")
    sign_in = gym.signer.sign_in(booking.id)
    other_coach = gym.signer.decide(booking.id, gym.omar_id, 1)
    for wrong in (
        token[:-3],
        f"{payload}.{signature[::-1]}",
        sign_in,
        other_coach,
        gym.signer.decide(999, gym.nora_id, 1),
        "x",
        ".",
    ):
        assert gym.get(f"/approvals/{wrong}").status_code == 404, wrong
        assert gym.post(f"/approvals/{wrong}", {"decision": "approve"}).status_code == 404, wrong
    assert gym.booking(booking.handle).status is Status.PENDING


def test_nothing_about_the_link_is_stored_or_sent_elsewhere(gym: Gym) -> None:
    answer = gym.get(f"/approvals/{gym.token(gym.book())}")
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["referrer-policy"] == "same-origin" and 'src="http' not in answer.text


def test_a_reason_that_is_too_long_is_said_at_its_field_which_has_the_focus(gym: Gym) -> None:
    address = f"/approvals/{gym.token(gym.book())}"
    assert 'maxlength="500" aria-describedby="reason-hint">' in gym.get(address).text
    answer = gym.post(address, {"decision": "deny", "reason": "r" * 501})
    field = 'aria-describedby="reason-hint reason-error" aria-invalid="true" autofocus>'
    assert answer.status_code == 422 and field in answer.text and 'id="reason-error"' in answer.text
    assert "r" * 501 in answer.text and answer.text.index('value="deny"') < answer.text.index('value="approve"')


def test_time_that_the_coach_has_kept_free_since_is_said_and_a_second_press_approves(gym: Gym) -> None:
    booking = gym.book()
    address = f"/approvals/{gym.token(booking)}"
    as_shown = hidden(gym.get(address).text)
    with gym.services.database.write(gym.nora_id) as transaction:
        session, coach = transaction.session, transaction.coach
        assert coach is not None
        day, account_id = booking.starts_at.astimezone(coach.zone).date(), coach.account_id
        add_override(session, coach, day, Window(0, 1440), adds=False, by=as_staff(account_id), now=transaction.now)
    asked = gym.post(address, {**as_shown, "decision": "approve", "reason": "kept"})
    assert asked.status_code == 409 and gym.booking(booking.handle).status is Status.PENDING
    assert "outside of Nora Lindqvist’s hours" in words(asked.text) and "kept</textarea>" in asked.text
    assert "outside of Nora Lindqvist’s hours" in words(gym.get(address).text), (
        "and whoever opens it now reads it first"
    )
    api = gym.client.post("/api/booking/approve", json={"token": gym.token(booking), "action": "approve"})
    assert (api.status_code, api.json()["code"]) == (409, "needs_agreement")
    assert [concern["name"] for concern in api.json()["concerns"]] == ["outside_hours"]
    assert gym.post(address, {**hidden(asked.text), "decision": "approve"}).status_code == 200
    assert gym.booking(booking.handle).status is Status.APPROVED


def test_an_ended_link_says_which_lesson_ended_when_by_whom_and_how(gym: Gym) -> None:
    lesson = "It was about Private tumbling for Ida, Tuesday, November 24, 4:00–5:00 pm (Pacific)."
    booking = gym.book()
    address = f"/approvals/{gym.token(booking)}"
    gym.post(address, {"decision": "deny"})
    contrary = words(gym.post(address, {"decision": "approve"}).text)
    assert "has already denied this request, on Monday, November 23, 9:00 am (Pacific), from the mail" in contrary
    assert lesson in contrary
    cancelled = gym.book()
    gym.post(f"/bookings/{cancelled.handle}/cancel", {})
    ended = gym.get(f"/approvals/{gym.token(cancelled)}")
    assert ended.status_code == 409 and lesson in words(ended.text)
    assert "The family cancelled this request on Monday, November 23, 9:00 am (Pacific), on the site." in words(
        ended.text
    )


def test_an_expired_link_says_of_the_mail_to_the_family_what_is_so(gym: Gym) -> None:
    booking = gym.book()
    assert booking.expires_at is not None
    gym.clock.move_to(booking.expires_at + timedelta(hours=3))
    said = words(gym.get(f"/approvals/{gym.token(booking)}").text)
    assert "has expired, on Tuesday, November 24, 3:00 pm (Pacific), without an answer" in said
    assert "The mail to the family is waiting to be sent." in said
    api = gym.client.post("/api/booking/approve", json={"token": gym.token(booking), "action": "approve"}).json()
    assert (api["code"], api["when"], api["channel"]) == ("request_expired", "2026-11-24T23:00:00Z", "CLOCK")
