"""How like the photo a finished file is, as a number: SSIMULACRA2 against a reference that neither contender made."""

import io
import statistics
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from PIL import Image
from ssimulacra2 import compute_ssimulacra2

from core.images.recipes import PATIENCE_IS_WORTH, PATIENT, PLAN

COUNTS = {400: 8, 800: 6, 1200: 3, 2000: 2}  # photos at each width: a score of two thousand pixels takes ten seconds

SCORERS = 2


@dataclass(frozen=True)
class Likeness:
    """Means over the photos of one width; 100 is the reference itself."""

    width_px: int
    ours: float
    peers: float


def likeness(photos: Sequence[Path], ours: Path, peers: Path) -> list[Likeness]:
    """By width, the smallest first."""
    found = []
    for width, count in COUNTS.items():
        chosen = _spread(photos, count)
        with ProcessPoolExecutor(SCORERS, get_context("spawn")) as scorers:
            scores = [
                statistics.fmean(
                    scorers.map(_score, chosen, [folder / f"{photo.name}.{width}.jpg" for photo in chosen])
                )
                for folder in (ours, peers)
            ]
        found.append(Likeness(width, *scores))
    return found


def bytes_of_patience(photos: Sequence[Path], peers: Path) -> tuple[float, float]:
    """The AVIF of the idle pass over the plan's JPEG: bytes, and points of likeness more or less, at 400 and 800 px."""
    sizes, points = [0, 0], []
    for size in (one for one in PLAN if one.width_px in (400, 800)):
        for photo in _spread(photos, COUNTS[size.width_px]):
            jpeg = peers / f"{photo.name}.{size.width_px}.jpg"
            with Image.open(jpeg) as finished:
                pixels = _reference(photo, finished.size)
            file = io.BytesIO()
            pixels.save(file, "AVIF", quality=size.avif - PATIENCE_IS_WORTH, speed=PATIENT)
            sizes[0], sizes[1] = sizes[0] + len(file.getvalue()), sizes[1] + jpeg.stat().st_size
            points.append(_score_of(photo, Image.open(file)) - _score(photo, jpeg))
    return sizes[0] / sizes[1], statistics.fmean(points)


def _spread(photos: Sequence[Path], count: int) -> list[Path]:
    """So many of them, from the largest to the smallest."""
    step = max(1, len(photos) // count)
    return list(photos[::step])[:count]


def _score(photo: Path, finished: Path) -> float:
    with Image.open(finished) as picture:
        return _score_of(photo, picture)


def _score_of(photo: Path, picture: Image.Image) -> float:
    with tempfile.TemporaryDirectory() as folder:
        reference, made = Path(folder, "reference.png"), Path(folder, "made.png")
        _reference(photo, picture.size).save(reference, compress_level=1)
        picture.convert("RGB").save(made, compress_level=1)
        return float(compute_ssimulacra2(str(reference), str(made)))


def _reference(photo: Path, size: tuple[int, int]) -> Image.Image:
    """All pixels decoded, and one resize by Lanczos."""
    with Image.open(photo) as whole:
        return whole.convert("RGB").resize(size, Image.Resampling.LANCZOS)
