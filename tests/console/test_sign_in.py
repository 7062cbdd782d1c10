"""Signing in by password, and signing out: what is said, what the cookie is, and which session lives."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from console.web import sign_in as sign_in_pages
from core.outbox.models import MessageKind
from core.people.sign_in import REFUSED
from core.people.sign_in_throttle import MAX_PER_PAIR, WINDOW
from tests.console.conftest import OWN_PAGE, Desk
from tests.console.without_streamlit import STAND_IN, app_without_streamlit
from tests.support.people import PASSWORD

ELSEWHERE = (
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nSet-Cookie: a=b",
)
FOREIGN_SENDERS: dict[str, dict[str, str]] = {
    "it says nothing of where it comes from": {},
    "another port of this machine": {"Sec-Fetch-Site": "same-site"},
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another site, an older browser": {"Origin": "https://evil.example"},
    "a page without an origin": {"Origin": "null"},
    "another site that claims our origin": {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8501"},
}


def test_the_right_password_opens_the_console(desk: Desk) -> None:
    answer = desk.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert desk.get("/").text == STAND_IN
    (session,) = desk.sessions()
    assert session.account_id == desk.account("nora").id and session.ended_at is None


def test_a_wrong_password_an_unknown_and_a_disabled_account_are_refused_with_the_same_words(desk: Desk) -> None:
    desk.disable("omar")
    for who, password in (("nora", "not her password"), ("nobody", PASSWORD), ("omar", PASSWORD), ("nora", "")):
        answer = desk.sign_in(who, password)
        assert answer.status_code == 401 and REFUSED in answer.text
        assert answer.text.replace(f"{who}@spirit.example", "") == desk.sign_in("x", "y").text.replace(
            "x@spirit.example", ""
        )
        assert "set-cookie" not in answer.headers
    assert desk.sessions() == []


def test_what_was_typed_stays_and_the_password_does_not(desk: Desk) -> None:
    answer = desk.sign_in("nora", "not her password", next="/outbox")
    assert 'value="nora@spirit.example"' in answer.text and 'name="next" value="/outbox"' in answer.text
    assert "not her password" not in answer.text


def test_an_address_that_is_markup_is_shown_as_text(desk: Desk) -> None:
    answer = desk.post("/sign-in", {"email": '"><script>alert(1)</script>', "password": "x"})
    assert answer.status_code == 401 and "<script" not in answer.text


def test_too_many_tries_are_told_when_to_come_back_and_the_right_password_waits_too(desk: Desk) -> None:
    for _ in range(MAX_PER_PAIR):
        assert desk.sign_in("nora", "a guess").status_code == 401
    answer = desk.sign_in()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= WINDOW.total_seconds()
    assert desk.sessions() == []
    desk.clock.shift(WINDOW)
    assert desk.sign_in().status_code == 303


def test_a_browser_that_she_signed_in_with_waits_for_nobody(desk: Desk) -> None:
    """Others guess on from everywhere; hers is known by a cookie of the sign-in's own, which opens nothing."""
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    desk.monkeypatch.setattr(sign_in_pages, "pause", pause)
    assert desk.sign_in().status_code == 303
    known = desk.client.cookies["spirit_device"]
    desk.client.cookies.clear()
    for number in range(2 * MAX_PER_PAIR):
        desk.monkeypatch.setattr(sign_in_pages, "sender_of", lambda _, number=number: f"198.51.100.{number}")
        desk.sign_in("nora", "a guess")
    assert desk.sign_in().status_code == 303 and waited[-1] > 0
    desk.client.cookies.clear()
    desk.client.cookies.set("spirit_device", known, path="/sign-in")
    assert desk.sign_in().status_code == 303 and waited[-1] == 0
    assert desk.get("/").status_code == 200
    desk.client.cookies.clear()
    desk.client.cookies.set("spirit_device", known)
    assert desk.get("/").status_code == 303


def test_scripts_cannot_read_the_cookie_and_other_sites_cannot_send_it(desk: Desk) -> None:
    cookie = desk.sign_in().headers["set-cookie"]
    assert attributes(cookie) >= {"HttpOnly", "SameSite=lax", "Path=/"}
    assert "Domain" not in cookie and "Secure" not in cookie


