"""A campaign takes the top of the home page for some days; a product stands in the shop."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from core.images.models import Image
from core.images.uses import SHOWN_BY, Use
from core.platform.orm import Base


class Campaign(Base):
    """
    starts_on, ends_on: its first and its last day, by the gym's own calendar.
    button, path: where it leads on the site; both empty for nowhere.
    """

    __tablename__ = "campaign"
    __table_args__ = (CheckConstraint("starts_on <= ends_on", name="days"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    headline: Mapped[str]
    text: Mapped[str]
    button: Mapped[str]
    path: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    image_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    created_at: Mapped[datetime]

    image: Mapped[Image | None] = relationship()


class Product(Base):
    """place: its place in the shop, from 1; shown: whether visitors see it."""

    __tablename__ = "product"
    __table_args__ = (CheckConstraint("price_cents >= 0", name="price"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    text: Mapped[str]
    price_cents: Mapped[int]
    place: Mapped[int]
    shown: Mapped[bool]
    image_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    created_at: Mapped[datetime]

    image: Mapped[Image | None] = relationship()


def _campaigns_with(session: Session, image: Image) -> Sequence[Use]:
    found = session.scalars(select(Campaign).where(Campaign.image_id == image.id).order_by(Campaign.id))
    return [Use(f"the campaign “{campaign.headline}”", "/") for campaign in found]


def _products_with(session: Session, image: Image) -> Sequence[Use]:
    found = session.scalars(select(Product).where(Product.image_id == image.id).order_by(Product.id))
    return [Use(f"{product.name} in the shop", "/shop") for product in found]


SHOWN_BY.extend((_campaigns_with, _products_with))
