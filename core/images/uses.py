"""Where an image appears. Whatever can show one says so here, in `SHOWN_BY`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.content.models import Campaign, Product
from core.images.models import Image
from core.schedule.models import Coach


@dataclass(frozen=True)
class Use:
    """A page that shows it. path: on the public site."""

    what: str
    path: str


def uses_of(session: Session, image: Image) -> list[Use]:
    """Every place, in no particular order."""
    return [use for shown_by in SHOWN_BY for use in shown_by(session, image)]


def _coaches(session: Session, image: Image) -> Sequence[Use]:
    found = session.scalars(select(Coach).where(Coach.photo_id == image.id).order_by(Coach.id))
    return [Use(f"{coach.name}'s page", f"/coaches/{coach.slug}") for coach in found]


def _campaigns(session: Session, image: Image) -> Sequence[Use]:
    found = session.scalars(select(Campaign).where(Campaign.image_id == image.id).order_by(Campaign.id))
    return [Use(f"the campaign “{campaign.headline}”", "/") for campaign in found]


def _products(session: Session, image: Image) -> Sequence[Use]:
    found = session.scalars(select(Product).where(Product.image_id == image.id).order_by(Product.id))
    return [Use(f"{product.name} in the shop", "/shop") for product in found]


SHOWN_BY: list[Callable[[Session, Image], Sequence[Use]]] = [_coaches, _campaigns, _products]
