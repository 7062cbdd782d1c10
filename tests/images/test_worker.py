"""The worker itself, as a process: pictures are made beside everything else, and stop none of it."""

from pathlib import Path

import httpx2
import pytest

import tasks
from core.bootstrap import build
from core.images import intake, uploads
from core.images.models import Image, ImageKind, ImageState
from core.images.queries import get_image
from core.platform.actor import COMMAND_LINE
from core.platform.services import Services
from core.platform.settings import load_settings
from core.platform.storage import FOR_EVER
from tests.images.photos import detailed, jpeg, saved
from tests.support.processes import RunningGym, running_gym

pytestmark = pytest.mark.processes


def services_of(gym: RunningGym) -> Services:
    return build(load_settings(_env_file=None, data_dir=Path(gym.environment["SPIRIT_DATA_DIR"])))


def send(services: Services, data: bytes | None = None) -> Image:
    upload = intake.checked(data or jpeg(900, 600), name="hall.jpg")
    return uploads.accept(services, upload, ImageKind.GALLERY, alt="The hall", by=COMMAND_LINE)


def image(services: Services, image_id: int) -> Image:
    with services.database.read() as session:
        return get_image(session, image_id)


def test_a_photo_is_made_by_the_worker_and_given_out_by_the_site(tmp_path: Path) -> None:
    with running_gym(tmp_path, "site") as gym:
        services = services_of(gym)
        sent = send(services)
        gym.start("worker")
        gym.wait_until(lambda: image(services, sent.id).fine_made != "", "the photo is made", "worker")
        made = image(services, sent.id)
        services.database.dispose()
        assert made.state is ImageState.READY
        for file in made.renditions:
            answer = httpx2.get(f"{gym.site_url}/media/{file.path}")
            assert answer.status_code == 200 and len(answer.content) == file.size_bytes
            assert answer.headers["content-type"] == f"image/{file.format}"
            assert answer.headers["cache-control"] == FOR_EVER
        assert "-9" not in gym.log("worker") and "Traceback" not in gym.log("worker")


def test_a_new_picture_does_not_wait_for_one_that_is_made_smaller(tmp_path: Path) -> None:
    with running_gym(tmp_path) as gym:
        services = services_of(gym)
        large = send(services, saved(detailed(4000, 3000), "JPEG", quality=95))
        gym.start("worker")
        gym.wait_until(lambda: is_made_smaller(services, large.id), "somebody is at it", "worker")
        small = send(services)
        tasks.nudge_from_thread(services, tasks.make_pictures)
        gym.wait_until(lambda: image(services, small.id).state is ImageState.READY, "the new one is there", "worker")
        assert image(services, large.id).fine_made == ""
        services.database.dispose()


def is_made_smaller(services: Services, image_id: int) -> bool:
    """It is shown, and a worker has taken it again."""
    found = image(services, image_id)
    return found.state is ImageState.READY and found.lease_until is not None


def test_a_picture_that_hangs_stops_neither_expiry_nor_mail(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with running_gym(tmp_path) as gym:
        services = services_of(gym)
        sent = send(services)
        gym.start("worker", SPIRIT_TEST_FAILPOINTS=f"picture_claimed=wait:{go}")
        gym.wait_until(go.with_name("go.reached").exists, "the picture hangs", "worker")
        gym.do("demo")
        mails = tmp_path / "var" / "mail"
        gym.wait_until(lambda: any(mails.glob("*.eml")), "mail goes out", "worker")
        assert image(services, sent.id).state is ImageState.MAKING
        go.touch()
        gym.wait_until(lambda: image(services, sent.id).state is ImageState.READY, "it goes on", "worker")
        services.database.dispose()
