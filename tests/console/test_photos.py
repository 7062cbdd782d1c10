"""A coach's own photo, and the page Images: dropped, watched, described, shown."""

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from console.photos import photo_upload as photo_drop
from core.images import intake, uploads
from core.images.image_commands import set_budget
from core.images.models import Image, ImageKind
from core.images.queries import get_image
from core.images.rendition_jobs import make_due
from core.platform.actor import COMMAND_LINE
from core.schedule.models import Coach
from tests.console.app_reader import headers
from tests.console.conftest import Desk
from tests.images.photos import jpeg
from tests.support.actors import as_staff

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_a_coach_drops_a_photo_and_parents_see_it_when_it_is_made(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "my_page")
    assert not app.exception and "Photo" in headers(app)
    drop(app, ("face.jpg", jpeg(900, 1200), "image/jpeg"))
    assert "make_pictures" in desk.nudged and photo_of(desk, "nora") is None
    assert not app.success, "it is not ready yet"
    make_due(desk.services, fine=False)
    app.run()
    assert photo_of(desk, "nora") is None, "a run that may hold a click takes no news"
    look(desk, app)
    assert "Parents see the photo now." in said(app)
    photo = photo_of(desk, "nora")
    assert photo is not None and photo.alt == "Portrait of Nora Lindqvist"
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
    look(desk, app)
    app.run()
    field = next(field for field in app.text_input if field.label == "What is to be seen")
    field.set_value("Nora in the hall")
    press(app, "Keep these words")
    photo = photo_of(desk, "nora")
    assert photo is not None and photo.alt == "Nora in the hall"
    assert {"Cut it differently", "Before and after"} <= {expander.label for expander in app.expander}
    app.slider(key=f"focal-y-{photo.id}").set_value(30).run()
    press(app, "Keep this point")
    assert image_of(desk, photo.id).focal_y == 30
    make_due(desk.services, fine=False)
    app.run()
    press(app, "Show no photo")
    assert photo_of(desk, "nora") is None
    press(app, "Show this one")
    assert photo_of(desk, "nora") is not None


def drop(app: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    app.file_uploader[0].set_value(list(files) if app.file_uploader[0].accept_multiple_files else files[0])
    return app.run()


def look(desk: Desk, app: AppTest) -> AppTest:
    """The lines look by themselves, as their timer has them do."""
    with desk.monkeypatch.context() as timer:
        timer.setattr(photo_drop, "is_lone_fragment", lambda: True)
        return app.run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def said(app: AppTest) -> list[str]:
    return [element.value.replace("\\", "").replace("\u200b", "") for element in app.success]


def photo_of(desk: Desk, who: str) -> Image | None:
    with desk.services.database.read() as session:
        coach = session.query(Coach).filter_by(account_id=desk.account(who).id).one()
        return get_image(session, coach.photo_id) if coach.photo_id else None


def test_an_admin_drops_several_at_once_and_each_has_its_line(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "images")
    assert [info.value for info in app.info] == ["There is no image yet. Drop the first photo above."]
    drop(app, ("a.jpg", jpeg(800, 600), "image/jpeg"), ("b.jpg", jpeg(900, 600), "image/jpeg"), ("c.jpg", b"no", "x/y"))
    assert len(app.error) == 1 and "c" in app.error[0].value
    make_due(desk.services, fine=False)
    app.run()
    assert [sentence.partition(" is ready")[0] for sentence in said(app)] == ["a.jpg", "b.jpg"]
    assert [text.value for text in app.text if text.value == "Needs words"] == ["Needs words"] * 2
    next(field for field in app.text_input if field.label == "Search").set_value("b.jp").run()
    assert [button.key for button in app.button if (button.key or "").startswith("open-image")] == ["open-image-2"]


def test_an_image_is_described_focused_made_again_replaced_and_deleted(desk: Desk) -> None:
    image = sent_by_ada(desk, ImageKind.CAMPAIGN)
    app = desk.open(desk.start("ada"), "images")
    app.button(key=f"open-image-{image.id}").click().run()
    assert not app.exception and headers(app)[1:] == ["Before and after", "What matters in it", "Another file, or none"]
    app.text_input(key=f"alt-{image.id}").set_value("A hall")
    press(app, "Keep these words")
    app.slider(key=f"focal-x-{image.id}").set_value(80).run()
    press(app, "Keep this point")
    found = image_of(desk, image.id)
    assert (found.alt, found.focal_x, found.focal_y, found.recipe_made) == ("A hall", 80, 50, "")
    make_due(desk.services, fine=False)
    press(app, "Make it again")
    assert image_of(desk, image.id).recipe_made == "" and desk.nudged.count("make_pictures") == 2
    drop(app, ("other.jpg", jpeg(1000, 700), "image/jpeg"))
    assert image_of(desk, image.id).name == "other.jpg"
    press(app, "Yes: delete")
    with desk.services.database.read() as session:
        assert session.get(Image, image.id) is None


def test_an_image_that_a_page_shows_is_not_deleted_and_where_is_said(desk: Desk) -> None:
    image = sent_by_ada(desk, ImageKind.PROFILE)
    nora = desk.account("nora")
    with desk.services.database.write() as transaction:
        transaction.session.query(Coach).filter_by(account_id=nora.id).one().photo_id = image.id
    app = desk.open(desk.start("ada"), "images")
    app.button(key=f"open-image-{image.id}").click().run()
    assert any("Nora Lindqvist" in text.value for text in app.markdown if "Pages that show it" in text.value)
    assert next(button for button in app.button if button.label == "Yes: delete").disabled


def test_the_room_for_pictures_is_shown_and_a_warning_comes_before_it_is_used_up(desk: Desk) -> None:
    image = sent_by_ada(desk, ImageKind.GALLERY)
    desk.services.database.transact(lambda tx: set_budget(tx.session, 1 << 20, by=COMMAND_LINE, now=tx.now))
    app = desk.open(desk.start("ada"), "images")
    assert not app.warning
    with desk.services.database.write() as transaction:
        transaction.session.get_one(Image, image.id).original_bytes = 900_000
    assert "of the room for pictures is used" in desk.open(desk.start("ada"), "images").warning[0].value


def test_an_original_is_for_whoever_may_change_it_alone(desk: Desk) -> None:
    image = sent_by_ada(desk, ImageKind.PROFILE)
    address = f"/originals/{image.id}"
    desk.client.cookies.clear()
    assert desk.get(address).status_code == 303
    desk.become("nora")
    assert desk.get(address).status_code == 404
    desk.become("ada")
    answer = desk.get(address)
    assert answer.content == jpeg(1200, 900) and answer.headers["content-type"] == "image/jpeg"
    assert "sandbox" in answer.headers["content-security-policy"] and "private" in answer.headers["cache-control"]
    assert desk.get("/originals/987").status_code == 404


def sent_by_ada(desk: Desk, kind: ImageKind) -> Image:
    upload = intake.checked(jpeg(1200, 900), name="photo.jpg")
    image = uploads.accept(desk.services, upload, kind, alt="A photo", by=as_staff(desk.account("ada").id))
    make_due(desk.services, fine=False)
    return image


def image_of(desk: Desk, image_id: int) -> Image:
    with desk.services.database.read() as session:
        return get_image(session, image_id)
