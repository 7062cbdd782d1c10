"""
From untrusted bytes to pixels: opened by an allow-list, decoded once (a JPEG at the scale that is needed), turned upright,
and brought to sRGB. A child of the darkroom does this; nothing else in the house decodes.
"""

import contextlib
import io
import warnings
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from PIL import Image, ImageCms, ImageFile

from core.images.recipes import Spec, crop_box

FORMATS = {"jpeg": ("JPEG", "MPO"), "png": ("PNG",), "gif": ("GIF",), "webp": ("WEBP",), "avif": ("AVIF",)}
HEIC = ("HEIF",)
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
ENOUGH_LEFT = 1.25  # of the size that is needed: what a decoder's own scaling leaves for the resize

MOVES = "It moves; its first frame is shown."
INCOMPLETE = "The file is incomplete or damaged. Please send it again, or save the photo once more and send that."
CONTRADICTS = "The file says one size and holds another. Please save the photo once more and send that."


class PictureRefused(Exception):
    """It cannot be shown; the sentence is for the person who sent it."""


@contextlib.contextmanager
def decoded(
    original: BinaryIO, *, form: str, size: tuple[int, int], specs: Sequence[Spec]
) -> Iterator[tuple[Image.Image, tuple[int, int], str | None]]:
    """The pixels, upright and in sRGB, perhaps at a smaller scale; the full size; what is worth a note."""
    with _opened(original, form) as picture:
        if not _is_as_said(picture.size, size, form):
            raise PictureRefused(CONTRADICTS)
        size = picture.size
        with _blaming_the_file():
            note = MOVES if form != "jpeg" and getattr(picture, "is_animated", False) else None
            orientation = _orientation(picture) if form == "jpeg" else 1
            if form == "jpeg":
                target = _scaled_for(_turned(size, orientation), specs)
                _draft(picture, _turned(target, orientation), careful=specs[0].patient)
            picture.load()
            if form != "jpeg":  # only now: the question loads a PNG, which says but once that it is broken
                orientation = _orientation(picture)
        profile = picture.info.get("icc_profile")
        yield _upright(_in_srgb(_plain(picture), profile), orientation), _turned(size, orientation), note


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


def _is_as_said(size: tuple[int, int], said: tuple[int, int], form: str) -> bool:
    """Files of boxes may declare a larger canvas than is shown, or one that is turned; the others have one size."""
    if form in ("avif", "heic"):
        return size[0] * size[1] <= said[0] * said[1]
    return size == said


def _opened(original: BinaryIO, form: str) -> ImageFile.ImageFile:
    if form == "heic":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    with _blaming_the_file():
        return Image.open(original, formats=HEIC if form == "heic" else FORMATS[form])
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


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """By the file's own profile; a profile that cannot be read is as good as none."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not (picture.mode == "RGB" and ImageCms.getProfileDescription(own).strip().startswith("sRGB")):
                opaque = picture.convert("RGB") if alpha else picture
                picture = _transformed(opaque, own)
                if alpha:
                    picture.putalpha(alpha)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")


def _transformed(picture: Image.Image, own: ImageCms.ImageCmsProfile) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(
        picture, own, srgb, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB", False, ImageCms.Flags.BLACKPOINTCOMPENSATION
    )
    assert converted is not None
    converted.info = {}
    return converted


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    return picture.transpose(TURNS[orientation]) if orientation in TURNS else picture
