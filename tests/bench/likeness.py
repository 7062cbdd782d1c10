"""
How like the photo a finished file is, as numbers, against a reference that neither contender made.

Two measures of different descent: SSIMULACRA2, which our tables were tuned by, and MS-SSIM of light and both colours
(six to one to one), in decibels, which may contradict it. Every photo is scored at every width.
"""

import math
import statistics
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from ssimulacra2 import compute_ssimulacra2

from core.images.recipes import PLAN
from tests.bench.four import patient_files

SCORERS = 2
MS_SSIM = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # the shares of its five scales
PLANES = (6, 1, 1)  # light, and two colours
SIGMA, RADIUS = 1.5, 5
BRIGHTNESS, CONTRAST = (0.01 * 255) ** 2, (0.03 * 255) ** 2

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Scored:
    """One file: both measures, and its bytes."""

    points: float
    decibels: float
    size_bytes: int


@dataclass(frozen=True)
class Compared:
    """One photo at one width."""

    width_px: int
    ours: Scored
    peers: Scored
    patient: Scored  # the AVIF of the idle pass


@dataclass(frozen=True)
class _Task:
    photo: Path
    width_px: int
    ours: Path
    peers: Path
    patient: bytes


def compared(photos: Sequence[Path], ours: Path, peers: Path) -> list[Compared]:
    """All photos at all widths, the smallest first; the AVIF are made here, by our pipeline."""
    tasks = []
    for photo in photos:
        patient = patient_files(photo)
        for size in PLAN:
            name = f"{photo.name}.{size.width_px}.jpg"
            tasks.append(_Task(photo, size.width_px, ours / name, peers / name, patient[size.width_px]))
    tasks.sort(key=lambda task: task.width_px)
    with ProcessPoolExecutor(SCORERS, get_context("spawn")) as scorers:
        return list(scorers.map(_compared, tasks))


def _compared(task: _Task) -> Compared:
    with tempfile.TemporaryDirectory() as name:
        avif = Path(name, "patient.avif")
        avif.write_bytes(task.patient)
        with Image.open(task.peers) as finished:
            reference = _reference(task.photo, finished.size)
        reference.save(Path(name, "reference.png"), compress_level=1)
        scores = [_scored(reference, path, Path(name)) for path in (task.ours, task.peers, avif)]
    return Compared(task.width_px, *scores)


def _reference(photo: Path, size: tuple[int, int]) -> Image.Image:
    """All pixels decoded, and one resize by Lanczos."""
    with Image.open(photo) as whole:
        return whole.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def _scored(reference: Image.Image, path: Path, folder: Path) -> Scored:
    with Image.open(path) as file:
        picture = file.convert("RGB")
    picture.save(folder / "made.png", compress_level=1)
    points = float(compute_ssimulacra2(str(folder / "reference.png"), str(folder / "made.png")))
    return Scored(points, ms_ssim_db(reference, picture), path.stat().st_size)


def ms_ssim_db(reference: Image.Image, picture: Image.Image) -> float:
    """Ten decibels are a tenth of the difference."""
    both = zip(reference.convert("YCbCr").split(), picture.convert("YCbCr").split(), strict=True)
    likes = [_ms_ssim(np.asarray(one, "float32"), np.asarray(other, "float32")) for one, other in both]
    return -10 * math.log10(1 - statistics.fmean(likes, PLANES))


def _ms_ssim(one: Plane, other: Plane) -> float:
    product = 1.0
    for scale, share in enumerate(MS_SSIM, start=1):
        contrast, brightness = _alike(one, other)
        product *= float((contrast * brightness if scale == len(MS_SSIM) else contrast).mean()) ** share
        one, other = _halved(one), _halved(other)
    return product


def _alike(one: Plane, other: Plane) -> tuple[Plane, Plane]:
    mean, its_mean = _blurred(one), _blurred(other)
    spread, its_spread = _blurred(one * one) - mean * mean, _blurred(other * other) - its_mean * its_mean
    shared = _blurred(one * other) - mean * its_mean
    brightness = (2 * mean * its_mean + BRIGHTNESS) / (mean * mean + its_mean * its_mean + BRIGHTNESS)
    contrast = (2 * shared + CONTRAST) / (spread + its_spread + CONTRAST)
    return np.asarray(contrast, "float32"), np.asarray(brightness, "float32")


def _blurred(plane: Plane) -> Plane:
    return np.asarray(gaussian_filter(plane, SIGMA, radius=RADIUS))


def _halved(plane: Plane) -> Plane:
    even = plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / np.float32(4)
