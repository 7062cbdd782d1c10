"""Signing in by a mailed link: a program that opens it uses nothing up, a person's press does, once, for ten minutes."""

from console.web.sign_in import ON_ITS_WAY
from core.mail.delivery import deliver_due
from core.outbox.models import MessageKind
from core.people.sign_in_throttle import MAX_PER_PAIR
from core.staff.sign_in_links import LINK_LIVES
from tests.console.conftest import Desk
from tests.console.without_streamlit import STAND_IN


def test_opening_the_link_signs_nobody_in_and_uses_nothing_up(desk: Desk) -> None:
    link = desk.mailed_link()
    for method in ("GET", "HEAD", "GET"):
        answer = desk.client.request(method, link, follow_redirects=False)
        assert answer.status_code == 200 and "set-cookie" not in answer.headers
    assert '<form method="post"><button' in desk.get(link).text
    assert desk.sessions() == []
    assert desk.post(link, {}).status_code == 303


def test_pressing_the_button_signs_in_once(desk: Desk) -> None:
    link = desk.mailed_link()
    answer = desk.post(link, {})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert desk.get("/").text == STAND_IN
    desk.client.cookies.clear()
    again = desk.post(link, {})
    assert again.status_code == 410 and "Please ask for a new one" in again.text
    assert "set-cookie" not in again.headers and len(desk.sessions()) == 1


def test_the_link_in_the_mail_is_the_one_that_works(desk: Desk) -> None:
    desk.post("/sign-in/link", {"email": "nora@spirit.example"})
    deliver_due(desk.services)
    (file,) = (desk.services.settings.data_dir / "mail").glob("*sign-in*.eml")
    (link,) = {line for line in file.read_text().split() if line.startswith(desk.services.settings.console_url)}
    assert desk.post(link.removeprefix(desk.services.settings.console_url), {}).status_code == 303
    assert desk.sessions()[0].account_id == desk.account("nora").id


def test_after_ten_minutes_it_is_too_late(desk: Desk) -> None:
    link, in_time = desk.mailed_link(), desk.mailed_link()
    desk.clock.shift(LINK_LIVES)
    answer = desk.post(link, {})
    assert answer.status_code == 410 and "ten minutes" in answer.text
    assert desk.sessions() == []
    desk.clock.shift(-LINK_LIVES / 10)
    assert desk.post(in_time, {}).status_code == 303


def test_a_link_that_was_cut_off_is_not_found(desk: Desk) -> None:
    whole = desk.mailed_link()
    for cut in (1, 5, 20):
        for answer in (desk.get(whole[:-cut]), desk.post(whole[:-cut], {})):
            assert answer.status_code == 404 and "open it again from the mail" in answer.text
    assert desk.sessions() == []


def test_a_token_made_for_something_else_signs_nobody_in(desk: Desk) -> None:
    booking = desk.booking("Ida")
    token = desk.services.signer.decide(booking.id, booking.coach_id, booking.slot_version)
    assert desk.post(f"/sign-in/{token}", {}).status_code == 404


def test_a_link_of_an_account_that_was_disabled_since_is_worth_nothing(desk: Desk) -> None:
    link = desk.mailed_link()
    desk.disable("nora")
    assert desk.post(link, {}).status_code == 410
    assert desk.sessions() == []


def test_asking_says_the_same_for_known_unknown_and_disabled_and_writes_to_the_known_alone(desk: Desk) -> None:
    desk.disable("omar")
    said = set()
    for who in ("nora", "nobody", "omar"):
        answer = desk.post("/sign-in/link", {"email": f"{who}@spirit.example"})
        assert answer.status_code == 200
        said.add(answer.text.replace(f"{who}@", "@"))
    (words,) = said
    assert ON_ITS_WAY in words
    (mail,) = desk.mails(MessageKind.SIGN_IN)
    assert mail.recipient == "nora@spirit.example"
    assert set(desk.nudged) == {"deliver_mail"} and len(desk.nudged) == 3


def test_asking_again_and_again_is_stopped_like_guessing(desk: Desk) -> None:
    for _ in range(MAX_PER_PAIR):
        desk.post("/sign-in/link", {"email": "nora@spirit.example"})
    answer = desk.post("/sign-in/link", {"email": "nora@spirit.example"})
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    assert len(desk.mails(MessageKind.SIGN_IN)) == MAX_PER_PAIR


def test_the_old_session_of_the_browser_ends_here_too(desk: Desk) -> None:
    desk.become("ada")
    assert desk.post(desk.mailed_link(), {}).status_code == 303
    assert [session.ended_at is None for session in desk.sessions()] == [False, True]


def test_these_pages_are_kept_nowhere_and_found_by_no_search_engine(desk: Desk) -> None:
    for path in ("/sign-in", "/sign-out", desk.mailed_link()):
        headers = desk.get(path).headers
        assert headers["cache-control"] == "no-store" and headers["x-robots-tag"] == "noindex"
