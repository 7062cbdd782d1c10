"""
Decoding of untrusted bytes to pixels: opened by an allow-list, decoded once (a JPEG at the scale that is needed), turned upright,
and brought to sRGB (core/images/colour_management.py). A child of the decoder does this; nothing else decodes.
"""

import contextlib
import io
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import pillow_heif
from PIL import Image, ImageFile

from core.images.colour_management import in_srgb
from core.images.recipes import Spec, crop_box

FORMATS = {
    "jpeg": ("JPEG", "MPO"),
    "png": ("PNG",),
    "gif": ("GIF",),
    "webp": ("WEBP",),
    "avif": ("AVIF",),
    "heic": ("HEIF",),
}
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)
TAGGED = ("png", "avif", "heic")  # whose colours are also told by tags that Pillow does not read
LAST_ROWS = 16  # a JPEG's blocks are up to 16 pixels high
FILLING = {"jpeg": (127, 128), "png": (0,)}  # what a decoder writes where bytes are missing, by format
ENOUGH_LEFT = 1.25  # of the size that is needed: what a decoder's own scaling leaves for the resize

MOVES = "It moves; its first frame is shown."
INCOMPLETE = "The file is incomplete or damaged. Please send it again, or save the photo once more and send that."
CONTRADICTS = "The file says one size and holds another. Please save the photo once more and send that."


class PictureRefused(Exception):
    """The image cannot be decoded, for good; the message is for the person who sent it."""


@contextlib.contextmanager
def decoded(
    original: BinaryIO, *, form: str, size: tuple[int, int], specs: Sequence[Spec]
) -> Iterator[tuple[Image.Image, tuple[int, int], str | None]]:
    """The pixels, upright and in sRGB, perhaps at a smaller scale; the full size; what is worth a note."""
    with _loaded(original, form, size, specs) as (picture, full, orientation):
        moves = form != "jpeg" and getattr(picture, "is_animated", False)
        data = _whole(original) if form in TAGGED else b""
        info: dict[str, object] = {str(name): value for name, value in picture.info.items()}
        with _blaming_the_file():
            shown, hdr = in_srgb(_plain(picture), info, data, form)
        note = " ".join(filter(None, (MOVES if moves else None, hdr))) or None
        yield _upright(shown, orientation), _turned(full, orientation), note


@contextlib.contextmanager
def _loaded(
    original: BinaryIO, form: str, said: tuple[int, int], specs: Sequence[Spec]
) -> Iterator[tuple[Image.Image, tuple[int, int], int]]:
    """
    The picture with its pixels, its full size, and how it is turned.

    A file whose last bytes are missing is decoded once more with what there is, and taken if all but the end of its last
    rows is there: what phones lose on the way, browsers show.
    """
    for tolerant in (False, True):
        with _opened(_without_junk(original, form), form) as picture:
            if picture.width * picture.height > said[0] * said[1]:
                raise PictureRefused(CONTRADICTS)
            full = picture.size
            with _blaming_the_file():
                orientation = _orientation(picture) if form == "jpeg" else 1
                if form == "jpeg":
                    target = _scaled_for(_turned(full, orientation), specs)
                    _draft(picture, _turned(target, orientation), careful=specs[0].patient)
                try:
                    _load(picture, tolerant=tolerant)
                except OSError as error:
                    if tolerant or form not in FILLING or not _is_cut_off(error):
                        raise
                    continue
                if tolerant and _lacks_rows(picture, full, FILLING[form]):
                    raise PictureRefused(INCOMPLETE)
                if form != "jpeg":  # only now: the question loads a PNG, which says but once that it is broken
                    orientation = _orientation(picture)
            yield picture, full, orientation
            return


def _load(picture: Image.Image, *, tolerant: bool) -> None:
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = tolerant
    try:
        picture.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _is_cut_off(error: OSError) -> bool:
    """Pillow has no error of its own for it."""
    return "truncated" in str(error)


