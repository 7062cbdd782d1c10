"""In front of everything: the right host, and a live session for each page and each websocket of Streamlit's."""

from datetime import timedelta

import pytest
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from console.web import server
from core.http.edge_middleware import COMMON_HEADERS
from core.images.picture_urls import pictures_of
from core.people.sessions import ABSOLUTE, IDLE
from tests.console.conftest import OWN_PAGE, Desk
from tests.console.without_streamlit import STAND_IN, STREAM

OTHER = "127.0.0.2:8501"
STREAMLITS = ("/", "/requests", "/outbox", "/no/such/page", "/media/1.png", "/component/x/index.html", "/index.html")


def test_without_a_session_every_page_leads_to_the_sign_in_and_back(desk: Desk) -> None:
    for path in STREAMLITS:
        answer = desk.get(path)
        assert answer.status_code == 303 and STAND_IN not in answer.text
        wanted = "/sign-in" if path == "/" else f"/sign-in?next={path}"
        assert answer.headers["location"] == wanted
    assert desk.get("/a%20b%26next=%2F%2Fevil").headers["location"] == "/sign-in?next=/a%20b%26next%3D//evil"


def test_a_path_that_looks_like_another_site_does_not_become_one(desk: Desk) -> None:
    location = desk.client.get("http://127.0.0.1:8501//evil.example/x", follow_redirects=False).headers["location"]
    assert location == "/sign-in?next=//evil.example/x", "and the sign-in does not go there"


def test_without_a_session_nothing_of_streamlits_own_is_answered(desk: Desk) -> None:
    for path in ("/_stcore/host-config", "/_stcore/agent/openapi.json", STREAM):
        assert desk.get(path).status_code == 401
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        for path in ("/", "/_stcore/upload_file/session/file", "/_stcore/agent/interact"):
            assert desk.client.request(method, path, headers=OWN_PAGE).status_code == 401


def test_what_needs_no_session_is_this_and_no_more(desk: Desk) -> None:
    for path in ("/sign-in", "/sign-in.css", "/sign-out", "/healthz", "/_stcore/health", "/static/js/index.js"):
        assert desk.get(path).status_code == 200, path
    for path in ("/sign-inn", "/sign-out/", "/healthz/x", "/static", "/_stcore/health/x", "/STATIC/x", "/./static"):
        assert desk.get(path).status_code in (303, 401), path


def test_with_a_session_the_pages_open(desk: Desk) -> None:
    desk.become("nora")
    assert {desk.get(path).text for path in STREAMLITS} == {STAND_IN}


FOREIGN = (
    "{=1",
    'prefs={"theme":"dark"}',
    "a b=1",
    "expires=1",
    "flag",
    'x="unclosed',
    "=",
    ";;",
    "__Host-other=%00",
    "caf\xe9=1",
    "spirit_staff",
    "spirit_staff=",
    "x=spirit_staff=made-up",
)


@pytest.mark.parametrize("foreign", FOREIGN)
def test_other_products_cookies_are_passed_over(desk: Desk, foreign: str) -> None:
    """Beside ours, before it or after it, at the gate and at the API alike; and nobody signed in is let in by one."""
    token = desk.start("nora")
    desk.client.cookies.clear()
    api = "/api/dashboard/bookings/pending"
    alone = {"Cookie": foreign.encode("latin-1")}
    assert desk.get("/", headers=alone).status_code == 303 and desk.get(api, headers=alone).status_code == 401
    for cookies in (f"{foreign}; {desk.cookie}={token}", f"{desk.cookie}={token}; {foreign}"):
        header = {"Cookie": cookies.encode("latin-1")}
        assert desk.get("/", headers=header).text == STAND_IN, cookies
        assert desk.get(api, headers=header).status_code == 200, cookies
        assert desk.get("/sign-in", headers=header).status_code == 200


