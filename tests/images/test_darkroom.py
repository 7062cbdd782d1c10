"""A picture that wants more than its header lets expect ends its own child, and nothing else."""

import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as Pixels

from core.images.decoder_client import Darkroom, DarkroomFailed, Limits, limits_for
from core.images.decoding import PictureRefused
from core.images.headers import Header, read_header
from core.images.pixels import Glimpse, Made, Opened
from core.images.recipes import RECIPES, specs_of
from tests.images.photos import chunk, detailed, jpeg, png_head, saved

MIB = 1 << 20


@pytest.fixture(scope="module")
def darkroom() -> Iterator[Darkroom]:
    with Darkroom() as opened:
        yield opened


def developed(
    darkroom: Darkroom,
    data: bytes,
    *,
    limits: Limits | None = None,
    header: Header | None = None,
    kind: str = "gallery",
) -> list[Opened | Made | Glimpse]:
    header = header or read_header(data)
    assert header is not None
    recipe = RECIPES[kind]
    specs = specs_of(recipe, pixels="x", focal=(50, 50), encoders="", fine=False)
    told = []
    file = os.fdopen(os.memfd_create("original"), "w+b")
    with file:
        file.write(data)
        file.flush()
        for one in darkroom.develop(
            file, header, specs, needed=frozenset(spec.key for spec in specs), focal=(50, 50),
            background=recipe.background, limits=limits,
        ):  # fmt: skip
            if isinstance(one, Made):
                one.file.close()
            told.append(one)
    return told


def works(darkroom: Darkroom) -> bool:
    return len([one for one in developed(darkroom, jpeg(90, 60), kind="profile") if isinstance(one, Made)]) == 2


def test_a_picture_is_told_of_as_it_is_finished(darkroom: Darkroom) -> None:
    told = developed(darkroom, jpeg(2600, 1950))
    assert isinstance(told[0], Opened) and (told[0].width_px, told[0].height_px) == (2600, 1950)
    made = [one for one in told if isinstance(one, Made)]
    assert len(made) == 8 and len([one for one in told if isinstance(one, Glimpse)]) == 1
    assert "jpeg" in {one.spec.format for one in made[:2]}, "two are made at once, and a JPEG is the first that begins"


def test_two_formats_of_a_size_do_not_take_each_others_quality(darkroom: Darkroom) -> None:
    """Pillow keeps a saving's options on the image: two at once, and JPEG was saved with AVIF's quality."""
    data = saved(detailed(2400, 1800), "JPEG", quality=90)
    sizes = set()
    for _ in range(3):
        files = {}
        for one in developed_files(darkroom, data):
            files[one[0]] = one[1]
        sizes.add(tuple(sorted(files.items())))
    assert len(sizes) == 1


def developed_files(darkroom: Darkroom, data: bytes) -> list[tuple[str, int]]:
    header = read_header(data)
    assert header is not None
    specs = specs_of(RECIPES["gallery"], pixels="x", focal=(50, 50), encoders="", fine=False)
    found = []
    with os.fdopen(os.memfd_create("original"), "w+b") as file:
        file.write(data)
        file.flush()
        for one in darkroom.develop(
            file, header, specs, needed=frozenset(spec.key for spec in specs), focal=(50, 50), background="#ffffff"
        ):
            if isinstance(one, Made):
                with one.file:
                    found.append((one.spec.key, len(one.file.read())))
    return found


def test_too_little_memory_is_said_in_a_sentence(darkroom: Darkroom) -> None:
    """A PNG of 36 million pixels, in a child that may take a hundred megabytes."""
    data = flat_png(6_000)
    with pytest.raises(PictureRefused, match="too much memory"):
        developed(darkroom, data, limits=Limits(100 * MIB))
    assert works(darkroom)


def test_an_honest_file_of_the_largest_size_keeps_within_its_limit(darkroom: Darkroom) -> None:
    made = [one for one in developed(darkroom, flat_png(6_300)) if isinstance(one, Made)]
    assert len(made) == 8


def test_too_much_time_on_the_processor_ends_it(darkroom: Darkroom) -> None:
    """A progressive JPEG with as many scans as it likes, past the check that would have refused it."""
    with pytest.raises(PictureRefused, match="takes too long"):
        developed(darkroom, slow_jpeg(), limits=Limits(400 * MIB, cpu_s=1, wall_s=30))
    assert works(darkroom)


