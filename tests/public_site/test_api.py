"""The JSON addresses, as a program uses them."""

from datetime import timedelta
from typing import Any

import pytest
from limits import RateLimitItemPerMinute

from core.bookings.models import Status
from core.gym.models import the_gym
from public_site import rate_limits
from public_site.openapi import document
from public_site.routes import ROUTES
from tests.public_site.conftest import TUESDAY_FOUR, Gym, as_text
from tests.support.databases import both_databases
from tests.support.openapi import addresses, check_described, check_fits, check_is_openapi
from tests.support.people import at

KEY = {"Idempotency-Key": "a-key-of-sixteen-or-more"}


def wanted(gym: Gym, **changes: Any) -> dict[str, Any]:
    return {
        "coachId": gym.nora_id,
        "lessonId": gym.tumbling_id,
        "startDateTimeUTC": as_text(TUESDAY_FOUR),
        "customerName": "Sam Rivera",
        "customerEmail": "sam@example.org",
        "athleteName": "Ida",
        **changes,
    }


def book(gym: Gym, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    return gym.client.post("/api/book/private", json=wanted(gym, **changes), headers=headers or {})


def fits(answer: Any) -> bool:
    """Whether an answer is as /api/openapi.json describes it: all that is required, and nothing it does not name."""
    check_described(document(""), answer)
    return True


def is_problem(answer: Any, status: int, code: str) -> bool:
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    check_fits(document(""), body, document("")["components"]["schemas"]["Problem"])
    return bool(answer.status_code == status == body["status"] and body["code"] == code)


@both_databases
def test_the_api_lists_coaches_and_their_lessons(gym: Gym) -> None:
    answer = gym.client.get("/api/coaches")
    assert fits(answer)
    coaches = answer.json()
    assert [(coach["slug"], coach["requiresApproval"]) for coach in coaches] == [("nora", "always"), ("omar", "never")]
    assert coaches[0]["lessons"][1] == {
        "id": gym.tumbling_id, "slug": "tumbling-60", "name": "Private tumbling", "minutes": 60, "priceCents": 8500,
    }  # fmt: skip


@both_databases
def test_the_api_lists_slots_of_local_days_the_last_one_included(gym: Gym) -> None:
    path = f"/api/coaches/{gym.nora_id}/slots?lessonId={gym.tumbling_id}&from=2026-11-24&to=2026-11-25"
    asked = gym.client.get(path)
    answer = asked.json()
    assert fits(asked) and answer["timeZone"] == "America/Los_Angeles"
    starts = [slot["startDateTimeUTC"] for slot in answer["slots"]]
    assert starts[0] == as_text(at(1, 9)) and starts[-1] == as_text(at(2, 17))
    assert answer["slots"][0]["endDateTimeUTC"] == as_text(at(1, 10)) and answer["slots"][0]["requiresApproval"] is True


def test_sixty_two_days_are_the_most(gym: Gym) -> None:
    path = f"/api/coaches/{gym.nora_id}/slots?lessonId={gym.tumbling_id}&from=2026-11-24&to="
    assert gym.client.get(path + "2027-01-24").status_code == 200
    assert is_problem(gym.client.get(path + "2027-01-25"), 422, "invalid")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "lessonId=x&from=2026-11-24&to=2026-11-25",
        "lessonId=2&from=soon&to=2026-11-25",
        "lessonId=2&from=2026-11-25&to=2026-11-24",
        "lessonId=2&from=0001-01-01&to=0001-01-02",
        "lessonId=2&from=9999-12-30&to=9999-12-31",
        "lessonId=99999999999999999999&from=2026-11-24&to=2026-11-25",
    ],
)
def test_a_range_that_cannot_be_read_names_its_fields(gym: Gym, query: str) -> None:
    answer = gym.client.get(f"/api/coaches/{gym.nora_id}/slots?{query}")
    assert is_problem(answer, 422, "invalid") and answer.json()["errors"]


@both_databases
@pytest.mark.parametrize("path", ["99", "9" * 40, "9" * 5000, "x", "1.0"])
def test_an_unknown_coach_is_not_found(gym: Gym, path: str) -> None:
    answer = gym.client.get(f"/api/coaches/{path}/slots?lessonId=2&from=2026-11-24&to=2026-11-25")
    assert is_problem(answer, 404, "not_found")


