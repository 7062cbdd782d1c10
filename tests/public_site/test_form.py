"""The form: what was typed is kept, and each thing that is wrong is said where it is wrong."""

import re
from typing import Any

import pytest
from httpx2 import Response

from core.bookings.models import Status
from core.errors import Unavailable
from core.outbox.models import MessageKind
from core.schedule.models import LessonType
from tests.public_site.conftest import OWN_PAGE, SAM, TUESDAY_FOUR, Gym, as_text, hidden, words
from tests.support.databases import both_databases
from tests.support.people import at


def test_a_request_is_made_and_its_page_says_what_happens_next(gym: Gym) -> None:
    booking = gym.book()
    assert booking.status is Status.PENDING and booking.starts_at == TUESDAY_FOUR
    page = words(gym.get(f"/bookings/{booking.handle}").text)
    assert "We asked Nora Lindqvist" in page
    assert "has until Tuesday, November 24, 3:00 pm (Pacific) to answer. We will write to you either way" in page
    assert gym.mails() == [MessageKind.REQUEST_RECEIVED, MessageKind.REQUEST, MessageKind.REMINDER]


def test_a_coach_who_needs_no_asking_is_booked_at_once(gym: Gym) -> None:
    form = gym.get(f"/coaches/omar/first-lesson-30/request?start={as_text(TUESDAY_FOUR)}").text
    assert "Book Tuesday 4:00 pm" in form
    assert gym.book(coach="omar", lesson="first-lesson-30").status is Status.APPROVED


def test_the_button_says_what_will_happen(gym: Gym) -> None:
    page = gym.get(f"/coaches/nora/tumbling-60/request?start={as_text(TUESDAY_FOUR)}")
    assert "Ask for Tuesday 4:00 pm</button>" in page.text
    assert page.headers["cache-control"] == "no-store"


def test_every_form_has_a_key_of_its_own(gym: Gym) -> None:
    assert gym.form()["idempotency_key"] != gym.form()["idempotency_key"]


@both_databases
def test_a_form_sent_twenty_times_is_one_booking(gym: Gym) -> None:
    form = gym.form()
    places = {gym.post("/bookings", form).headers["location"] for _ in range(20)}
    assert len(places) == 1 and len(gym.bookings()) == 1


def test_what_was_typed_is_kept_and_each_field_says_what_is_wrong(gym: Gym) -> None:
    form = {
        **gym.form(),
        "customer_email": "sam@",
        "customer_name": "",
        "athlete_name": "Ida & <b>Bo</b>",
        "notes": "Cartwheel!\nTwo.",
    }
    answer = gym.post("/bookings", form)
    assert answer.status_code == 422 and not gym.bookings()
    page = answer.text
    assert (
        'value="sam@"' in page
        and 'value="Ida &amp; &lt;b&gt;Bo&lt;/b&gt;"' in page
        and "Cartwheel!\nTwo.</textarea>" in page
    )
    assert '<a href="#customer_email">' in page and '<a href="#customer_name">' in page
    assert 'id="customer_email-error"' in page and 'aria-describedby="customer_email-hint customer_email-error"' in page
    typed = ("athlete_name", "customer_name", "customer_email", "customer_phone", "notes")
    assert hidden(page) == {name: value for name, value in form.items() if name not in typed}


HOSTILE: list[tuple[str, Any, str]] = [
    ("customer_name", "N" * 10_000, "Please shorten this to 80 characters."),
    ("athlete_name", "\ufffc", "Please fill this in."),
    ("customer_name", "\u202e\u200b", "Please fill this in."),
    ("customer_email", "sam@example.org, eve@example.org", "Please write one e-mail address"),
    ("customer_email", "sam@example.org\nBcc: eve@example.org", "There is a blank after “sam@example.org”"),
    ("customer_email", "sam", "Please write an e-mail address"),
    ("customer_phone", "call me", "Please write a phone number"),
    ("notes", "n" * 1001, "Please shorten this to 1000 characters."),
    ("extra", "yes", "We do not know this field."),
    ("idempotency_key", "short", "A key has 16 to 200 plain characters."),
]


