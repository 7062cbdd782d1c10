"""
The photos of the pictures' bench, the same in every run and never committed.

Six are made here, of twelve million pixels each, with the spectrum of photographs (half the contrast at twice the
detail) and the grain of a sensor. Ten are photographs out of a package of Debian's, of two to eighteen million pixels;
where that cannot be had, the made ones stand alone. All are written as phones write them: baseline, 4:2:0, quality 95.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

PACKAGE = "mate-backgrounds"
PHOTOGRAPHS = (
    "abstract/Elephants_5640x3172", "abstract/Elephants_3840x2160", "nature/Wood", "nature/TwoWings", "nature/LadyBird",
    "nature/Garden", "nature/YellowFlower", "nature/Storm", "nature/RainDrops", "nature/Blinds",
)  # fmt: skip
MADE = 6
MADE_SIZE = (4000, 3000)


@dataclass(frozen=True)
class Frozen:
    """Files, the largest first. real: how many are photographs."""

    files: list[Path]
    real: int


def freeze(folder: Path, *, made: int = MADE) -> Frozen:
    """Write all of them into the folder. made: how many of those that are made here."""
    real = [_as_a_phone_writes(Image.open(path), folder / path.name) for path in _photographs(folder)]
    ours = [_as_a_phone_writes(_made(seed), folder / f"made-{seed}.jpg") for seed in range(made)]
    return Frozen(sorted([*real, *ours], key=lambda path: -path.stat().st_size), len(real))


def _as_a_phone_writes(picture: Image.Image, path: Path) -> Path:
    path = path.with_name(f"{path.stem}.frozen.jpg")
    picture.convert("RGB").save(path, "JPEG", quality=95, subsampling="4:2:0")
    return path


def _photographs(folder: Path) -> list[Path]:
    """Downloaded and unpacked, not installed."""
    try:
        subprocess.run(["apt-get", "download", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=300)
        archive = next(folder.glob(f"{PACKAGE}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", archive.name, "unpacked"], cwd=folder, check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError):
        return []
    found = [folder / f"unpacked/usr/share/backgrounds/mate/{name}.jpg" for name in PHOTOGRAPHS]
    return [path for path in found if path.exists()]


def _made(seed: int) -> Image.Image:
    """Clouds of one over frequency, brightness apart from colour, cut by a few hard edges, with grain."""
    random = np.random.default_rng(seed)
    width, height = MADE_SIZE
    across, down = np.fft.rfftfreq(width), np.fft.fftfreq(height)[:, None]
    distance = np.maximum(np.sqrt(across**2 + down**2), 1 / width)
    slope = 1.1 + 0.1 * (seed % 3)

    def clouds(contrast: float, steepness: float) -> np.ndarray:
        phase = random.uniform(0, 2 * np.pi, distance.shape)
        field = np.fft.irfft2(np.exp(1j * phase) / distance**steepness, s=(height, width))
        return np.asarray((field - field.mean()) / field.std() * contrast)

    light = 120 + clouds(45, slope)
    for _ in range(12):
        left, top = int(random.integers(0, width - 400)), int(random.integers(0, height - 400))
        light[top : top + int(random.integers(60, 900)), left : left + int(random.integers(60, 1200))] += random.normal(
            0, 35
        )
    colour = [clouds(14, slope + 0.4) for _ in range(3)]
    grain = random.normal(0, 3, (height, width))
    return Image.fromarray(np.clip(np.stack([light + grain + one for one in colour], axis=-1), 0, 255).astype("uint8"))