def test_a_lesson_is_requested_and_its_handle_opens_it(gym: Gym) -> None:
    answer = book(gym)
    body = answer.json()
    assert answer.status_code == 201 and fits(answer)
    assert body["requiresApproval"] is True and body["booking"]["status"] == "PENDING"
    assert "until Tuesday, November 24, 3:00 pm (Pacific)" in body["message"]
    handle = body["manageUrl"].rpartition("/")[2]
    shown = gym.client.get(f"/api/bookings/{handle}")
    assert fits(shown) and shown.json() == body["booking"]
    assert gym.client.get(f"/api/bookings/{body['booking']['id']}").status_code == 404


def test_a_coach_who_needs_no_asking_is_booked_directly(gym: Gym) -> None:
    body = book(gym, coachId=gym.omar_id, lessonId=gym.first_id).json()
    assert body["requiresApproval"] is False and body["booking"]["autoExpireAt"] is None
    assert body["booking"]["status"] == "APPROVED"


@both_databases
def test_the_same_key_is_the_same_booking_and_another_body_is_refused(gym: Gym) -> None:
    first, again = book(gym, KEY), book(gym, KEY)
    assert first.json() == again.json() and again.status_code == 201 and len(gym.bookings()) == 1
    assert is_problem(book(gym, KEY, athleteName="Bo"), 409, "idempotency_mismatch")
    assert is_problem(book(gym, {"Idempotency-Key": "short"}), 422, "invalid")


def test_a_refused_request_keeps_no_key(gym: Gym) -> None:
    assert book(gym, KEY, startDateTimeUTC=as_text(at(1, 3))).status_code == 409
    assert book(gym, KEY).status_code == 201


def test_a_taken_time_is_refused_with_the_next_ones(gym: Gym) -> None:
    book(gym)
    answer = book(gym, customerEmail="priya@example.org")
    assert is_problem(answer, 409, "slot_unavailable")
    assert answer.json()["nextSlots"][0] == as_text(at(2, 9))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customerEmail": "sam"}, "customerEmail"),
        ({"customerName": "N" * 10_000}, "customerName"),
        ({"customerName": None}, "customerName"),
        ({"athleteName": ["Ida"]}, "athleteName"),
        ({"startDateTimeUTC": "2026-11-25T00:00:00"}, "startDateTimeUTC"),
        ({"startDateTimeUTC": 1764000000}, "startDateTimeUTC"),
        ({"coachId": "one"}, "coachId"),
        ({"coachId": 10**40}, "coachId"),
        ({"price": 1}, "price"),
        ({"customer_name": "Eve"}, "customer_name"),
        ({"idempotency_key": "a-key-of-sixteen-or-more"}, "idempotency_key"),
    ],
)
def test_each_field_that_cannot_be_read_is_named_as_it_was_sent(gym: Gym, changes: dict[str, Any], field: str) -> None:
    answer = book(gym, **changes)
    assert is_problem(answer, 422, "invalid") and not gym.bookings()
    assert field in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "unreadable"),
        (b"[]", "application/json", 400, "unreadable"),
        (b'{"a": "\xff"}', "application/json", 400, "unreadable"),
        (b"{}", "text/plain", 415, "content_type"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "content_type"),
        (b'"' + b"x" * 5_000_000 + b'"', "application/json", 413, "too_large"),
        (b"[" * 50_000, "application/json", 400, "unreadable"),
    ],
)
def test_what_is_no_json_of_ours_is_refused(
    gym: Gym, content: bytes, content_type: str, status: int, code: str
) -> None:
    for path in ("/api/book/private", "/api/booking/approve"):
        answer = gym.client.post(path, content=content, headers={"Content-Type": content_type})
        assert is_problem(answer, status, code)


def test_a_coach_answers_with_the_token_of_her_mail(gym: Gym) -> None:
    booking = gym.book()
    body = {"token": gym.token(booking), "action": "deny", "reason": "At a meet."}
    answer = gym.client.post("/api/booking/approve", json=body)
    assert answer.status_code == 200 and fits(answer)
    assert answer.json()["booking"]["denialReason"] == "At a meet."
    assert gym.client.post("/api/booking/approve", json=body).status_code == 200
    other = gym.client.post("/api/booking/approve", json={**body, "action": "approve"})
    assert is_problem(other, 409, "already_decided")
    assert (
        other.json()["how"] == "DENIED" and other.json()["by"] == "Nora Lindqvist" and other.json()["channel"] == "API"
    )


