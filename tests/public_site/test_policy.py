"""Every address has its class, and the class is kept; every answer has its headers, and no answer a cookie."""

from typing import Any

import pytest
from starlette.routing import Route

from core.http.request import sender_of
from public_site import rate_limits
from public_site.policy import GuardedRoute, Kind
from public_site.routes import ROUTES
from tests.public_site.conftest import OWN_PAGE, URLENCODED, Gym
from tests.support.databases import both_databases
from tests.support.people import at

TABLE = {
    ("GET", "/"): (Kind.PAGE, False),
    ("GET", "/coaches"): (Kind.PAGE, False),
    ("GET", "/coaches/{coach}"): (Kind.PAGE, False),
    ("GET", "/shop"): (Kind.PAGE, False),
    ("GET", "/coaches/{coach}/{lesson}"): (Kind.PAGE, False),
    ("GET", "/coaches/{coach}/{lesson}/request"): (Kind.PAGE, True),
    ("POST", "/bookings"): (Kind.FORM, True),
    ("GET", "/bookings/{handle}"): (Kind.PAGE, True),
    ("POST", "/bookings/{handle}/cancel"): (Kind.FORM, True),
    ("POST", "/bookings/{handle}/mail-again"): (Kind.FORM, True),
    ("GET", "/bookings/{handle}/lesson.ics"): (Kind.PAGE, True),
    ("GET", "/requests/{token}"): (Kind.PAGE, True),
    ("POST", "/requests/{token}"): (Kind.FORM, True),
    ("GET", "/approvals/{token}"): (Kind.PAGE, True),
    ("POST", "/approvals/{token}"): (Kind.FORM, True),
    ("GET", "/calendar/{feed}.ics"): (Kind.PAGE, True),
    ("GET", "/rehearsals/{token}"): (Kind.PAGE, True),
    ("POST", "/rehearsals/{token}"): (Kind.FORM, True),
    ("GET", "/unsubscribe/{token}"): (Kind.PAGE, True),
    ("POST", "/unsubscribe/{token}"): (Kind.CAPABILITY, True),
    ("GET", "/static/{file}"): (Kind.PAGE, False),
    ("GET", "/media/{path:path}"): (Kind.PAGE, False),
    ("GET", "/healthz"): (Kind.PAGE, False),
    ("GET", "/readyz"): (Kind.PAGE, False),
    ("GET", "/api/openapi.json"): (Kind.JSON, False),
    ("GET", "/api/coaches"): (Kind.JSON, False),
    ("GET", "/api/coaches/{coach_id}/slots"): (Kind.JSON, False),
    ("POST", "/api/book/private"): (Kind.JSON, True),
    ("GET", "/api/bookings/{handle}"): (Kind.JSON, True),
    ("POST", "/api/booking/approve"): (Kind.JSON, True),
    ("POST", "/telemetry"): (Kind.BEACON, True),
    ("GET", "/metrics"): (Kind.BEARER, True),
    ("GET", "/api/cron/notifications"): (Kind.BEARER, True),
    ("POST", "/api/cron/notifications"): (Kind.BEARER, True),
}
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


def test_the_table_of_addresses_is_this_one() -> None:
    found = {}
    for route in ROUTES:
        assert isinstance(route, GuardedRoute), f"{route} has no policy"
        for method in (route.methods or set()) - {"HEAD"}:
            found[method, route.path] = (route.policy.kind, route.policy.secret)
    assert found == TABLE


def test_only_forms_json_and_bearers_take_a_post() -> None:
    for route in ROUTES:
        assert isinstance(route, Route)
        if (route.methods or set()) - {"GET", "HEAD"}:
            assert isinstance(route, GuardedRoute) and route.policy.kind is not Kind.PAGE


