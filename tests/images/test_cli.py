"""`spirit images`, as a person types it."""

import re

import pytest

from core.bootstrap import services
from core.images import intake, uploads
from core.images.models import ImageKind
from core.platform.actor import COMMAND_LINE
from tests.images.photos import jpeg
from tests.test_cli import Terminal, gym, terminal

__all__ = ["gym", "terminal"]
sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def send() -> None:
    upload = intake.checked(jpeg(500, 400), name="hall.jpg")
    uploads.accept(services(), upload, ImageKind.GALLERY, alt="The hall", by=COMMAND_LINE)
    services().database.dispose()
    services.cache_clear()


def test_pictures_are_listed_made_verified_and_swept(gym: Terminal) -> None:
    services.cache_clear()
    send()
    assert "1  WAITING   gallery   500×400" in gym.do("images", "list")
    assert gym.do("images", "regenerate") == "1 made, 1 made smaller, 0 rejected, 0 to be tried again\n"
    said = gym.do("images", "list", "--kind", "gallery")
    assert re.search(r"READY .* 0\.0 MB → 0\.0 MB in 4 files  hall\.jpg\n0\.\d of 5,369 MB used \(0%\)", said)
    assert gym.do("images", "verify") == "Every file is there, as it was made.\n"
    assert "0 renditions and 0 originals would go" in gym.do("images", "sweep", "--dry-run")
    assert gym.do("images", "list", "--kind", "profile").count("\n") == 1


@sqlite_only
def test_what_is_missing_is_named_and_comes_back(gym: Terminal) -> None:
    services.cache_clear()
    send()
    gym.do("images", "regenerate")
    lost = next((gym.folder / "var" / "media").rglob("*.jpg"))
    lost.unlink()
    answer = gym.run("images", "verify")
    assert answer.code == 1 and answer.said.startswith(f"missing   picture 1  {lost.parent.name}/{lost.name}")
    assert gym.do("images", "regenerate", "1").startswith("1 made")
    assert lost.exists() and gym.run("images", "verify").code == 0


@sqlite_only
def test_what_is_not_there_is_said_in_a_line(gym: Terminal) -> None:
    for arguments, words in (
        (("regenerate", "7"), "We know no such picture."),
        (("list", "--kind", "poster"), "There is no kind 'poster'"),
    ):
        answer = gym.run("images", *arguments)
        assert answer.code == 1 and words in answer.complaint and answer.complaint.count("\n") == 1
