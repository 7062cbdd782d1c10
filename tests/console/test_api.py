"""JSON for the staff's own programs: what waits, and an answer to it."""

from typing import Any

from httpx2 import Response

from core.bookings.decisions import Decision
from core.bookings.models import Status
from core.http.problem_json import MEDIA_TYPE
from core.outbox.models import MessageKind
from core.platform.actor import Channel
from tests.console.conftest import OWN_PAGE, Desk
from tests.support.databases import both_databases

PENDING, APPROVE = "/api/dashboard/bookings/pending", "/api/booking/approve"
BOOKING_FIELDS = {
    "id", "status", "startDateTimeUTC", "endDateTimeUTC", "autoExpireAt", "coachId", "lessonId", "requestedAt",
    "approvedAt", "deniedAt", "denialReason",
}  # fmt: skip


def test_a_coach_is_told_of_her_own_requests_the_soonest_deadline_first(desk: Desk) -> None:
    desk.become("nora")
    told = desk.get(PENDING).json()
    assert set(told) == {"bookings", "totalPending", "hasNotifications"}
    assert [booking["id"] for booking in told["bookings"]] == [desk.bookings["Ben"], desk.bookings["Ida"]]
    assert (told["totalPending"], told["hasNotifications"]) == (2, True)
    first = told["bookings"][0]
    assert set(first) == BOOKING_FIELDS
    assert first["status"] == "PENDING" and first["startDateTimeUTC"] == "2026-11-24T17:00:00Z"


def test_an_admin_is_told_of_all(desk: Desk) -> None:
    desk.become("ada")
    told = desk.get(PENDING).json()
    assert [booking["id"] for booking in told["bookings"]] == [desk.bookings[name] for name in ("Ben", "Ida", "Mia")]
    assert told["totalPending"] == 3


def test_when_nothing_waits_that_is_said_too(desk: Desk) -> None:
    desk.become("omar")
    desk.answer("Mia", Decision.DENY, who="omar")
    assert desk.get(PENDING).json() == {"bookings": [], "totalPending": 0, "hasNotifications": False}


def test_what_has_expired_does_not_wait(desk: Desk) -> None:
    ben = desk.booking("Ben")
    assert ben.expires_at is not None
    desk.clock.move_to(ben.expires_at)
    desk.become("nora")
    assert [booking["id"] for booking in desk.get(PENDING).json()["bookings"]] == [desk.bookings["Ida"]]


def test_without_a_session_nothing_is_told_and_nothing_decided(desk: Desk) -> None:
    refused(desk.get(PENDING), 401, "sign_in")
    refused(decide(desk, "Ida"), 401, "sign_in")
    desk.client.cookies.set(desk.cookie, "made-up")
    refused(desk.get(PENDING), 401, "sign_in")
    assert desk.booking("Ida").status is Status.PENDING


def test_the_coach_approves_and_the_family_is_told(desk: Desk) -> None:
    desk.become("nora")
    answer = decide(desk, "Ida")
    told = answer.json()
    assert answer.status_code == 200 and set(told) == {"success", "message", "booking"} and told["success"] is True
    assert told["message"] == "The lesson is approved. The mail to the family is waiting to be sent."
    assert told["booking"]["status"] == "APPROVED" and told["booking"]["approvedAt"] == "2026-11-23T17:10:00Z"
    assert desk.booking("Ida").channel is Channel.API
    assert len(desk.mails(MessageKind.CONFIRMED)) == 1 and desk.nudged == ["deliver_mail"]


def test_the_coach_denies_with_a_reason_or_without(desk: Desk) -> None:
    desk.become("nora")
    told = decide(desk, "Ida", action="deny", reason=" I am away. ").json()
    assert told["message"] == "The request is denied. The mail to the family is waiting to be sent."
    assert told["booking"]["denialReason"] == "I am away."
    assert decide(desk, "Ben", action="deny", reason=None).json()["booking"]["denialReason"] is None


@both_databases
def test_another_coachs_request_is_not_there(desk: Desk) -> None:
    desk.become("omar")
    theirs = refused(decide(desk, "Ida"), 404, "not_found")
    nobodys = refused(send(desk, {"bookingId": 2**62, "action": "approve"}), 404, "not_found")
    assert theirs == nobodys, "the same answer"
    assert desk.booking("Ida").status is Status.PENDING and desk.nudged == []


def test_an_admin_gives_a_reason(desk: Desk) -> None:
    desk.become("ada")
    for missing in ({}, {"reason": None}, {"reason": "  "}):
        told = refused(decide(desk, "Ida", **missing), 422, "invalid")
        assert told["errors"] == [{"field": "reason", "message": "Please give a reason."}]
    assert desk.booking("Ida").status is Status.PENDING
    assert decide(desk, "Ida", reason="Nora is ill.").status_code == 200
    assert desk.booking("Ida").override_reason == "Nora is ill."
    assert len(desk.mails(MessageKind.DECIDED_BY_ADMIN)) == 1


