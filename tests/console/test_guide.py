"""The guide: chapters for each role, with pictures that are there, and a request made for practice."""

import re
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from console import guide
from core.outbox.models import MessageKind
from tests.console.app_reader import headers, page_names, texts, titles
from tests.console.conftest import Desk

SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"
PAGE = re.compile(r"\*\*([A-Z][A-Za-z ]+)\*\*")
COACHS = ["First ten minutes", "Answering from the mail", "Your hours", "Your preferences", "What parents see"]


def chapter(app: AppTest, title: str) -> AppTest:
    return app.button_group[0].set_value(title).run()


def offered(app: AppTest) -> list[str]:
    return list(app.button_group[0].options)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


@pytest.mark.parametrize(("who", "more"), [("nora", ["Practise"]), ("ada", ["For admins"])])
def test_each_role_has_its_chapters_and_each_opens(desk: Desk, who: str, more: list[str]) -> None:
    app = desk.open(desk.start(who), "guide")
    assert not app.exception and titles(app) == ["Guide"] and offered(app) == [*COACHS, *more]
    read = []
    for title in offered(app):
        assert not chapter(app, title).exception, title
        read.append(app.main.markdown[0].value)
    assert len(set(read)) == len(read), "each has words of its own"


def test_every_picture_is_there_small_and_described() -> None:
    assert len(guide.pictures()) >= 9
    for name in guide.pictures():
        path = Path(guide.picture_of(name))
        with Image.open(path) as picture:
            assert picture.format == "PNG" and picture.width in (375, 390) and picture.height <= 812
        assert path.stat().st_size < 80_000, path
        assert (SCREENSHOTS / f"{name}.png").exists(), "made together with the large ones"
    kept = {path.stem for path in guide.PICTURES.glob("*.png")}
    assert kept == set(guide.pictures()), "no picture that nobody sees"
    described = [part.text for chapter in guide.chapters() for part in chapter.parts if part.picture]
    assert all(len(words.split()) >= 3 for words in described)


def test_the_guide_names_no_page_that_is_not_there(desk: Desk) -> None:
    everybodys = {name for who in ("ada", "nora") for name in page_names(desk.open(desk.start(who)))}
    named = {name for chapter in guide.chapters() for part in chapter.parts for name in PAGE.findall(part.text)}
    assert named and named <= everybodys


def test_a_coach_practises_from_the_guide_to_the_page_of_requests(desk: Desk) -> None:
    token = desk.start("nora")
    app = press(chapter(desk.open(token, "guide"), "Practise"), "Send me a practice request")
    assert "on its way" in app.success[0].value and desk.nudged == ["deliver_mail"]
    assert [mail.recipient for mail in desk.mails(MessageKind.REHEARSAL)] == ["nora@spirit.example"]
    requests = desk.open(token)
    assert headers(requests)[2].startswith("Wednesday, November 25, 4:00")
    assert any("Kim (practice)" in text for text in texts(requests))
    assert "Requests (2)" in [page["page_name"] for page in requests._registered_pages.values()], "it is not counted"
    requests.button(key="practice-approve").click().run()
    assert "Answered, for practice." in requests.success[0].value
    assert not any("practice" in text for text in texts(requests))
    assert len(desk.mails(MessageKind.REHEARSAL_ANSWERED)) == 1 and not desk.mails(MessageKind.CONFIRMED)


def test_a_practice_request_is_shown_to_nobody_else(desk: Desk) -> None:
    press(chapter(desk.open(desk.start("nora"), "guide"), "Practise"), "Send me a practice request")
    for who in ("omar", "ada"):
        app = desk.open(desk.start(who))
        assert not app.exception and not any("practice" in text for text in texts(app))


def test_a_practice_request_can_be_answered_in_the_guide_and_begun_again(desk: Desk) -> None:
    app = press(chapter(desk.open(desk.start("nora"), "guide"), "Practise"), "Send me a practice request")
    press(app, "Deny the practice request")
    assert any("You have denied it" in said.value for said in app.success)
    press(app, "Send me another")
    assert app.info and len(desk.mails(MessageKind.REHEARSAL)) == 1
