"""Files as phones make them: what Chromium and Pillow open, we open, within the same limits."""

import io
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pixels

from core.errors import PictureRejected
from core.images import intake
from core.images.decoder_client import DecoderClient
from core.images.decoding import PictureRefused
from core.images.headers import read_header
from core.images.recipes import RECIPES, specs_of
from core.images.rendering import Made, Opened
from tests.images.photos import detailed, quarters, saved
from tests.images.test_pixels import CORNERS, UPRIGHT, Developed, near

PHOTO = saved(quarters(1600, 1200), "JPEG", quality=92)
FILM = b"MotionPhoto_Data" + os.urandom(8 << 20)


def exif_like(length: int = 40) -> bytes:
    """A segment that some cameras write without its first byte."""
    return b"\x00\xe1" + struct.pack(">H", length) + bytes(length - 2)


def after_first_segment(data: bytes, junk: bytes) -> bytes:
    length = struct.unpack_from(">H", data, 4)[0]
    return data[: 4 + length] + junk + data[4 + length :]


def before_scan(data: bytes, junk: bytes) -> bytes:
    at = data.index(b"\xff\xda")
    return data[:at] + junk + data[at:]


def with_wrong_offset() -> bytes:
    data = bytearray(saved(quarters(1600, 1200), "MPO", save_all=True, append_images=[detailed(320, 240)], quality=92))
    second = data.index(b"\xff\xd8\xff", 100)
    at = data.index(b"MPF\x00")
    for order in ("<I", ">I"):
        place = data.find(struct.pack(order, second - at - 4), at, at + 400)
        if place > 0:
            data[place : place + 4] = struct.pack(order, len(data) + 5_000)
    return bytes(data)


def gif_that_grows() -> bytes:
    first = saved(quarters(64, 48), "GIF")
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 900, 900, 0) + b"\x02\x02\x4c\x01\x00"
    return first[:-1] + frame + b"\x3b"


ODD: dict[str, Callable[[], bytes]] = {
    "a film behind it": lambda: PHOTO + FILM,
    "a film of twenty megabytes": lambda: PHOTO + FILM + FILM + os.urandom(4 << 20),
    "a film behind a progressive one": lambda: saved(quarters(1600, 1200), "JPEG", progressive=True) + FILM,
    "junk at the beginning": lambda: PHOTO[:2] + exif_like() + PHOTO[2:],
    "junk between two segments": lambda: after_first_segment(PHOTO, exif_like()),
    "zeros before the scan": lambda: before_scan(PHOTO, bytes(37)),
    "filling before a marker": lambda: before_scan(PHOTO, b"\xff" * 9),
    "no end": lambda: PHOTO[:-2],
    "half an end": lambda: PHOTO[:-1],
    "five bytes missing": lambda: PHOTO[:-5],
    "zeros after the end": lambda: PHOTO + bytes(5_000),
    "another JPEG behind it": lambda: PHOTO + saved(detailed(900, 700), "JPEG"),
    "a PNG without its end": lambda: saved(quarters(1600, 1200), "PNG")[:-12],
    "a PNG without its last bytes": lambda: saved(quarters(1600, 1200), "PNG")[:-18],
    "a PNG with bytes behind it": lambda: saved(quarters(1600, 1200), "PNG") + bytes(999),
    "a GIF without its end": lambda: saved(quarters(640, 480), "GIF")[:-1],
    "a second frame of odd size": lambda: saved(
        quarters(1600, 1200), "MPO", save_all=True, append_images=[detailed(40, 3_000)], quality=92
    ),
    "a second frame whose place is wrong": with_wrong_offset,
    "a GIF whose later frame is larger": gif_that_grows,
}


@pytest.mark.parametrize("what", ODD)
def test_what_phones_make_oddly_is_taken_and_looks_right(what: str) -> None:
    data = ODD[what]()
    intake.checked(data, name="photo")
    for _, picture in Developed(data).pictures():
        assert near(picture, CORNERS, UPRIGHT)


