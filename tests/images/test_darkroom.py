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

from core.images.decoder_client import DecoderClient, DecoderFailed, Limits, limits_for
from core.images.decoding import PictureRefused
from core.images.headers import Header, read_header
from core.images.recipes import RECIPES, specs_of
from core.images.rendering import Made, Opened, Placeholder
from tests.images.photos import chunk, detailed, jpeg, png_head, saved

MIB = 1 << 20


@pytest.fixture(scope="module")
def decoder() -> Iterator[DecoderClient]:
    with DecoderClient() as opened:
        yield opened


def developed(
    decoder: DecoderClient,
    data: bytes,
    *,
    limits: Limits | None = None,
    header: Header | None = None,
    kind: str = "gallery",
) -> list[Opened | Made | Placeholder]:
    header = header or read_header(data)
    assert header is not None
    recipe = RECIPES[kind]
    specs = specs_of(recipe, pixels="x", focal=(50, 50), encoders="", fine=False)
    event = []
    file = os.fdopen(os.memfd_create("original"), "w+b")
    with file:
        file.write(data)
        file.flush()
        for one in decoder.develop(
            file, header, specs, needed=frozenset(spec.key for spec in specs), focal=(50, 50),
            background=recipe.background, limits=limits,
        ):  # fmt: skip
            if isinstance(one, Made):
                one.file.close()
            event.append(one)
    return event


def works(decoder: DecoderClient) -> bool:
    return len([one for one in developed(decoder, jpeg(90, 60), kind="profile") if isinstance(one, Made)]) == 2


def test_a_picture_is_told_of_as_it_is_finished(decoder: DecoderClient) -> None:
    event = developed(decoder, jpeg(2600, 1950))
    assert isinstance(event[0], Opened) and (event[0].width_px, event[0].height_px) == (2600, 1950)
    made = [one for one in event if isinstance(one, Made)]
    assert len(made) == 8 and len([one for one in event if isinstance(one, Placeholder)]) == 1
    assert "jpeg" in {one.spec.format for one in made[:2]}, "two are made at once, and a JPEG is the first that begins"


def test_two_formats_of_a_size_do_not_take_each_others_quality(decoder: DecoderClient) -> None:
    """Pillow keeps a saving's options on the image: two at once, and JPEG was saved with AVIF's quality."""
    data = saved(detailed(2400, 1800), "JPEG", quality=90)
    sizes = set()
    for _ in range(3):
        files = {}
        for one in developed_files(decoder, data):
            files[one[0]] = one[1]
        sizes.add(tuple(sorted(files.items())))
    assert len(sizes) == 1


def developed_files(decoder: DecoderClient, data: bytes) -> list[tuple[str, int]]:
    header = read_header(data)
    assert header is not None
    specs = specs_of(RECIPES["gallery"], pixels="x", focal=(50, 50), encoders="", fine=False)
    found = []
    with os.fdopen(os.memfd_create("original"), "w+b") as file:
        file.write(data)
        file.flush()
        for one in decoder.develop(
            file, header, specs, needed=frozenset(spec.key for spec in specs), focal=(50, 50), background="#ffffff"
        ):
            if isinstance(one, Made):
                with one.file:
                    found.append((one.spec.key, len(one.file.read())))
    return found


def test_too_little_memory_is_said_in_a_sentence(decoder: DecoderClient) -> None:
    """A PNG of 36 million pixels, in a child that may take a hundred megabytes."""
    data = flat_png(6_000)
    with pytest.raises(PictureRefused, match="too much memory"):
        developed(decoder, data, limits=Limits(100 * MIB))
    assert works(decoder)


def test_an_honest_file_of_the_largest_size_keeps_within_its_limit(decoder: DecoderClient) -> None:
    made = [one for one in developed(decoder, flat_png(6_300)) if isinstance(one, Made)]
    assert len(made) == 8


def test_too_much_time_on_the_processor_ends_it(decoder: DecoderClient) -> None:
    """A progressive JPEG with as many scans as it likes, past the check that would have refused it."""
    with pytest.raises(PictureRefused, match="takes too long"):
        developed(decoder, slow_jpeg(), limits=Limits(400 * MIB, cpu_s=1, wall_s=30))
    assert works(decoder)


def test_too_much_time_on_the_wall_ends_it_for_now(decoder: DecoderClient) -> None:
    """A busy machine is not the picture's fault, so it may be tried again."""
    with pytest.raises(DecoderFailed, match="SIGALRM"):
        developed(decoder, slow_jpeg(), limits=Limits(400 * MIB, cpu_s=30, wall_s=1))
    assert works(decoder)


def test_a_file_that_promises_little_and_holds_much_gets_little(decoder: DecoderClient) -> None:
    """The limit follows the promise; the decoder's own word on the size ends it before."""
    data = flat_png(6_000)
    with pytest.raises(PictureRefused, match=r"incomplete or damaged|one size and holds another"):
        developed(decoder, data, header=Header("png", 100, 100))
    assert limits_for(Header("png", 100, 100)).memory_bytes < limits_for(Header("png", 6_000, 6_000)).memory_bytes


def test_rubbish_behind_a_right_beginning_is_refused_and_the_next_is_made(decoder: DecoderClient) -> None:
    head = png_head(640, 480)
    for data in (head + chunk(b"IDAT", b"rubbish"), saved(detailed(90, 60), "AVIF")[:-99]):
        with pytest.raises(PictureRefused):
            developed(decoder, data)
        assert works(decoder)


def test_a_child_that_somebody_else_kills_may_be_tried_again() -> None:
    with DecoderClient() as decoder:
        assert works(decoder)
        assert decoder._process is not None
        watcher = threading.Thread(target=kill_the_child_of, args=(decoder._process.pid,))
        watcher.start()
        with pytest.raises(DecoderFailed, match="SIGKILL"):
            developed(decoder, slow_jpeg())
        watcher.join()
        assert works(decoder)


def test_a_darkroom_that_is_killed_is_started_anew() -> None:
    with DecoderClient() as decoder:
        assert works(decoder)
        assert decoder._process is not None
        decoder._process.kill()
        decoder._process.wait()
        with pytest.raises(DecoderFailed):
            developed(decoder, jpeg())
        assert works(decoder)


def test_a_darkroom_ends_with_whoever_started_it() -> None:
    program = (
        "import os, sys, time; from core.images.decoder_client import DecoderClient\n"
        "decoder = DecoderClient(); decoder._start(); print(decoder._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        decoder = int(owner.stdout.readline())
        owner.kill()
    deadline = time.monotonic() + 20
    while alive(decoder):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_child_is_nice_and_leaves_no_core(decoder: DecoderClient) -> None:
    assert works(decoder) and decoder._process is not None
    assert os.getpriority(os.PRIO_PROCESS, decoder._process.pid) > os.getpriority(os.PRIO_PROCESS, os.getpid())


def test_no_socket_or_file_is_left_open(decoder: DecoderClient) -> None:
    assert works(decoder) and decoder._process is not None
    before = open_files(os.getpid()), open_files(decoder._process.pid)
    for _ in range(3):
        works(decoder)
        with pytest.raises(PictureRefused):
            developed(decoder, jpeg()[:-2000])
    assert (open_files(os.getpid()), open_files(decoder._process.pid)) == before


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
