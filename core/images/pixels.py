"""
From untrusted bytes to finished files: what a child of the darkroom does. Nothing else in the house decodes.

Opened by an allow-list, decoded once (a JPEG at the scale that is needed), turned upright, brought to sRGB, laid on the
recipe's colour, and each size made from the next larger. What is written has pixels and nothing else.
"""

import base64
import contextlib
import io
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageCms, ImageFile

from core.images.recipes import SUFFIXES, TUNE, Spec, jpeg_tables

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
THREADS = 2
BAND_FROM_PX = 400 * 400  # smaller ones are resized faster than a thread is woken
ENOUGH_LEFT = 1.25  # of the size that is needed: what a decoder's own scaling leaves for the resize
PLACEHOLDER_PX = 16

MOVES = "It moves; its first frame is shown."
INCOMPLETE = "The file is incomplete or damaged. Please send it again, or save the photo once more and send that."
CONTRADICTS = "The file says one size and holds another. Please save the photo once more and send that."
NO_COLOURS = "The colours of this file cannot be read. Please save the photo once more as JPEG and send that."


class PictureRefused(Exception):
    """It cannot be shown; the sentence is for the person who sent it."""


@dataclass(frozen=True)
class Opened:
    """The picture as it will be shown: upright."""

    width_px: int
    height_px: int
    note: str | None


@dataclass(frozen=True)
class Made:
    """A finished file, open for reading at its beginning."""

    spec: Spec
    width_px: int
    height_px: int
    file: BinaryIO


@dataclass(frozen=True)
class Glimpse:
    """What stands in until the picture is there: a data URI, and the average colour."""

    placeholder: str
    colour: str


Told = Callable[[Opened | Made | Glimpse], None]


def develop(
    original: BinaryIO,
    *,
    form: str,
    size: tuple[int, int],
    specs: Sequence[Spec],
    needed: frozenset[str],
    focal: tuple[int, int],
    background: str,
    tell: Told,
) -> None:
    """
    Make the renditions, and tell each as it is finished.

    Args:
        form: by its first bytes. size: by its header, not upright.
        specs: all of them; needed: the keys of those to make now. A size that would enlarge is left out.

    Raises:
        PictureRefused: with a sentence.
    """
    for careful in sorted({spec.patient for spec in specs if spec.key in needed}) or [False]:
        alike = [spec for spec in specs if spec.patient == careful] or specs
        with _decoded(original, form=form, size=size, specs=alike) as (picture, upright_size, note):
            tell(Opened(*upright_size, note))
            smallest = _finish_all(picture, upright_size, alike, needed, focal, background, tell)
            tell(_glimpse(smallest, background))


def _finish_all(
    picture: Image.Image,
    upright_size: tuple[int, int],
    specs: Sequence[Spec],
    needed: frozenset[str],
    focal: tuple[int, int],
    background: str,
    tell: Told,
) -> Image.Image:
    """Every size of every shape, and the files that are needed of it. Returns the smallest."""
    smallest = picture
    with ThreadPoolExecutor(THREADS) as threads:
        encoding: list[Future[None]] = []
        for shape in dict.fromkeys(spec.shape for spec in specs):
            wanted = [spec for spec in specs if spec.shape == shape]
            for made in _sizes(picture, upright_size, wanted, focal, background, threads):
                smallest = min(smallest, made.pixels, key=lambda image: image.size)
                files = [spec for spec in made.specs if spec.key in needed]
                for spec in files:  # saving keeps its options on the image for a while
                    pixels = made.pixels.copy() if len(files) > 1 else made.pixels
                    encoding.append(threads.submit(_encode, pixels, spec, tell))
        try:
            for finished in as_completed(encoding):
                finished.result()
        finally:  # where one has failed, or nobody listens any more, the rest is not begun
            threads.shutdown(cancel_futures=True)
    return smallest


