"""No number, name, header or body that a stranger makes up is ever answered with 5xx, on any address of the site."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from limits import RateLimitItemPerMinute

from public_site import rate_limits
from public_site.policy import GuardedRoute, Kind
from public_site.routes import ROUTES
from tests.public_site.conftest import OWN_PAGE, Gym
from tests.support.databases import both_databases
from tests.support.hostile_values import HEADERS, JSON_VALUES, VALUES

pytestmark = both_databases


SERVER_ERROR = 500
TESTED = [route for route in ROUTES if isinstance(route, GuardedRoute)]
QUERIES = ("week", "start", "lessonId", "from", "day")
FIELDS = ("coach_id", "lesson_id", "starts_at", "next_start", "idempotency_key", "decision", "reason", "customer_phone")
BOOK = ("coachId", "lessonId", "startDateTimeUTC", "customerName", "customerEmail", "customerPhone", "athleteName")
JSON_FIELDS = {
    "/api/book/private": BOOK,
    "/api/booking/approve": ("token", "action", "reason"),
    "/telemetry": ("kind", "message", "line", "value", "at", "route"),
}


@pytest.fixture(autouse=True)
def posts_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """After 300 of them every answer would be 429, whatever stands behind it."""
    monkeypatch.setattr(rate_limits, "POSTS", RateLimitItemPerMinute(100_000))
    monkeypatch.setattr(rate_limits, "BEACONS", RateLimitItemPerMinute(100_000))
    monkeypatch.setattr(rate_limits, "ALL_BEACONS", RateLimitItemPerMinute(100_000))


def filled_in(path: str, value: str) -> Iterator[str]:
    """The address with this in each place in turn, and what is real in the others."""
    real = {"coach": "nora", "lesson": "tumbling-60"}
    names = re.findall(r"{(\w+)(?::\w+)?}", path)
    for bad in names or [""]:
        yield re.sub(
            r"{(\w+)(?::\w+)?}",
            lambda match, bad=bad: value if match[1] == bad else real.get(match[1], "1"),  # type: ignore[misc]
            path,
        )


def test_no_address_with_a_made_up_number_fails(gym: Gym) -> None:
    headers = {**OWN_PAGE, "Content-Type": "application/x-www-form-urlencoded"}
    for route, value in product(TESTED, VALUES.values()):
        for path, method in product(filled_in(route.path, value), route.methods or ()):
            answer = gym.client.request(method, path, headers=headers)
            assert answer.status_code < SERVER_ERROR or route.path == "/readyz", (method, path[:80], answer.text)


def test_no_query_with_a_made_up_number_fails(gym: Gym) -> None:
    ids = {"coach": "nora", "lesson": "tumbling-60", "coach_id": str(gym.nora_id)}
    for route in TESTED:
        if route.policy.kind not in (Kind.PAGE, Kind.JSON) or "GET" not in (route.methods or ()):
            continue
        path = re.sub(r"{(\w+)(?::\w+)?}", lambda match: ids.get(match[1], "1"), route.path)
        for name, value in product(QUERIES, VALUES.values()):
            answer = gym.get(f"{path}?lessonId={gym.tumbling_id}&from=2026-11-24&to=2026-11-25&{name}={value}")
            assert answer.status_code < SERVER_ERROR or route.path == "/readyz", (path, name, answer.text)


def test_no_year_and_no_week_of_any_length_fails(gym: Gym) -> None:
    nines = "9" * 5000
    for week in (
        f"{nines}-W1",
        f"2026-W{nines}",
        "٢٠٢٦-W48",
        "2026-W-1",
        "2026-W+1",
        "2_026-W48",
        "-W",
        "2026-W54",
        "0-W1",
    ):
        assert gym.get(f"/coaches/nora/tumbling-60?week={week}").status_code == 404, week[:20]
    assert gym.get("/coaches/nora/tumbling-60?week=2026-W48").status_code == 200


def test_no_made_up_header_fails(gym: Gym) -> None:
    picture = gym.services.media.folder
    assert picture is not None
    path = "ab/ab" + "0" * 38 + ".jpg"
    (picture / path).parent.mkdir(parents=True, exist_ok=True)
    (picture / path).write_bytes(b"x" * 5000)
    pages = ("/", "/coaches/nora/tumbling-60", f"/media/{path}", "/static/site.css", "/api/coaches", "/metrics")
    for name, value in ((name, value) for name, values in HEADERS.items() for value in values):
        encoded = {name.encode(): value.encode()}
        for page in pages:
            assert gym.client.get(page, headers=encoded).status_code < SERVER_ERROR, (page, value[:40])
        for target in ("/bookings", "/api/book/private", "/telemetry"):
            answer = gym.client.post(target, content=b"{}", headers=encoded)
            assert answer.status_code < SERVER_ERROR, (target, value[:40])


def test_no_json_with_a_made_up_number_fails(gym: Gym) -> None:
    for value, (path, fields) in product(JSON_VALUES, JSON_FIELDS.items()):
        for name in (*fields, "unknown"):
            body = "{" + f'"{name}": {value}' + "}"
            answer = gym.client.post(
                path, content=body.encode(), headers={**OWN_PAGE, "Content-Type": "application/json"}
            )
            assert answer.status_code < SERVER_ERROR, (path, name, answer.text)


def test_no_form_with_a_made_up_number_fails(gym: Gym) -> None:
    real = gym.form()
    paths = ("/bookings", "/bookings/x/cancel", f"/approvals/{gym.signer.decide(1, gym.nora_id, 1)}")
    for name, value in product(FIELDS, VALUES.values()):
        body = "&".join(f"{field}={value if field == name else ''}" for field in {**real, name: ""})
        for path in paths:
            answer = gym.client.post(
                path,
                content=body.encode(),
                headers={**OWN_PAGE, "Content-Type": "application/x-www-form-urlencoded"},
                follow_redirects=False,
            )
            assert answer.status_code < SERVER_ERROR, (path, name, answer.text)


def test_an_id_is_written_in_plain_digits(gym: Gym) -> None:
    for value in ("1_000", "+1", " 1", "٣", "1.0", "true", True, 1.5):
        answer = gym.client.post("/api/book/private", json={"coachId": value})
        fields = {error["field"]: error["message"] for error in answer.json()["errors"]}
        assert fields.get("coachId") == "This should be a whole number.", value