def test_the_same_answer_again_is_no_mistake_and_tells_nobody_twice(desk: Desk) -> None:
    desk.become("nora")
    first, second = decide(desk, "Ida"), decide(desk, "Ida")
    assert (first.status_code, second.status_code) == (200, 200) and first.json() == second.json()
    assert len(desk.mails(MessageKind.CONFIRMED)) == 1


@both_databases
def test_the_other_answer_is_told_who_was_faster(desk: Desk) -> None:
    desk.answer("Ida", Decision.DENY, who="ada", reason="The hall is closed.")
    desk.become("nora")
    told = refused(decide(desk, "Ida"), 409, "already_decided")
    assert (told["how"], told["by"], told["channel"]) == ("DENIED", "Ada Moreno", "CONSOLE")
    assert told["when"] == "2026-11-23T17:10:00Z"
    assert told["detail"] == (
        "Ada Moreno has already denied this request, on Monday, November 23, 9:10 am (Pacific), in the console. It was "
        "about Private tumbling for Ida, Tuesday, November 24, 4:00–5:00 pm (Pacific). Nothing was changed."
    )
    assert desk.booking("Ida").status is Status.DENIED


def test_a_request_that_has_expired_is_gone(desk: Desk) -> None:
    ida = desk.booking("Ida")
    assert ida.expires_at is not None
    desk.clock.move_to(ida.expires_at)
    desk.become("nora")
    refused(decide(desk, "Ida"), 410, "request_expired")


def test_only_json_from_our_own_page_is_taken(desk: Desk) -> None:
    desk.become("nora")
    body = {"bookingId": desk.bookings["Ida"], "action": "approve"}
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
        refused(send(desk, body, **{"Content-Type": content_type}), 415, "content_type")
    json_type = {"Content-Type": "application/json"}
    for headers in (
        {},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": desk.services.settings.base_url},
    ):
        answer = desk.client.post(APPROVE, json=body, headers={**json_type, **headers})
        refused(answer, 403, "csrf")
    assert desk.booking("Ida").status is Status.PENDING
    ours = {"Origin": desk.services.settings.console_url}
    assert desk.client.post(APPROVE, json=body, headers=ours).status_code == 200


def test_what_cannot_be_read_is_named_field_by_field(desk: Desk) -> None:
    desk.become("nora")
    ida = desk.bookings["Ida"]
    for body, fields in (
        ({}, {"bookingId", "action"}),
        ({"bookingId": str(ida), "action": "approve"}, {"bookingId"}),
        ({"bookingId": True, "action": "approve"}, {"bookingId"}),
        ({"bookingId": 2**63, "action": "approve"}, {"bookingId"}),
        ({"bookingId": ida, "action": "APPROVE"}, {"action"}),
        ({"bookingId": ida, "action": ["approve"]}, {"action"}),
        ({"bookingId": ida, "action": "deny", "reason": 7}, {"reason"}),
        ({"bookingId": ida, "action": "deny", "reason": "a" * 501}, {"reason"}),
        ({"bookingId": ida, "action": "approve", "force": True}, {"force"}),
    ):
        told = refused(send(desk, body), 422, "invalid")
        assert {error["field"] for error in told["errors"]} == fields
    for unreadable in (b"", b"{", b"[]", b"7", b'"x"', b"\xff", b'{"bookingId": NaN}', b"[" * 2000):
        answer = desk.client.post(
            APPROVE, content=unreadable, headers={**OWN_PAGE, "Content-Type": "application/json; charset=utf-8"}
        )
        refused(answer, 400, "unreadable")


def test_what_is_too_large_is_not_read(desk: Desk) -> None:
    desk.become("nora")
    body = b'{"bookingId": 1, "action": "deny", "reason": "' + b"a" * 70_000 + b'"}'
    answer = desk.client.post(APPROVE, content=body, headers={**OWN_PAGE, "Content-Type": "application/json"})
    refused(answer, 413, "too_large")


def test_an_unknown_address_is_a_problem_too_signed_in_or_not(desk: Desk) -> None:
    for who in (None, "nora"):
        if who:
            desk.become(who)
        for method in ("GET", "POST", "PUT", "DELETE"):
            refused(desk.client.request(method, "/api/typo"), 404, "not_found")
        refused(desk.get("/api/"), 404, "not_found")
        refused(desk.get(APPROVE), 404, "not_found")


def decide(desk: Desk, athlete: str, *, action: str = "approve", **fields: Any) -> Response:
    return send(desk, {"bookingId": desk.bookings[athlete], "action": action, **fields})


def send(desk: Desk, body: dict[str, Any], **headers: str) -> Response:
    return desk.client.post(APPROVE, json=body, headers={**OWN_PAGE, **headers})


def refused(answer: Response, status: int, code: str) -> dict[str, Any]:
    """A problem document of this kind; returns it."""
    told: dict[str, Any] = answer.json()
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE and answer.headers["cache-control"] == "no-store"
    assert (told["status"], told["code"]) == (status, code) and told["title"] and told["detail"]
    assert "x-request-id" in answer.headers and "content-security-policy" in answer.headers
    return told
