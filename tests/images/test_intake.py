"""Bytes from outside are looked at before anything opens them; what is refused leaves nothing behind."""

import io
import struct
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image as Pixels
from sqlalchemy import func, select

from core.errors import PictureRejected, PictureTooLarge, PictureUnknown, StorageFull
from core.images import image_commands, intake
from core.images.headers import read_header
from core.images.models import Image
from core.platform.actor import COMMAND_LINE
from tests.images.conftest import Gallery
from tests.images.photos import chunk, detailed, jpeg, png_head, quarters, saved

WORDS = {"alt": "A photo", "name": "photo.jpg"}


def one_bit_bomb(side: int) -> bytes:
    """A hundred kilobytes of zeros that open into a wall of pixels."""
    rows = zlib.compressobj(9)
    line = bytes(1 + (side + 7) // 8)
    data = b"".join(rows.compress(line) for _ in range(side)) + rows.flush()
    return png_head(side, side, depth=1, colour=0) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def many_scans(times: int, side: int = 600) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = saved(detailed(side, side), "JPEG", quality=90, progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * times + data[-2:]


def boxed(brand: bytes, width: int, height: int) -> bytes:
    """An AVIF or HEIC that says how large it is and has no pixels."""
    ispe = box(b"ispe", bytes(4) + struct.pack(">II", width, height))
    meta = box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", ispe)))
    return box(b"ftyp", brand + bytes(4) + brand + b"mif1") + meta


def box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + name + data


def webp_head(width: int, height: int, chunks: bytes = b"") -> bytes:
    canvas = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", len(canvas)) + canvas + chunks
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_head(width: int, height: int, frames: int = 1) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + frame * frames + b"\x3b"


def jpeg_says(width: int, height: int, *, progressive: bool = False) -> bytes:
    """A small JPEG whose header names another size."""
    data = bytearray(jpeg(64, 64, progressive=progressive))
    at = data.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'
REFUSED = {
    "a PNG of 900 million one-bit pixels": (one_bit_bomb(30_000), PictureRejected, "900|30,000"),
    "a PNG of 170 million, which Pillow only warns of": (one_bit_bomb(13_050), PictureRejected, "up to 40 million"),
    "an AVIF of 90 million in a kilobyte": (boxed(b"avif", 10_000, 9_000), PictureRejected, "up to 80 million"),
    "a WebP of 131 million": (webp_head(16_383, 8_000), PictureRejected, "up to 40 million"),
    "a HEIC of 90 million": (boxed(b"heic", 10_000, 9_000), PictureRejected, "up to 80 million"),
    "a GIF of 600 million": (gif_head(30_000, 20_000), PictureRejected, "up to 40 million"),
    "a GIF of 4 billion": (gif_head(65_535, 65_535), PictureRejected, "65,535 × 65,535.*up to 30,000 on a side"),
    "a JPEG of 230 million": (jpeg_says(23_000, 10_000), PictureRejected, "up to 220 million"),
    "a progressive JPEG of 90 million": (jpeg_says(10_000, 9_000, progressive=True), PictureRejected, "up to 80 million"),
    "a line of 40,000 pixels": (
        png_head(40_000, 1) + chunk(b"IDAT", b""), PictureRejected, "40,000 × 1 pixels; we take up to 30,000 on a side",
    ),
    "a JPEG of two thousand scans": (many_scans(2_000), PictureRejected, "too many steps"),
    "a GIF of 30,000 frames": (gif_head(8, 8, frames=30_000), PictureRejected, "more than 500 frames"),
    "a WebP of 1,000 frames": (
        webp_head(8, 8, (b"ANMF" + struct.pack("<I", 16) + bytes(16)) * 1_000), PictureRejected, "more than 500 frames",
    ),
    "a PNG that announces a million frames": (
        png_head(8, 8) + chunk(b"acTL", struct.pack(">II", 1_000_000, 0)) + chunk(b"IDAT", b""), PictureRejected, "frames",
    ),
    "a profile of five megabytes": (
        png_head(8, 8) + chunk(b"iCCP", bytes(5 << 20)) + chunk(b"IDAT", b""), PictureRejected, "colour profile",
    ),
    "nothing": (b"", PictureRejected, "empty"),
    "one byte": (b"\x07", PictureUnknown, "no picture"),
    "the beginning of a JPEG": (jpeg()[:20], PictureRejected, "incomplete"),
    "the beginning of a PNG": (b"\x89PNG\r\n\x1a\n", PictureRejected, "incomplete"),
    "the beginning of a WebP": (b"RIFF\x10\x00\x00\x00WEBP", PictureRejected, "incomplete"),
    "a PNG of no pixels": (png_head(0, 5) + chunk(b"IDAT", b""), PictureRejected, "incomplete"),
    "a PNG without pixels": (png_head(8, 8) + chunk(b"IEND", b""), PictureRejected, "incomplete"),
    "a web page named .jpg": (b"<html><body>hello</body></html>", PictureUnknown, "no picture"),
    "an SVG with a script": (SVG, PictureUnknown, "no picture"),
    "an SVG after a declaration": (b'<?xml version="1.0"?>' + SVG, PictureUnknown, "no picture"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", PictureUnknown, "no picture"),
    "a PDF": (b"%PDF-1.7\n", PictureUnknown, "no picture"),
    "a TIFF": (saved(quarters(), "TIFF"), PictureUnknown, "no picture"),
    "a Photoshop file": (b"8BPS\x00\x01" + bytes(20), PictureUnknown, "no picture"),
    "an icon": (saved(quarters(64, 64), "ICO"), PictureUnknown, "no picture"),
    "a bitmap": (saved(quarters(), "BMP"), PictureUnknown, "no picture"),
    "JPEG 2000": (saved(quarters(), "JPEG2000"), PictureUnknown, "no picture"),
    "a film": (box(b"ftyp", b"isom" + bytes(4) + b"isommp42"), PictureUnknown, "no picture"),
    "boxes without an end": (
        box(b"ftyp", b"avif" + bytes(4)) + box(b"free", b"") * 20_000, PictureRejected, "incomplete",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_at_the_door(what: str) -> None:
    data, error, words = REFUSED[what]
    with pytest.raises(error, match=words) as refused:
        intake.checked(data, name="photo.jpg")
    assert type(refused.value) is error
    assert str(refused.value).count(".") <= 4 and "Traceback" not in str(refused.value)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_is_refused_leaves_nothing_behind(gallery: Gallery) -> None:
    for data, error, _ in REFUSED.values():
        with pytest.raises(error):
            gallery.send(data)
    assert [*gallery.services.media.files(), *gallery.services.originals.files()] == []
    with gallery.services.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Image)) == 0


def test_a_body_that_never_ends_is_refused_as_soon_as_it_is_too_large() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield jpeg()
        while True:
            taken += 1
            yield bytes(1 << 20)

    with pytest.raises(PictureTooLarge, match="larger than 64 MB"):
        intake.read(endless(), name="photo.jpg")
    assert taken == 64


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "HEIF"])
def test_a_header_read_by_hand_says_what_the_decoder_says(form: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    for size in ((640, 480), (66, 78), (2, 2)) if form == "HEIF" else ((640, 480), (33, 77), (1, 1), (257, 3)):
        data = saved(quarters(*size), form)
        header = read_header(data)
        assert header is not None
        opened = Pixels.open(io.BytesIO(data)).size
        if form == "HEIF":  # it declares the canvas of its encoder, which is never smaller
            assert header.width_px >= opened[0] and header.height_px >= opened[1]
        else:
            assert (header.width_px, header.height_px) == opened == size
        assert header.frames == 1


@pytest.mark.parametrize("options", [{"progressive": True}, {"progressive": False}])
def test_a_jpegs_scans_are_counted(options: dict[str, bool]) -> None:
    header = read_header(jpeg(**options))
    assert header is not None and header.progressive is options["progressive"]
    assert header.scans == (10 if header.progressive else 1)


def test_the_senders_name_is_only_for_reading() -> None:
    for name, shown in {
        "../../etc/passwd": "passwd",
        "C:\\Photos\\Nora.jpg": "Nora.jpg",
        "a\nb\x00.jpg": "ab.jpg",
        "": "photo",
        "x" * 500: "x" * 120,
    }.items():
        assert intake.checked(jpeg(), name=name).name == shown


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_when_the_room_is_used_up_nothing_more_is_taken(gallery: Gallery) -> None:
    gallery.services.database.transact(
        lambda tx: image_commands.set_budget(tx.session, 1 << 20, by=COMMAND_LINE, now=tx.now)
    )
    data = saved(detailed(900, 700), "PNG")
    assert len(data) < 1 << 21
    with pytest.raises(StorageFull, match="used up"):
        gallery.send(data)
    assert [*gallery.services.originals.files()] == []
