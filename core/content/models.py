"""Tables of campaigns, for the top of the home page, and of products, for the shop."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from core.images.models import Image
from core.images.uses import SHOWN_BY, Use
from core.platform.orm import Base


class Campaign(Base):
    """A campaign: what the top of the home page shows for some days."""

    __tablename__ = "campaign"
    __table_args__ = (CheckConstraint("starts_on <= ends_on", name="days"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    headline: Mapped[str]
    text: Mapped[str]
    button: Mapped[str]  # its label; empty for no button
    path: Mapped[str]  # the page of the site that it leads to; empty with an empty button
    starts_on: Mapped[date]  # its first day, in the gym's zone
    ends_on: Mapped[date]  # its last day, included
    image_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    created_at: Mapped[datetime]

    image: Mapped[Image | None] = relationship()


class Product(Base):
    """A product in the shop."""

    __tablename__ = "product"
    __table_args__ = (CheckConstraint("price_cents >= 0", name="price"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    text: Mapped[str]
    price_cents: Mapped[int]
    place: Mapped[int]  # the order in the shop, from 1
    shown: Mapped[bool]  # whether visitors see it
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
