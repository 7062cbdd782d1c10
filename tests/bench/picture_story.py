"""Pictures in the running gym: how soon one can be shown, and whether parents notice that many are being made."""

import http.client
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bootstrap import build
from core.images import intake, uploads
from core.images.models import Image, ImageKind, ImageState, Rendition
from core.platform.actor import COMMAND_LINE
from core.platform.services import Services
from core.platform.settings import load_settings
from tests.support.processes import RunningGym, running_gym

PAGE = "/coaches"
REQUESTS = 400
EVERY_S = 0.02
PHOTOS = 40  # on a quick machine twenty are made before the last request
TRIES = 3
LIMIT_S = 180.0


def first_rendition_s(photo: Path) -> float:
    """From the upload's acceptance to the first file that a page could show: the median of a few, each of new pixels."""
    with tempfile.TemporaryDirectory() as folder, running_gym(Path(folder), "worker") as gym:
        services = _services(gym)
        data = photo.read_bytes()
        with _bell(gym) as ring:
            waits = [_wait_for_first(gym, services, data + bytes([number]), ring) for number in range(TRIES + 1)]
        services.database.dispose()
    return statistics.median(waits[1:])  # the first one starts the darkroom's imports from a cold disk


def _wait_for_first(gym: RunningGym, services: Services, data: bytes, ring: Callable[[], None]) -> float:
    image = uploads.accept(services, intake.checked(data, name="photo.jpg"), ImageKind.GALLERY, by=COMMAND_LINE)
    began = time.perf_counter()
    ring()
    while not _any(services, image.id):
        assert time.perf_counter() - began < LIMIT_S, gym.log("worker")
        time.sleep(0.005)
    waited = time.perf_counter() - began
    gym.wait_until(lambda: _waiting(services) == 0, "the picture is made", "worker", LIMIT_S)
    return waited


@contextmanager
def _bell(gym: RunningGym) -> Iterator[Callable[[], None]]:
    """Rings the worker from a process that has the queue open already, as the console's."""
    program = (
        "import sys, tasks; from core.bootstrap import services\n"
        "for line in sys.stdin: tasks.nudge_from_thread(services(), tasks.make_pictures); print('rung', flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], env=gym.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        sent, heard = process.stdin, process.stdout
        assert sent is not None and heard is not None

        def ring() -> None:
            sent.write("\n")
            sent.flush()
            heard.readline()

        ring()
        yield ring
        sent.close()


def site_p95_ms(photos: Sequence[Path]) -> tuple[float, float]:
    """The public list of coaches, idle and while the worker makes one photo after another."""
    with tempfile.TemporaryDirectory() as folder, running_gym(Path(folder), "site", "worker", demo=True) as gym:
        services = _services(gym)
        _p95_ms(gym)
        idle = _p95_ms(gym)
        for number in range(PHOTOS):
            data = photos[number % len(photos)].read_bytes() + bytes([number])
            uploads.accept(services, intake.checked(data, name="photo.jpg"), ImageKind.GALLERY, by=COMMAND_LINE)
        with _bell(gym):
            gym.wait_until(lambda: _waiting(services) < PHOTOS, "the first is made", "worker", LIMIT_S)
            busy = _p95_ms(gym)
        assert _waiting(services) > 0, "all were made before the end: take more photos"
        services.database.dispose()
    return idle, busy


def _p95_ms(gym: RunningGym) -> float:
    """Of requests that come evenly, as visitors do, and not as fast as they are answered."""
    address = urlsplit(gym.site_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    taken = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        connection.request("GET", PAGE)
        connection.getresponse().read()
        taken.append((time.perf_counter() - began) * 1000)
        time.sleep(EVERY_S)
    connection.close()
    return statistics.quantiles(taken, n=20)[-1]


def _services(gym: RunningGym) -> Services:
    settings = load_settings(_env_file=None, data_dir=Path(gym.environment["SPIRIT_DATA_DIR"]))
    return build(settings)


def _any(services: Services, image_id: int) -> bool:
    with services.database.read() as session:
        return session.scalars(select(Rendition.id).where(Rendition.image_id == image_id).limit(1)).first() is not None


def _waiting(services: Services) -> int:
    with services.database.read() as session:
        return _count(session)


def _count(session: Session) -> int:
    unmade = Image.state.in_((ImageState.WAITING, ImageState.MAKING))
    return len(session.scalars(select(Image.id).where(unmade)).all())