FORMS = [path for (method, path), (kind, _) in TABLE.items() if kind is Kind.FORM]
ELSEWHERE: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:8501"},
    {"Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_form_from_elsewhere_changes_nothing(gym: Gym, headers: dict[str, str]) -> None:
    booking = gym.book()
    for path in FORMS:
        address = path.format(handle=booking.handle, token=gym.token(booking))
        answer = gym.client.post(address, data={"decision": "approve", **gym.form(at(2, 16))}, headers=headers)
        assert answer.status_code == 403 and "not sent from our own page" in answer.text
    assert [found.version for found in gym.bookings()] == [1]


def test_an_older_browser_s_origin_is_enough(gym: Gym) -> None:
    form = gym.form()
    origin = {"Origin": gym.services.settings.base_url}
    assert gym.client.post("/bookings", data=form, headers=origin, follow_redirects=False).status_code == 303


@both_databases
def test_every_answer_has_the_headers_and_none_a_cookie(gym: Gym, monkeypatch: pytest.MonkeyPatch) -> None:
    booking = gym.book()
    css = gym.get("/").text.partition('href="/static/site.')[2].partition('"')[0]
    answers = [
        *(
            gym.get(path)
            for path in ("/", f"/static/site.{css}", "/nowhere", "/healthz", "/api/coaches", "/api/nowhere")
        ),
        gym.get(f"/bookings/{booking.handle}"),
        gym.get("/", headers={"If-None-Match": gym.get("/").headers["etag"]}),
        gym.client.post("/", headers=OWN_PAGE),
        gym.client.post("/bookings", content=b"x" * 100_000, headers={**OWN_PAGE, **URLENCODED}),
        gym.post("/bookings", {}),
    ]
    assert {answer.status_code for answer in answers} == {200, 404, 304, 405, 413, 422}
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (answer.url, name)
        assert len(answer.headers["x-request-id"]) == 16 and answer.headers["x-response-time"].endswith("ms")
        assert "set-cookie" not in answer.headers and "strict-transport-security" not in answer.headers


def test_our_own_mistake_is_a_page_with_the_headers_and_tells_nothing(
    gym: Gym, monkeypatch: pytest.MonkeyPatch
) -> None:
    from public_site import health

    def broken(*arguments: Any) -> None:
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr(health, "readiness", broken)
    answer = gym.get("/readyz")
    assert answer.status_code == 500 and "it was our mistake" in answer.text and "secret" not in answer.text
    assert answer.headers["x-request-id"] and answer.headers["content-security-policy"]


def test_static_files_are_kept_for_ever_under_their_present_name_only(gym: Gym) -> None:
    name = gym.get("/").text.partition('href="/static/')[2].partition('"')[0]
    answer = gym.get(f"/static/{name}")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    assert gym.get("/static/site.css").status_code == 404 and gym.get("/static/site.00000000.css").status_code == 404


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_network_that_posts_without_end_is_asked_to_wait(gym: Gym) -> None:
    codes = [gym.post("/bookings", {}).status_code for _ in range(rate_limits.POSTS.amount + 1)]
    assert codes[-2:] == [422, 429]
    answer = gym.client.post("/api/book/private", json={})
    assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= 600
    assert gym.get("/coaches").status_code == 200


def test_a_household_s_many_ipv6_addresses_count_as_one() -> None:
    class Sender:
        def __init__(self, host: str) -> None:
            self.client = type("Client", (), {"host": host})

    one, two, other = (sender_of(Sender(host)) for host in ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"))
    assert one == two != other
    mapped, plain = sender_of(Sender("::ffff:192.0.2.7")), sender_of(Sender("192.0.2.7"))
    assert mapped == plain == "192.0.2.7"


def test_a_method_that_an_address_does_not_have_is_named(gym: Gym) -> None:
    for method, path in (("POST", "/coaches"), ("DELETE", "/bookings"), ("PUT", "/approvals/x"), ("GET", "/bookings")):
        answer = gym.client.request(method, path, headers=OWN_PAGE)
        assert answer.status_code == 405 and "<main" in answer.text and answer.headers["allow"]