@contextlib.contextmanager
def _decoded(
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


def crop_box(
    size: tuple[int, int], ratio: tuple[int, int] | None, focal: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The largest cut of this ratio with the focal point as near to its middle as the edges allow."""
    width, height = size
    if ratio is None:
        return 0.0, 0.0, float(width), float(height)
    wide = min(width, height * ratio[0] / ratio[1])
    high = min(height, width * ratio[1] / ratio[0])
    left = min(max(width * focal[0] / 100 - wide / 2, 0.0), width - wide)
    top = min(max(height * focal[1] / 100 - high / 2, 0.0), height - high)
    return left, top, left + wide, top + high


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


@dataclass(frozen=True)
class _Sized:
    pixels: Image.Image
    specs: list[Spec]


def _sizes(
    picture: Image.Image,
    full: tuple[int, int],
    specs: Sequence[Spec],
    focal: tuple[int, int],
    background: str,
    threads: ThreadPoolExecutor,
) -> Iterator[_Sized]:
    """One shape's sizes, each from the next larger. What would enlarge, or is there already, is left out."""
    ratio = specs[0].ratio
    left, top, right, bottom = crop_box(full, ratio, focal)
    zoom = picture.width / full[0], picture.height / full[1]
    box = (left * zoom[0], top * zoom[1], right * zoom[0], bottom * zoom[1])
    cut = right - left, bottom - top
    careful = specs[0].patient
    seen: set[int] = set()
    current, limit = picture, None
    for width in sorted({spec.width_px for spec in specs}, reverse=True):
        if limit is None:  # the largest is bounded on both sides; the others by it
            scale = min(1.0, width / (cut[0] if ratio else max(cut)))
            limit = max(1, round(cut[0] * scale))
        actual = min(width, limit)
        if actual in seen:
            continue
        seen.add(actual)
        size = actual, max(1, round(actual * cut[1] / cut[0]))
        sharp = careful or (len(seen) == 1 and zoom[0] < 1)  # a decoder's own scaling has softened it once
        current = _resized(current, size, box, Image.Resampling.LANCZOS if sharp else Image.Resampling.BICUBIC, threads)
        if current.mode == "RGBA":
            current = _on(background, current)
        box = (0.0, 0.0, float(current.width), float(current.height))
        yield _Sized(current, [spec for spec in specs if spec.width_px == width])


def _resized(
    picture: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float],
    by: Image.Resampling,
    threads: ThreadPoolExecutor,
) -> Image.Image:
    """In bands on all threads: bit for bit what it would be in one piece."""
    if size == picture.size and box == (0, 0, *picture.size):
        return picture
    width, height = size
    if width * height < BAND_FROM_PX or picture.mode != "RGB":
        return picture.resize(size, by, box=box)
    left, top, right, bottom = box
    edges = [height * band // THREADS for band in range(THREADS + 1)]
    per_row = (bottom - top) / height

    def band(first: int, last: int) -> Image.Image:
        part = (left, top + first * per_row, right, min(bottom, top + last * per_row))
        return picture.resize((width, last - first), by, box=part)

    bands = list(threads.map(band, edges[:-1], edges[1:]))
    whole = Image.new("RGB", size)
    for first, part in zip(edges, bands, strict=False):
        whole.paste(part, (0, first))
    return whole


def _on(background: str, picture: Image.Image) -> Image.Image:
    """What is transparent shows the background."""
    whole = Image.new("RGB", picture.size, background)
    whole.paste(picture, mask=picture.getchannel("A"))
    return whole


def _encode(pixels: Image.Image, spec: Spec, tell: Told) -> None:
    """Into a real file: into memory Pillow's JPEG encoder would hold the interpreter for its whole run."""
    file = scratch(SUFFIXES[spec.format])
    if spec.format == "jpeg":
        tables = jpeg_tables(spec.width_px)
        pixels.save(file, "JPEG", qtables=tables, subsampling="4:2:0", progressive=True, optimize=True)
    elif spec.format == "avif":
        how = {"advanced": {"tune": TUNE}} if spec.patient else {}
        pixels.save(file, "AVIF", quality=spec.quality, speed=spec.speed, max_threads=THREADS, **how)
    else:
        pixels.save(file, "WEBP", quality=spec.quality, method=4)
    file.flush()
    file.seek(0)
    tell(Made(spec, *pixels.size, file))


def scratch(name: str) -> BinaryIO:
    """A file without a name, in memory where the system has that."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(name), "w+b")
    return tempfile.TemporaryFile()


def _glimpse(pixels: Image.Image, background: str) -> Glimpse:
    flat = pixels if pixels.mode == "RGB" else _on(background, pixels)
    small = flat.resize((PLACEHOLDER_PX, max(1, min(64, round(PLACEHOLDER_PX * flat.height / flat.width)))))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=40, method=4)
    red, green, blue = small.resize((1, 1), Image.Resampling.BOX).tobytes()
    encoded = base64.b64encode(file.getvalue()).decode()
    return Glimpse(f"data:image/webp;base64,{encoded}", f"#{red:02x}{green:02x}{blue:02x}")