@pytest.mark.parametrize("missing", [200, 2_000, 90_000])
def test_the_end_of_the_last_rows_may_be_missing_and_no_more(missing: int) -> None:
    data = saved(detailed(4000, 3000), "JPEG", quality=90)[:-missing]
    intake.checked(data, name="photo")
    if missing < 90_000:
        assert Developed(data).files
    else:
        with pytest.raises(PictureRefused, match="incomplete"):
            Developed(data)


def test_scans_behind_the_picture_are_not_counted_and_those_in_it_are() -> None:
    many = b"\xff\xda" * 5_000
    assert intake.checked(PHOTO + many, name="x").header.scans == 1
    progressive = saved(detailed(300, 200), "JPEG", progressive=True)
    last = progressive.rindex(b"\xff\xda")
    with pytest.raises(PictureRejected, match="too many steps"):
        intake.checked(progressive[:last] + exif_like() + progressive[last:-2] * 150 + progressive[-2:], name="x")


@pytest.mark.parametrize("name", ["IMG_0001.HEIC", "photo", "x.txt", "photo.jpg_large", "Foto.JPEG.exe", ".."])
def test_the_bytes_decide_and_never_the_name(name: str) -> None:
    assert intake.checked(PHOTO, name=name).header.format == "jpeg"


def large(path: Path, form: str, size: tuple[int, int]) -> Path:
    """Made row after row where that is possible, since the test should be small where the photo is not."""
    tile = detailed(1000, 500) if form == "JPEG" else quarters(1000, 500)  # the encoder of HEIC is slow with grain
    whole = Pixels.new("RGB", size)
    for x in range(0, size[0], 1000):
        for y in range(0, size[1], 500):
            whole.paste(tile, (x, y))
    if form == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    more = {"enc_params": {"preset": "ultrafast"}} if form == "HEIF" else {}
    whole.save(path, form, quality=60 if form == "JPEG" else 10, **more)
    return path


LARGE = {
    "48 million pixels of an iPhone": ("HEIF", (8064, 6048)),
    "108 million of a phone": ("JPEG", (12_000, 9_000)),
    "200 million of a phone": ("JPEG", (16_320, 12_240)),
    "a panorama": ("JPEG", (16_000, 3_900)),
}


@pytest.mark.parametrize("what", LARGE)
def test_the_largest_photos_of_phones_are_made_within_the_childs_limits(what: str, tmp_path: Path) -> None:
    form, size = LARGE[what]
    file = large(tmp_path / "photo", form, size)
    header = read_header(file.read_bytes())
    assert header is not None
    intake.checked(file.read_bytes(), name="photo")
    specs = specs_of(RECIPES["campaign"], pixels="x", focal=(50, 50), encoders="", fine=False)
    needed = frozenset(spec.key for spec in specs if spec.format == "jpeg")
    with DecoderClient() as decoder, file.open("rb") as original:
        answers = list(decoder.develop(original, header, specs, needed=needed, focal=(50, 50), background="#ffffff"))
    assert answers[0] == Opened(*size, None)
    made = [one for one in answers if isinstance(one, Made)]
    assert len(made) == len(needed)
    for one in made:
        one.file.close()


def test_the_bound_of_the_largest_holds_for_a_line_too() -> None:
    for size in ((1, 20_000), (20_000, 1), (3, 30_000), (300, 20_000)):
        data = saved(Pixels.new("RGB", size, (200, 40, 40)), "PNG")
        assert max(side for _, made, _ in Developed(data, RECIPES["gallery"]).files for side in made) <= 2000


def test_a_photo_that_turns_out_smaller_than_it_said_is_taken() -> None:
    """A canvas may be larger than what is drawn on it: only more than was said is refused."""
    data = saved(quarters(64, 48), "JPEG")
    image = Pixels.open(io.BytesIO(data))
    assert np.asarray(image).shape == (48, 64, 3)
    assert Developed(data).opened[0].width_px == 64