def test_an_answer_that_comes_too_late_or_from_elsewhere_is_refused(gym: Gym) -> None:
    booking = gym.book()
    body = {"token": gym.token(booking), "action": "approve"}
    assert is_problem(gym.client.post("/api/booking/approve", json={**body, "token": "x"}), 404, "not_found")
    for wrong in ({**body, "action": "maybe"}, {**body, "token": 5}, {**body, "reason": 5}, {**body, "more": 1}):
        assert is_problem(gym.client.post("/api/booking/approve", json=wrong), 422, "invalid")
    assert booking.expires_at is not None
    gym.clock.move_to(booking.expires_at)
    assert is_problem(gym.client.post("/api/booking/approve", json=body), 410, "request_expired")
    assert gym.booking(booking.handle).status is Status.PENDING


def test_a_request_past_its_expiry_is_told_as_expired(gym: Gym) -> None:
    booking = gym.book()
    assert booking.expires_at is not None
    gym.clock.move_to(booking.expires_at + timedelta(seconds=1))
    assert gym.client.get(f"/api/bookings/{booking.handle}").json()["status"] == "EXPIRED"


def test_every_json_address_is_described(gym: Gym) -> None:
    described = gym.client.get("/api/openapi.json").json()
    assert described == document(gym.services.settings.base_url)
    check_is_openapi(described)
    ours = {
        (path.replace("{coach_id}", "{id}"), next(iter(getattr(route, "methods", set()) - {"HEAD"})).lower())
        for route in ROUTES
        if (path := getattr(route, "path", "")).startswith("/api/")
        and path not in ("/api/openapi.json", "/api/cron/notifications")
    }
    assert ours == addresses(described)


def test_an_unknown_json_address_is_a_problem_document(gym: Gym) -> None:
    assert is_problem(gym.client.get("/api/nowhere"), 404, "not_found")
    assert is_problem(gym.client.get("/api/book/private"), 405, "method")


def test_a_refused_time_says_why_in_a_word_for_programs(gym: Gym) -> None:
    for starts_at, reason in ((at(1, 16, 10), "off_step"), (at(1, 3), "outside_hours"), (at(0, 9, 30), "too_soon")):
        answer = book(gym, startDateTimeUTC=as_text(starts_at))
        assert is_problem(answer, 409, "slot_unavailable")
        told = answer.json()
        assert (told["reason"], told["title"]) == (reason, "That time cannot be booked")


def test_a_program_that_says_what_it_was_shown_is_asked_before_another_price(gym: Gym) -> None:
    answer = book(gym, priceCents=8000, minutes=60, requiresApproval=True)
    assert is_problem(answer, 409, "not_as_shown")
    told = answer.json()
    assert [change["field"] for change in told["changes"]] == ["priceCents"] and not gym.bookings()
    assert book(gym, priceCents=8500, minutes=60, requiresApproval=True).status_code == 201


def test_free_times_are_cached_until_they_change_and_their_readers_are_counted(
    gym: Gym, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/coaches/{gym.nora_id}/slots?lessonId={gym.tumbling_id}&from=2026-11-24&to=2026-11-24"
    first = gym.get(path)
    assert first.headers["content-type"] == "application/json"
    assert gym.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    gym.book()
    after = gym.get(path)
    assert as_text(TUESDAY_FOUR) in first.text and as_text(TUESDAY_FOUR) not in after.text
    monkeypatch.setattr(rate_limits, "SEARCHES", RateLimitItemPerMinute(3))
    answers = [gym.get(path) for _ in range(4)]
    refused = answers[-1]
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    assert gym.get("/coaches/nora/tumbling-60").status_code == 200  # what everybody is shown alike is not counted


def test_limits_of_the_description_are_those_of_the_request(gym: Gym) -> None:
    described = document("")["components"]["schemas"]["LessonRequest"]
    limits = {name: field["maxLength"] for name, field in described["properties"].items() if "maxLength" in field}
    assert limits == {"customerName": 80, "athleteName": 80, "notes": 1000}
    assert described["required"] == [name for name in described["properties"] if name in wanted(gym)]
    assert book(gym, **{name: "n" * most for name, most in limits.items()}).status_code == 201
    for name, most in limits.items():
        assert is_problem(book(gym, **{name: "n" * (most + 1)}), 422, "invalid")


def test_a_request_that_the_family_confirms_first_is_as_described(gym: Gym) -> None:
    with gym.services.database.write() as transaction:
        the_gym(transaction.session).most_open_per_network = 1
    answers = [book(gym, startDateTimeUTC=as_text(at(1, hour)), customerEmail=f"{hour}@x.example") for hour in (9, 13)]
    assert [answer.status_code for answer in answers] == [201, 202] and all(map(fits, answers))
