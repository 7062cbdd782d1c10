"""Queries and figures for the console's gallery: bytes saved, crops, publishable images."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core.images.models import Image, ImageKind, Rendition
from core.images.recipes import RECIPES, crop_box
from core.wording import file_size

PHONE_PX = 800  # what a phone of today fetches for a picture as wide as its screen


@dataclass(frozen=True)
class Saving:
    """Size of the original against what a phone fetches."""

    original_bytes: int
    phone_bytes: int

    @property
    def share(self) -> float:
        """0.0 to 1.0 of the original that need not be sent; below 0 for a picture that was tiny."""
        return 1 - self.phone_bytes / self.original_bytes

    @property
    def sentence(self) -> str:
        came = f"{file_size(self.original_bytes)} came in; a phone gets {file_size(self.phone_bytes)}"
        return f"{came}, {self.share:.0%} less." if self.share > 0 else f"{came}."


def saving_of(image: Image) -> Saving:
    """The saving of an image with finished renditions."""
    chosen = min(image.renditions, key=lambda file: (abs(file.width_px - PHONE_PX), file.size_bytes))
    return Saving(image.original_bytes, chosen.size_bytes)


def find_image(session: Session, image_id: int) -> Image | None:
    """An image with its live renditions; None where there is none."""
    query = select(Image).where(Image.id == image_id).options(selectinload(Image.renditions))
    return session.scalars(query).one_or_none()


def publishable(session: Session, kind: ImageKind, *, uploaded_by: Collection[int] | None = None) -> Sequence[Image]:
    """Images that a page may show, the latest first. uploaded_by: only what these accounts sent."""
    query = (
        select(Image)
        .where(Image.kind == kind, Image.ready_at.is_not(None), Image.alt != "")
        .options(selectinload(Image.renditions))
        .order_by(Image.id.desc())
    )
    if uploaded_by is not None:
        query = query.where(Image.uploaded_by.in_(uploaded_by))
    return session.scalars(query).all()


def smallest_jpeg(image: Image) -> Rendition | None:
    """The thumbnail for a list; None while there is none."""
    return min((file for file in image.renditions if file.format == "jpeg"), key=_width, default=None)


def cuts_of(image: Image) -> dict[str, tuple[int, int]]:
    """Aspect ratios that the recipe crops around the focal point, by name; empty when the image is shown whole."""
    return {shape.name: shape.ratio for shape in RECIPES[image.kind.value].shapes if shape.ratio}


def cut_position(size: tuple[int, int], ratio: tuple[int, int], focal: tuple[int, int]) -> tuple[float, float]:
    """A crop's position as CSS `object-position`: in percent of the way that it could be moved."""
    left, top, right, bottom = crop_box(size, ratio, focal)
    across, down = size[0] - (right - left), size[1] - (bottom - top)
    return (100 * left / across if across else 50.0), (100 * top / down if down else 50.0)


def _width(file: Rendition) -> int:
    return file.width_px