def _lacks_rows(picture: Image.Image, full: tuple[int, int], filling: Sequence[int]) -> bool:
    """Whether more is missing than the end of the last row of blocks: a row above it that is all filling."""
    block = max(1, math.ceil(LAST_ROWS * picture.height / full[1]))
    above = range(max(0, picture.height - 2 * block), max(1, picture.height - block))
    return any(_is_filling(picture.crop((0, row, picture.width, row + 1)), filling) for row in above)


def _is_filling(row: Image.Image, filling: Sequence[int]) -> bool:
    found = row.tobytes()
    return found.count(found[:1]) == len(found) and found[0] in filling


def _whole(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _without_junk(original: BinaryIO, form: str) -> BinaryIO:
    """A JPEG whose first segment does not follow at once: some cameras leave bytes between, and Pillow wants none there."""
    original.seek(0)
    if form != "jpeg" or original.read(3)[2:] == b"\xff":
        original.seek(0)
        return original
    data = _whole(original)
    return io.BytesIO(data[:2] + data[data.index(b"\xff", 2) :])


def _draft(picture: Image.Image, target: tuple[int, int], *, careful: bool) -> None:
    """
    Let the decoder scale to the very size that is needed, or to somewhat more. A phone's 4032 pixels halve to 2016, and on
    the way from there to 2000 every pixel becomes a mixture of its neighbours: such a photo is decoded twice as large.
    Who is careful does not take the decoder's own halves for the finished size either.
    """
    least = min(picture.width // target[0], picture.height // target[1])
    factor = max(by for by in (1, 2, 4, 8) if by <= max(1, least))
    scaled = -(-picture.width // factor), -(-picture.height // factor)
    too_near = scaled[0] < target[0] * ENOUGH_LEFT and (careful or scaled != target)
    picture.draft(None, (target[0] * 2, target[1] * 2) if too_near else target)


def _turned(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return size[::-1] if orientation in SIDEWAYS else size


def _opened(original: BinaryIO, form: str) -> ImageFile.ImageFile:
    if form == "heic":
        pillow_heif.register_heif_opener(thumbnails=False)
    with _blaming_the_file():
        return Image.open(original, formats=FORMATS[form])
    raise AssertionError("unreachable")


@contextlib.contextmanager
def _blaming_the_file() -> Iterator[None]:
    """
    Every codec has its own ways to say that the bytes are wrong, and some say so when memory is short. What they only
    warn of is none of ours, but for a size beyond what the header said.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except MemoryError:
        raise
    except Exception as error:
        if "memory" in str(error).lower():
            raise MemoryError from error
        raise PictureRefused(INCOMPLETE) from error


def _orientation(picture: Image.Image) -> int:
    """1 to 8. What a camera wrote badly is ignored, never an error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # any broken EXIF
        return 1
    return found if found in TURNS else 1


def _scaled_for(upright: tuple[int, int], specs: Sequence[Spec]) -> tuple[int, int]:
    """The exact size at which every shape still has the pixels it needs: a decoder may stop there."""
    scale = 0.0
    for shape in {spec.shape: spec for spec in specs}.values():
        left, _, right, _ = crop_box(upright, shape.ratio, (50, 50))
        widest = max(spec.width_px for spec in specs if spec.shape == shape.shape)
        scale = max(scale, min(1.0, widest / (right - left if shape.ratio else max(upright))))
    return max(1, round(upright[0] * scale)), max(1, round(upright[1] * scale))


def _plain(picture: Image.Image) -> Image.Image:
    """RGB or RGBA (or L or CMYK, on its way to sRGB), without anything that a file would carry along."""
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _eight_bits(picture)
    elif "transparency" in picture.info or picture.mode in ("LA", "PA", "La", "RGBa"):
        picture = picture.convert("RGBA")
    elif picture.mode not in ("RGB", "RGBA", "L", "CMYK"):
        picture = picture.convert("RGB")
    picture.info = {}
    return picture


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Sixteen bits of grey, as eight."""
    return picture.convert("I").point(lambda value: value * (1 / 257) + 0.0).convert("L")


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    return picture.transpose(TURNS[orientation]) if orientation in TURNS else picture