def test_another_cookie_under_our_name_locks_nobody_out(desk: Desk) -> None:
    token = desk.start("nora")
    desk.client.cookies.clear()
    for cookies in (f"{desk.cookie}=made-up; {desk.cookie}={token}", f"{desk.cookie}={token}; {desk.cookie}=made-up"):
        assert desk.get("/", headers={"Cookie": cookies}).text == STAND_IN
        assert desk.get("/api/dashboard/bookings/pending", headers={"Cookie": cookies}).status_code == 200
    both = f"{desk.cookie}=made-up; {desk.cookie}={token}"
    assert desk.post("/sign-out", {}, Cookie=both).status_code == 303
    assert desk.get("/", headers={"Cookie": both}).status_code == 303


def test_a_session_that_has_ended_opens_nothing(desk: Desk) -> None:
    desk.become("nora")
    desk.clock.shift(IDLE - timedelta(seconds=1))
    assert desk.get("/").status_code == 200
    desk.clock.shift(timedelta(seconds=1))
    assert desk.get("/").status_code == 303
    desk.become("nora")
    desk.disable("nora")
    assert desk.get("/").status_code == 303


def test_made_up_cookies_open_nothing(desk: Desk) -> None:
    for header in (
        f"{desk.cookie}=made-up",
        f"{desk.cookie}=",
        desk.cookie,
        "=;;;",
        f'{desk.cookie}="\\"',
        f"other={desk.start('nora')}",
        f"{desk.cookie}={desk.sessions()[-1].token_hash}",
    ):
        assert desk.get("/", headers={"Cookie": header}).status_code == 303, header


def test_the_cookie_outlives_no_session(desk: Desk) -> None:
    assert f"Max-Age={int(ABSOLUTE.total_seconds())}" in desk.sign_in().headers["set-cookie"]


def test_a_websocket_needs_a_session_our_own_page_and_our_own_name(desk: Desk) -> None:
    ours = {"Origin": desk.services.settings.console_url}
    assert not connects(desk, ours), "without a session"
    desk.become("nora")
    assert connects(desk, ours)
    for wrong in (
        {},
        {"Origin": "http://127.0.0.1:8000"},
        {"Origin": "https://127.0.0.1:8501"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {**ours, "Host": OTHER},
        {"Origin": f"http://{OTHER}", "Host": OTHER},
    ):
        assert not connects(desk, wrong), wrong
    desk.post("/sign-out", {})
    assert not connects(desk, ours), "after signing out"


def test_another_name_of_this_machine_leads_to_the_right_one(desk: Desk) -> None:
    desk.become("nora")
    ours = desk.services.settings.console_url
    for host in (OTHER, "localhost:8501", "127.0.0.1", "evil.example", ""):
        answer = desk.get("/outbox?x=1", headers={"Host": host})
        assert (answer.status_code, answer.headers["location"]) == (307, f"{ours}/outbox")
        assert desk.get("/sign-in", headers={"Host": host}).status_code == 307
        sent = desk.post("/sign-in", {"email": "nora@spirit.example"}, Host=host)
        assert sent.status_code == 400 and "set-cookie" not in sent.headers


def test_monitors_may_ask_under_any_name(desk: Desk) -> None:
    answer = desk.get("/healthz", headers={"Host": "10.0.0.7:8501"})
    assert answer.status_code == 200 and answer.json() == {"status": "alive"}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_every_answer_is_numbered_timed_and_guarded(desk: Desk) -> None:
    policy = server.content_security_policy(pictures_of(desk.services).absolute_origin)
    seen = set()
    for path in ("/", "/sign-in", "/healthz", "/api/typo", "/sign-in/cut-off", "/_stcore/host-config"):
        headers = desk.get(path).headers
        seen.add(headers["x-request-id"])
        assert headers["x-response-time"].endswith("ms")
        assert headers["content-security-policy"] == policy
        assert {name: headers[name] for name in COMMON_HEADERS} == COMMON_HEADERS
    assert len(seen) == 6
    assert "x-request-id" in desk.get("/", headers={"Host": OTHER}).headers


def connects(desk: Desk, headers: dict[str, str]) -> bool:
    address = desk.services.settings.console_url.replace("http", "ws") + STREAM
    try:
        with desk.client.websocket_connect(address, headers=dict(headers)) as websocket:
            return websocket.receive_text() == STAND_IN
    except (WebSocketDisconnect, WebSocketDenialResponse):
        return False
