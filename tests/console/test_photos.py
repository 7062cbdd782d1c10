"""A coach's own photo, and the page Images: dropped, watched, described, shown."""

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from core.images.making import make_due
from core.images.models import Image
from core.images.queries import get_image
from core.schedule.models import Coach
from tests.console.conftest import Desk
from tests.console.reading import headers
from tests.images.photos import jpeg

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_a_coach_drops_a_photo_and_parents_see_it_when_it_is_made(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "my_page")
    assert not app.exception and "Photo" in headers(app)
    drop(app, ("face.jpg", jpeg(900, 1200), "image/jpeg"))
    assert "make_pictures" in desk.nudged and photo_of(desk, "nora") is None
    assert not app.success, "it is not ready yet"
    make_due(desk.services, fine=False)
    app.run()
    assert "Parents see the photo now." in said(app)
    photo = photo_of(desk, "nora")
    assert photo is not None and photo.alt == "Nora Lindqvist, smiling"
    assert any("face.jpg is ready" in sentence for sentence in said(app))


def test_a_file_that_was_taken_in_is_let_go_of(desk: Desk) -> None:
    let_go: list[str] = []
    desk.monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", lambda *which: let_go.append(which[-1]))
    app = desk.open(desk.start("nora"), "my_page")
    drop(app, ("face.jpg", jpeg(900, 1200), "image/jpeg"))
    drop(app, ("page.jpg", b"<html>", "image/jpeg"))
    assert len(set(let_go)) == 2


def test_what_is_no_photo_is_refused_in_a_sentence_and_leaves_nothing(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "my_page")
    drop(app, ("face.jpg", b"<html>not a photo</html>", "image/jpeg"))
    assert len(app.error) == 1 and "This is no picture that we can read" in app.error[0].value
    assert not list(desk.services.originals.files()) and photo_of(desk, "nora") is None
    next(button for button in app.button if button.label == "Clear this line").click().run()
    assert not app.error


def test_the_words_of_a_photo_are_hers_to_change_and_it_can_be_taken_off(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "my_page")
    drop(app, ("face.jpg", jpeg(900, 1200), "image/jpeg"))
    make_due(desk.services, fine=False)
    app.run()
    app.run()
    field = next(field for field in app.text_input if field.label == "What is to be seen")
    field.set_value("Nora in the hall")
    press(app, "Keep these words")
    photo = photo_of(desk, "nora")
    assert photo is not None and photo.alt == "Nora in the hall"
    press(app, "Show no photo")
    assert photo_of(desk, "nora") is None
    press(app, "Show this one")
    assert photo_of(desk, "nora") is not None


def drop(app: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    app.file_uploader[0].set_value(list(files) if app.file_uploader[0].accept_multiple_files else files[0])
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def said(app: AppTest) -> list[str]:
    return [element.value.replace("\\", "").replace("\u200b", "") for element in app.success]


def photo_of(desk: Desk, who: str) -> Image | None:
    with desk.services.database.read() as session:
        coach = session.query(Coach).filter_by(account_id=desk.account(who).id).one()
        return get_image(session, coach.photo_id) if coach.photo_id else None