@both_databases
@pytest.mark.parametrize(("name", "value", "sentence"), HOSTILE)
def test_hostile_values_get_a_sentence_and_lose_nothing(gym: Gym, name: str, value: str, sentence: str) -> None:
    answer = gym.post("/bookings", {**gym.form(), name: value})
    assert answer.status_code == 422 and sentence in words(answer.text) and not gym.bookings()
    assert 'value="Ida"' in answer.text or name == "athlete_name"


def test_what_cannot_be_seen_is_dropped_from_every_field_of_the_form(gym: Gym) -> None:
    odd = {
        "athlete_name": "\u2068Ida\u2069 \U0001fa77",
        "customer_name": "Sam\r\nRivera\ufffc",
        "customer_email": "Sam <sam@example.org>\ufffc",
        "customer_phone": "\u202d(415) 555-0134\u202c",
        "notes": "Mon\tTue\x0bbell \x07",
    }
    answer = gym.post("/bookings", {**gym.form(), **odd})
    booking = gym.booking(answer.headers["location"].rpartition("/")[2])
    assert (booking.athlete_name, booking.customer_name) == ("Ida \U0001fa77", "Sam Rivera")
    assert (booking.customer_email, booking.customer_phone) == ("sam@example.org", "+1 415-555-0134")
    assert booking.notes == "Mon Tue\nbell"


@pytest.mark.parametrize(
    "starts_at",
    [
        pytest.param(at(-1, 12), id="past"),
        pytest.param(at(0, 9, 30), id="inside the notice"),
        pytest.param(at(1, 16, 10), id="off the step"),
        pytest.param(at(1, 3), id="outside the hours"),
        pytest.param(at(5, 16), id="a day off"),
        pytest.param(at(200, 12), id="behind the horizon"),
    ],
)
def test_a_time_that_is_not_offered_is_refused_with_the_next_free_ones(gym: Gym, starts_at: Any) -> None:
    start = as_text(starts_at)
    opened = gym.get(f"/coaches/nora/tumbling-60/request?start={start}")
    posted = gym.post("/bookings", {**gym.form(), "starts_at": start})
    assert opened.status_code == posted.status_code == 409 and not gym.bookings()
    assert len(re.findall(r'href="/coaches/nora/tumbling-60/request\?start=', opened.text)) == 6
    assert len(re.findall(r'<button name="next_start" value="', posted.text)) == 6
    assert 'value="Sam Rivera"' in posted.text


def test_a_time_in_the_hour_that_the_clock_skips_is_refused(gym: Gym) -> None:
    gym.clock.move_to(at(100, 9))  # in the spring
    skipped = gym.get("/coaches/nora/tumbling-60/request?start=2027-03-14T10:30:00Z")
    assert skipped.status_code == 409


@both_databases
def test_a_taken_time_keeps_the_form_and_one_press_takes_another(gym: Gym) -> None:
    late = {**gym.form(), "customer_email": "priya@example.org", "notes": "Her first lesson."}
    gym.book()
    refused = gym.post("/bookings", late)
    assert refused.status_code == 409 and "That time is gone" in refused.text and "Her first lesson." in refused.text
    other = re.findall(r'<button name="next_start" value="([^"]+)"', refused.text)[0]
    taken = gym.post("/bookings", {**late, **hidden(refused.text), "next_start": other})
    assert taken.status_code == 303
    assert gym.bookings()[1].notes == "Her first lesson." and as_text(gym.bookings()[1].starts_at) == other