def test_too_much_time_on_the_wall_ends_it_for_now(darkroom: Darkroom) -> None:
    """A busy machine is not the picture's fault, so it may be tried again."""
    with pytest.raises(DarkroomFailed, match="SIGALRM"):
        developed(darkroom, slow_jpeg(), limits=Limits(400 * MIB, cpu_s=30, wall_s=1))
    assert works(darkroom)


def test_a_file_that_promises_little_and_holds_much_gets_little(darkroom: Darkroom) -> None:
    """The limit follows the promise; the decoder's own word on the size ends it before."""
    data = flat_png(6_000)
    with pytest.raises(PictureRefused, match=r"incomplete or damaged|one size and holds another"):
        developed(darkroom, data, header=Header("png", 100, 100))
    assert limits_for(Header("png", 100, 100)).memory_bytes < limits_for(Header("png", 6_000, 6_000)).memory_bytes


def test_rubbish_behind_a_right_beginning_is_refused_and_the_next_is_made(darkroom: Darkroom) -> None:
    head = png_head(640, 480)
    for data in (head + chunk(b"IDAT", b"rubbish"), saved(detailed(90, 60), "AVIF")[:-99]):
        with pytest.raises(PictureRefused):
            developed(darkroom, data)
        assert works(darkroom)


def test_a_child_that_somebody_else_kills_may_be_tried_again() -> None:
    with Darkroom() as darkroom:
        assert works(darkroom)
        assert darkroom._process is not None
        watcher = threading.Thread(target=kill_the_child_of, args=(darkroom._process.pid,))
        watcher.start()
        with pytest.raises(DarkroomFailed, match="SIGKILL"):
            developed(darkroom, slow_jpeg())
        watcher.join()
        assert works(darkroom)


def test_a_darkroom_that_is_killed_is_started_anew() -> None:
    with Darkroom() as darkroom:
        assert works(darkroom)
        assert darkroom._process is not None
        darkroom._process.kill()
        darkroom._process.wait()
        with pytest.raises(DarkroomFailed):
            developed(darkroom, jpeg())
        assert works(darkroom)


def test_a_darkroom_ends_with_whoever_started_it() -> None:
    program = (
        "import os, sys, time; from core.images.decoder_client import Darkroom\n"
        "darkroom = Darkroom(); darkroom._start(); print(darkroom._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        darkroom = int(owner.stdout.readline())
        owner.kill()
    deadline = time.monotonic() + 20
    while alive(darkroom):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_child_is_nice_and_leaves_no_core(darkroom: Darkroom) -> None:
    assert works(darkroom) and darkroom._process is not None
    assert os.getpriority(os.PRIO_PROCESS, darkroom._process.pid) > os.getpriority(os.PRIO_PROCESS, os.getpid())


def test_no_socket_or_file_is_left_open(darkroom: Darkroom) -> None:
    assert works(darkroom) and darkroom._process is not None
    before = open_files(os.getpid()), open_files(darkroom._process.pid)
    for _ in range(3):
        works(darkroom)
        with pytest.raises(PictureRefused):
            developed(darkroom, jpeg()[:-2000])
    assert (open_files(os.getpid()), open_files(darkroom._process.pid)) == before


def flat_png(side: int) -> bytes:
    rows = zlib.compressobj(1)
    line = bytes(1 + side * 3)
    data = b"".join(rows.compress(line) for _ in range(side)) + rows.flush()
    return png_head(side, side) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def slow_jpeg() -> bytes:
    """Seconds of work in a quarter of a megabyte."""
    flat = saved(Pixels.new("RGB", (3_000, 3_000), "#808080"), "JPEG", quality=70, progressive=True)
    last = flat.rindex(b"\xff\xda")
    return flat[:last] + flat[last:-2] * 1_000 + flat[-2:]


def kill_the_child_of(pid: int) -> None:
    """As soon as there is one."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while not (found := children.read_text().split()):
        time.sleep(0.01)
    os.kill(int(found[0]), signal.SIGKILL)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def open_files(pid: int) -> int:
    return len([*Path(f"/proc/{pid}/fd").iterdir()])
