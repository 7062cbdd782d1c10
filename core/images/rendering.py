"""
The decoder child's job: decode, crop, resize and encode an original into renditions.

Decoded (core/images/decoding.py), and each size made from the next larger. What is transparent stays so where the format can,
and is laid on its ground elsewhere (core/images/transparency.py). What is written has pixels and nothing else.
"""

import base64
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image

from core.images.decoding import decoded
from core.images.recipes import SUFFIXES, TUNE, Spec, crop_box, jpeg_tables
from core.images.transparency import KEEPS_ALPHA, ground_for, laid_on, without_idle_alpha

THREADS = 2
BAND_FROM_PX = 400 * 400  # smaller ones are resized faster than a thread is woken
PLACEHOLDER_PX = 16


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
class Placeholder:
    """
    What stands in until the picture is there: a data URI, and the average colour. Of a transparent picture nothing may
    stand behind it: the data URI is "", and the colour is its ground.
    """

    placeholder: str
    colour: str


Report = Callable[[Opened | Made | Placeholder], None]


def develop(
    original: BinaryIO,
    *,
    form: str,
    size: tuple[int, int],
    specs: Sequence[Spec],
    needed: frozenset[str],
    focal: tuple[int, int],
    background: str,
    report: Report,
) -> None:
    """
    Make the renditions, and report each as it is finished.

    Args:
        form: by its first bytes. size: by its header, not upright.
        specs: all of them; needed: the keys of those to make now. A size that would enlarge is left out.

    Raises:
        PictureRefused: with a sentence.
    """
    for careful in sorted({spec.patient for spec in specs if spec.key in needed}) or [False]:
        alike = [spec for spec in specs if spec.patient == careful] or specs
        with decoded(original, form=form, size=size, specs=alike) as (pixels, upright_size, note):
            picture = without_idle_alpha(pixels)
            ground = ground_for(picture, background) if picture.mode == "RGBA" else background
            report(Opened(*upright_size, note))
            smallest = _finish_all(picture, upright_size, alike, needed, focal, ground, report)
            report(_placeholder(smallest, ground))


def _finish_all(
    picture: Image.Image,
    upright_size: tuple[int, int],
    specs: Sequence[Spec],
    needed: frozenset[str],
    focal: tuple[int, int],
    ground: str,
    report: Report,
) -> Image.Image:
    """Every size of every shape, and the files that are needed of it. Returns the smallest."""
    smallest = picture
    with ThreadPoolExecutor(THREADS) as threads:
        encoding: list[Future[None]] = []
        for shape in dict.fromkeys(spec.shape for spec in specs):
            wanted = [spec for spec in specs if spec.shape == shape]
            for made in _sizes(picture, upright_size, wanted, focal, threads):
                smallest = min(smallest, made.pixels, key=lambda image: image.size)
                files = [spec for spec in made.specs if spec.key in needed]
                for spec in files:  # saving keeps its options on the image for a while
                    pixels = made.pixels.copy() if len(files) > 1 else made.pixels
                    encoding.append(threads.submit(_encode, pixels, spec, ground, report))
        try:
            for finished in as_completed(encoding):
                finished.result()
        finally:  # where one has failed, or nobody listens any more, the rest is not begun
            threads.shutdown(cancel_futures=True)
    return smallest


@dataclass(frozen=True)
class _Sized:
    pixels: Image.Image
    specs: list[Spec]


def _sizes(
    picture: Image.Image,
    full: tuple[int, int],
    specs: Sequence[Spec],
    focal: tuple[int, int],
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
    current, limit, highest = picture, None, round(cut[1])
    for width in sorted({spec.width_px for spec in specs}, reverse=True):
        if limit is None:  # the largest is bounded on both sides; the others by it
            scale = min(1.0, width / (cut[0] if ratio else max(cut)))
            limit, highest = max(1, round(cut[0] * scale)), max(1, round(cut[1] * scale))
        actual = min(width, limit)
        if actual in seen:
            continue
        seen.add(actual)
        size = actual, max(1, min(highest, round(actual * cut[1] / cut[0])))  # a line's width cannot shrink below 1
        sharp = careful or (len(seen) == 1 and zoom[0] < 1)  # a decoder's own scaling has softened it once
        current = _resized(current, size, box, Image.Resampling.LANCZOS if sharp else Image.Resampling.BICUBIC, threads)
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


def _encode(pixels: Image.Image, spec: Spec, ground: str, report: Report) -> None:
    """Into a real file: into memory Pillow's JPEG encoder would hold the interpreter for its whole run."""
    if spec.format not in KEEPS_ALPHA:
        pixels = laid_on(ground, pixels)
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
    report(Made(spec, *pixels.size, file))


def scratch(name: str) -> BinaryIO:
    """An anonymous file, in memory (memfd) where the system has that."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(name), "w+b")
    return tempfile.TemporaryFile()


def _placeholder(pixels: Image.Image, ground: str) -> Placeholder:
    if pixels.mode == "RGBA":
        return Placeholder("", ground)
    small = pixels.resize((PLACEHOLDER_PX, max(1, min(64, round(PLACEHOLDER_PX * pixels.height / pixels.width)))))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=40, method=4)
    red, green, blue = small.resize((1, 1), Image.Resampling.BOX).tobytes()
    encoded = base64.b64encode(file.getvalue()).decode()
    return Placeholder(f"data:image/webp;base64,{encoded}", f"#{red:02x}{green:02x}{blue:02x}")