def test_a_used_key_with_other_answers_is_refused_and_a_fresh_form_follows(gym: Gym) -> None:
    form = gym.form()
    gym.post("/bookings", form)
    answer = gym.post("/bookings", {**form, "starts_at": as_text(at(2, 16)), "athlete_name": "Bo"})
    assert answer.status_code == 409 and 'value="Bo"' in answer.text
    assert hidden(answer.text)["idempotency_key"] != form["idempotency_key"]
    assert gym.post("/bookings", {**form, **hidden(answer.text), "athlete_name": "Bo"}).status_code == 303


@both_databases
def test_a_fourth_open_request_waits_with_the_form_kept(gym: Gym) -> None:
    for day in (1, 2, 3):
        gym.book(at(day, 16))
    answer = gym.post("/bookings", gym.form(at(4, 16)))
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    assert "3 requests that wait for an answer" in answer.text and 'value="Sam Rivera"' in answer.text


@both_databases
def test_a_busy_database_keeps_the_form(gym: Gym, monkeypatch: pytest.MonkeyPatch) -> None:
    form = gym.form()

    def busy(*arguments: Any, **options: Any) -> None:
        raise Unavailable

    monkeypatch.setattr(gym.services.database, "transact", busy)
    answer = gym.post("/bookings", form)
    assert answer.status_code == 503 and answer.headers["retry-after"] == "10"
    assert "Nothing was stored" in answer.text and 'value="Sam Rivera"' in answer.text
    assert hidden(answer.text)["idempotency_key"] == form["idempotency_key"]


@pytest.mark.parametrize(
    ("broken", "status"),
    [
        ({"coach_id": "99"}, 404),
        ({"coach_id": "x"}, 422),
        ({"coach_id": "9" * 30}, 422),
        ({"lesson_id": "99"}, 404),
        ({"starts_at": "soon"}, 422),
    ],
)
def test_a_form_that_is_not_ours_gets_a_plain_sentence(gym: Gym, broken: dict[str, str], status: int) -> None:
    answer = gym.post("/bookings", {**gym.form(), **broken})
    assert answer.status_code == status and "<main" in answer.text and not gym.bookings()


def test_an_empty_form_a_wrong_type_and_a_huge_one_are_refused(gym: Gym) -> None:
    assert gym.post("/bookings", {}).status_code == 422
    as_json = gym.client.post("/bookings", json=SAM, headers=OWN_PAGE)
    assert as_json.status_code == 415
    huge = gym.client.post(
        "/bookings",
        content=b"notes=" + b"n" * 5_000_000,
        headers={**OWN_PAGE, "Content-Type": "application/x-www-form-urlencoded"},
    )
    assert huge.status_code == 413 and "<main" in huge.text
    many = gym.post("/bookings", {f"field{number}": "x" for number in range(200)})
    assert many.status_code == 400 and "<main" in many.text


@pytest.mark.parametrize(
    "start",
    [
        "",
        "yesterday",
        "2026-11-24T16:00:00",
        "1764000000",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-11-24T16:00:00+99:00",
    ],
)
def test_an_address_with_a_time_that_cannot_be_read_says_so(gym: Gym, start: str) -> None:
    answer = gym.get("/coaches/nora/tumbling-60/request", params={"start": start})
    assert answer.status_code == 422 and "2026-11-24T16:00:00Z" in answer.text


def test_what_cancelling_costs_is_said_before_the_button(gym: Gym) -> None:
    soon = words(gym.get(f"/coaches/nora/tumbling-60/request?start={as_text(at(0, 16))}").text)
    later = words(gym.get(f"/coaches/nora/tumbling-60/request?start={as_text(at(3, 16))}").text)
    assert "counts as a late cancellation. Half is due." in soon and "free of charge" not in soon
    assert "free of charge until 24 hours before the lesson. After that it counts as late. Half is due." in later


def changed(gym: Gym, **columns: int) -> None:
    """An admin changes Omar's first lesson."""
    with gym.services.database.write() as transaction:
        lesson = transaction.session.get_one(LessonType, gym.first_id)
        for name, value in columns.items():
            setattr(lesson, name, value)