def test_with_https_the_cookie_is_secure_and_its_name_says_that_this_host_set_it(desk: Desk) -> None:
    settings = desk.services.settings.model_copy(update={"console_url": "https://desk.spirit.example"})
    services = replace(desk.services, settings=settings)
    with TestClient(app_without_streamlit(services), base_url=settings.console_url) as client:
        form = {"email": "nora@spirit.example", "password": PASSWORD}
        answer = client.post("/sign-in", data=form, headers=OWN_PAGE, follow_redirects=False)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-spirit_staff=")
        assert attributes(cookie) >= {"HttpOnly", "SameSite=lax", "Path=/", "Secure"} and "Domain" not in cookie
        assert client.get("/").text == STAND_IN
        out = client.post("/sign-out", headers=OWN_PAGE, follow_redirects=False).headers["set-cookie"]
        assert attributes(out) >= {"Path=/", "Secure"}, "a browser forgets a __Host- cookie only if told securely"


def test_after_sign_in_the_requested_page_opens(desk: Desk) -> None:
    for path in ("/", "/outbox", "/requests?x=1"):
        assert desk.sign_in(next=path).headers["location"] == path


def test_a_link_to_the_sign_in_page_cannot_lead_to_another_site(desk: Desk) -> None:
    for elsewhere in ELSEWHERE:
        assert desk.sign_in(next=elsewhere).headers["location"] == "/", elsewhere
        assert 'name="next" value="/"' in desk.get("/sign-in", params={"next": elsewhere}).text, elsewhere


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/link", "{link}", "/sign-out"])
def test_a_form_that_is_not_ours_does_nothing(desk: Desk, path: str) -> None:
    link = desk.mailed_link()
    desk.become("ada")
    before = record(desk)
    form = {"email": "nora@spirit.example", "password": PASSWORD}
    for sender, headers in FOREIGN_SENDERS.items():
        answer = desk.client.post(path.format(link=link), data=form, headers=headers, follow_redirects=False)
        assert answer.status_code == 403 and "set-cookie" not in answer.headers, sender
        assert record(desk) == before, sender


def test_signing_out_ends_the_session_and_its_cookie_opens_nothing(desk: Desk) -> None:
    desk.sign_in()
    token = desk.client.cookies[desk.cookie]
    assert "Sign out?" in desk.get("/sign-out").text
    assert desk.sessions()[0].ended_at is None, "looking at the page signs nobody out"
    answer = desk.post("/sign-out", {})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert desk.cookie not in desk.client.cookies
    assert desk.sessions()[0].ended_at is not None
    desk.client.cookies.set(desk.cookie, token)
    assert desk.get("/").status_code == 303
    assert desk.get("/api/dashboard/bookings/pending").status_code == 401


def test_a_new_sign_in_ends_the_old_session_of_that_browser_and_no_other(desk: Desk) -> None:
    elsewhere = desk.start("nora")
    desk.sign_in()
    first = desk.client.cookies[desk.cookie]
    desk.sign_in("ada")
    assert [session.ended_at is None for session in desk.sessions()] == [True, False, True]
    for token, opens in ((first, False), (elsewhere, True)):
        desk.client.cookies.clear()
        desk.client.cookies.set(desk.cookie, token)
        assert (desk.get("/").status_code == 200) is opens


def test_a_wrong_password_leaves_the_session_that_is_there(desk: Desk) -> None:
    desk.sign_in()
    desk.sign_in("nora", "a guess")
    assert desk.get("/").status_code == 200


def test_a_form_that_is_too_large_is_not_read(desk: Desk) -> None:
    assert desk.post("/sign-in", {"email": "a" * 70_000}).status_code == 413


def attributes(cookie: str) -> set[str]:
    return {part.strip() for part in cookie.split(";")[1:]}


def record(desk: Desk) -> object:
    """All that a sign-in form could bring about."""
    sessions = [(session.id, session.ended_at) for session in desk.sessions()]
    return sessions, [mail.id for mail in desk.mails(MessageKind.SIGN_IN)]
