"""Queries on images: by kind, by state, progress, storage used."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from core.errors import NotFound
from core.gym.models import the_gym
from core.images.models import Image, ImageKind, ImageState, Rendition
from core.images.recipes import RECIPES, fingerprints
from core.platform.text_cleaning import searchable

WARN_FROM = 0.8
BEYOND_ALL_IDS = 2**63
MAKEABLE = (ImageState.WAITING, ImageState.MAKING, ImageState.READY)


@dataclass(frozen=True)
class StorageUsed:
    """How much of its budget the gym has used: renditions and originals."""

    renditions_bytes: int
    originals_bytes: int
    budget_bytes: int

    @property
    def used_bytes(self) -> int:
        return self.renditions_bytes + self.originals_bytes

    @property
    def share(self) -> float:
        """0.0 to 1.0, or above."""
        return self.used_bytes / self.budget_bytes

    @property
    def is_nearly_full(self) -> bool:
        return self.share >= WARN_FROM


@dataclass(frozen=True)
class Progress:
    """made of wanted: the renditions of an image's recipe. Which sizes a small picture needs is known when it is finished."""

    made: int
    wanted: int


def get_image(session: Session, image_id: int) -> Image:
    """An image with its live renditions. Raises NotFound."""
    query = select(Image).where(Image.id == image_id).options(selectinload(Image.renditions))
    image = session.scalars(query).one_or_none() if 0 < image_id < BEYOND_ALL_IDS else None
    if image is None:
        raise NotFound("We know no such picture.")
    return image


def images_of(
    session: Session,
    *,
    kind: ImageKind | None = None,
    containing: str = "",
    state: ImageState | None = None,
    uploaded_by: int | None = None,
    limit: int = 200,
) -> Sequence[Image]:
    """Images with their live renditions, the latest first. containing: a part of the file's name or of what is to be seen."""
    query = select(Image).options(selectinload(Image.renditions)).order_by(Image.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(Image.kind == kind)
    if state is not None:
        query = query.where(Image.state == state)
    if uploaded_by is not None:
        query = query.where(Image.uploaded_by == uploaded_by)
    if containing.strip():
        sought = searchable(containing)
        query = query.where(
            or_(*(func.lower(column).contains(sought, autoescape=True) for column in (Image.name, Image.alt)))
        )
    return session.scalars(query).all()


def progress_of(session: Session, image: Image) -> Progress:
    """Progress of an image's renditions."""
    recipe = RECIPES[image.kind.value]
    wanted = sum(len(shape.sizes) for shape in recipe.shapes) * len(recipe.formats)
    made = session.scalar(
        select(func.count())
        .select_from(Rendition)
        .where(Rendition.image_id == image.id, Rendition.retired_at.is_(None), _of_this_making(image))
    )
    finished = image.recipe_made == fingerprints(fine=False)[image.kind.value]
    return Progress(made or 0, (made or 0) if finished else wanted)


def storage_used(session: Session) -> StorageUsed:
    """Usage of the storages: replaced renditions count until they are swept, an original once."""
    files = select(Rendition.path, func.max(Rendition.size_bytes).label("size")).group_by(Rendition.path).subquery()
    originals = (
        select(Image.original_hash, func.max(Image.original_bytes).label("size"))
        .where(Image.original_kept.is_(True))
        .group_by(Image.original_hash)
        .subquery()
    )
    return StorageUsed(
        int(session.scalar(select(func.coalesce(func.sum(files.c.size), 0))) or 0),
        int(session.scalar(select(func.coalesce(func.sum(originals.c.size), 0))) or 0),
        the_gym(session).media_budget_bytes,
    )


def needs_making(*, fine: bool) -> ColumnElement[bool]:
    """Images that the present recipe has not been done for: quickly; or, when that is done, with patience."""
    made = Image.fine_made if fine else Image.recipe_made
    outdated = or_(
        *(
            and_(Image.kind == ImageKind(kind), made != fingerprint)
            for kind, fingerprint in fingerprints(fine=fine).items()
        )
    )
    return and_(Image.state.in_(MAKEABLE), Image.original_kept.is_(True), outdated)


def waiting(session: Session) -> tuple[int, int]:
    """Queue length: (images to be made, images that are shown and to be refined)."""
    quick = session.scalar(select(func.count()).select_from(Image).where(needs_making(fine=False)))
    both = session.scalar(
        select(func.count()).select_from(Image).where(or_(needs_making(fine=False), needs_making(fine=True)))
    )
    return quick or 0, (both or 0) - (quick or 0)


def _of_this_making(image: Image) -> ColumnElement[bool]:
    """While it is made again, the old renditions are live and the new ones wait."""
    in_work = image.recipe_made != fingerprints(fine=False)[image.kind.value]
    return Rendition.live.is_(False) if in_work and image.ready_at is not None else Rendition.live.is_(True)