def test_a_price_that_changed_comes_back_filled_in_and_is_agreed_to_by_a_second_press(gym: Gym) -> None:
    form = {**gym.form(coach="omar", lesson="first-lesson-30"), "notes": "Her first."}
    changed(gym, price_cents=9900, minutes=60)
    asked = gym.post("/bookings", form)
    assert asked.status_code == 409 and not gym.bookings()
    said = words(asked.text)
    assert "it was $40 and is $99 now" in said and "it was 30 minutes and is 60 minutes now" in said
    assert "Nothing is booked yet" in said and "Her first.</textarea>" in asked.text
    assert gym.post("/bookings", {**form, **hidden(asked.text)}).status_code == 303
    (booking,) = gym.bookings()
    assert booking.price_cents == 9900


def test_a_form_that_comes_back_for_another_reason_says_what_changed_as_well(gym: Gym) -> None:
    form = {**gym.form(coach="omar", lesson="first-lesson-30"), "customer_email": "sam@"}
    changed(gym, price_cents=9900)
    asked = gym.post("/bookings", form)
    assert asked.status_code == 422 and "it was $40 and is $99 now" in words(asked.text)


def test_what_was_shown_may_be_sent_as_anything_and_loses_nothing(gym: Gym) -> None:
    for name, value in (("price_cents", "9" * 5000), ("minutes", "x"), ("cancelling", "y" * 500)):
        assert gym.post("/bookings", {**gym.form(), name: value}).status_code == 422
    assert gym.post("/bookings", {**gym.form(), "cancelling": "<b>"}).status_code == 409
    assert not gym.bookings()


def back(gym: Gym, form: dict[str, str], **more: str) -> Response:
    """The form's address as the browser has it after the form was sent."""
    return gym.get(
        "/coaches/nora/tumbling-60/request",
        params={"start": form["starts_at"], "form": form["idempotency_key"], **more},
    )


def test_back_after_booking_says_what_was_booked_and_leads_there(gym: Gym) -> None:
    form = gym.form()
    place = gym.post("/bookings", form).headers["location"]
    opened = back(gym, form)
    assert opened.status_code == 200 and "You have asked for this" in words(opened.text)
    assert f'href="{place}"' in opened.text and "gone" not in words(opened.text)
    assert opened.headers["cache-control"] == "no-store"
    gym.post(f"{place}/cancel", {})
    assert "You asked for this before" in words(back(gym, form).text)


def test_the_same_form_changed_and_sent_again_leads_to_what_it_has_made(gym: Gym) -> None:
    form = gym.form()
    place = gym.post("/bookings", form).headers["location"]
    for changed in ({"athlete_name": "Bo"}, {"customer_email": "sam@"}):
        answer = gym.post("/bookings", {**form, **changed})
        assert answer.status_code in (409, 422) and f'href="{place}"' in answer.text
    assert len(gym.bookings()) == 1


def test_an_unknown_key_in_the_address_opens_a_form_with_a_key_of_its_own(gym: Gym) -> None:
    form = gym.form()
    opened = back(gym, form)
    assert opened.status_code == 200 and hidden(opened.text)["idempotency_key"] != form["idempotency_key"]


def test_a_key_that_a_program_has_chosen_opens_nobodys_booking(gym: Gym) -> None:
    form, key = gym.form(), "order-0000000001"
    wanted = {
        "coachId": gym.nora_id,
        "lessonId": gym.tumbling_id,
        "startDateTimeUTC": form["starts_at"],
        "customerName": "Sam Rivera",
        "customerEmail": "sam@example.org",
        "athleteName": "Ida",
    }
    made = gym.client.post("/api/book/private", json=wanted, headers={"Idempotency-Key": key})
    assert made.status_code == 201
    opened = back(gym, {**form, "idempotency_key": key})
    assert opened.status_code == 409 and "/bookings/" not in opened.text
