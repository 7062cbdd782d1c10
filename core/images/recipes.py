"""
Recipes: sizes, crops, formats and qualities of each kind of image.

The sizes are the plan's: 2000 pixels inside, 1200, 800 and 400 wide, as JPEG and as AVIF; a campaign is cut wide and
tall around what matters in it, and a coach's face square. AVIF is made quickly at once, and slowly when nothing else
is to be done, as good as the JPEG and in six tenths of its bytes. WebP lost to AVIF at every width, in bytes and in
time: it is a format that a recipe may name, and none does.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache

from core.platform.theme import COLORS

PIPELINE = 4  # moved when the same recipe is to give other pixels
WHITE, DARK_GROUND = "#ffffff", COLORS["light"]["ink"].lower()  # what transparent pictures are shown on
QUICK, PATIENT, SLOWEST = 9, 6, 5  # speeds of the AVIF encoder
SLOWEST_TO_PX = 800  # what phones fetch; of larger ones the last speed would take many seconds
TUNE = "iq"  # what the patient encoder strives for: a still picture's look
# Of the JPEG's quantization tables, tuned on photos at equal SSIMULACRA2 (DECISIONS.md).
STEEPNESS, BEND, COLOUR_IS_COARSER = 0.4, 0.75, 1.4
COARSENESS = {2000: 2.45, 1200: 2.48, 800: 2.55, 400: 3.6, 200: 3.6}  # the finest step, by width
SUFFIXES = {"jpeg": "jpg", "avif": "avif", "webp": "webp"}
MEDIA_TYPES = {"jpeg": "image/jpeg", "avif": "image/avif", "webp": "image/webp"}


@dataclass(frozen=True)
class Size:
    """A width, and the encoders' qualities that look alike at it."""

    width_px: int
    jpeg: int
    avif: int
    patient: int  # of the AVIF that is made slowly
    webp: int


# The qualities of a row are those at which the formats look alike by SSIMULACRA2 (DECISIONS.md).
PLAN = (Size(2000, 85, 73, 74, 90), Size(1200, 85, 73, 72, 90), Size(800, 85, 74, 68, 90), Size(400, 80, 65, 62, 82))
SMALL = (Size(800, 85, 74, 68, 90), Size(400, 80, 65, 62, 82), Size(200, 80, 65, 62, 82))


@dataclass(frozen=True)
class Shape:
    """A shape of a recipe: the whole image, or a crop around the focal point."""

    name: str
    sizes: Sequence[Size]
    ratio: tuple[int, int] | None = None  # width by height; None: whole


@dataclass(frozen=True)
class Recipe:
    """What to make of one kind of image."""

    shapes: Sequence[Shape]
    formats: Sequence[str] = ("jpeg", "avif")
    background: str = WHITE  # usual one of a transparent image (core/images/transparency.py)

    def fingerprint(self, *, fine: bool = False) -> str:
        """Hash of the recipe: another one when anything about it changes."""
        return _hash({"recipe": asdict(self), "pipeline": PIPELINE, "fine": fine})[:16]


@dataclass(frozen=True)
class Spec:
    """One rendition to make. key: what it is made by, pixels included; quality and speed are its encoder's."""

    shape: str
    ratio: tuple[int, int] | None
    width_px: int
    format: str
    quality: int
    speed: int
    key: str = ""

    @property
    def patient(self) -> bool:
        """Made when there is time: from pixels that took more of it, too."""
        return self.format == "avif" and self.speed < QUICK

    @property
    def path(self) -> str:
        """Its path in the media storage."""
        return f"{self.key[:2]}/{self.key}.{SUFFIXES[self.format]}"


RECIPES: Mapping[str, Recipe] = {
    "product": Recipe([Shape("whole", PLAN)]),
    "gallery": Recipe([Shape("whole", PLAN)]),
    "campaign": Recipe([Shape("wide", PLAN, (2, 1)), Shape("tall", PLAN[1:], (4, 5))]),
    "profile": Recipe([Shape("square", SMALL, (1, 1))]),
}


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


@cache
def jpeg_tables(width_px: int) -> tuple[list[int], list[int]]:
    """
    How coarsely a JPEG's frequencies are kept, light and colour: steps that grow somewhat faster than the frequency.

    The standard's tables spend more on what nobody sees, and less on colour than eyes do. DECISIONS.md
    says what these save at equal likeness, by which measures; they take no more time.

    Args:
        width_px: of the recipe's size; steps are such that it looks like the plan's quality, 85, or 80 up to 400 pixels.
    """
    step = COARSENESS[min(COARSENESS, key=lambda known: abs(known - width_px))]
    light = [step * (1 + STEEPNESS * (u * u + v * v) ** BEND) for u in range(8) for v in range(8)]
    return [_step(one) for one in light], [_step(one * COLOUR_IS_COARSER) for one in light]


def _step(value: float) -> int:
    return min(255, max(1, round(value)))


def specs_of(recipe: Recipe, *, pixels: str, focal: tuple[int, int], encoders: str, fine: bool) -> list[Spec]:
    """
    Renditions of a recipe, the largest of a shape first, JPEG before AVIF.

    Args:
        pixels: the hash of the original, which stands for its pixels.
        focal: what must stay in a crop, in per cent.
        encoders: their versions; the same address never means other bytes.
        fine: AVIF with patience.
    """
    return [
        replace(spec, key=_key(spec, recipe, pixels=pixels, focal=focal, encoders=encoders))
        for form in recipe.formats
        for shape in recipe.shapes
        for spec in (_spec(shape, size, form, fine=fine) for size in shape.sizes)
    ]


@cache
def fingerprints(*, fine: bool) -> dict[str, str]:
    """Hash of each kind's present recipe."""
    return {kind: recipe.fingerprint(fine=fine) for kind, recipe in RECIPES.items()}


def _spec(shape: Shape, size: Size, form: str, *, fine: bool) -> Spec:
    quality, speed = getattr(size, form), 0
    if form == "avif" and fine:
        quality, speed = size.patient, SLOWEST if size.width_px <= SLOWEST_TO_PX else PATIENT
    elif form == "avif":
        speed = QUICK
    return Spec(shape.name, shape.ratio, size.width_px, form, quality, speed)


def _key(spec: Spec, recipe: Recipe, *, pixels: str, focal: tuple[int, int], encoders: str) -> str:
    made_of = {**asdict(spec), "focal": focal if spec.ratio else None, "background": recipe.background}
    return _hash({**made_of, "pixels": pixels, "pipeline": PIPELINE, "encoders": encoders})[:40]


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
