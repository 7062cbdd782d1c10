"""The shop's products: an ordered list; save, move, delete."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from core import audit
from core.audit import Verb
from core.content.campaign_and_product_forms import ProductFacts
from core.content.models import Product
from core.errors import NotFound
from core.gym.form_merge import Values, last_changed_by, merge
from core.gym.models import content_changed
from core.images.image_commands import require_publishable
from core.images.models import Image, ImageKind
from core.people.permissions import check_is_admin
from core.platform.actor import Actor


def products(session: Session, *, shown: bool = True, most: int | None = None) -> Sequence[Product]:
    """Products in order of their places, with their images. shown: only those that visitors see; most: at most so many."""
    query = select(Product).order_by(Product.place, Product.id).limit(most)
    if shown:
        query = query.where(Product.shown)
    return session.scalars(query.options(selectinload(Product.image).selectinload(Image.renditions))).all()


def save_product(
    session: Session,
    product_id: int | None,
    facts: ProductFacts,
    *,
    by: Actor,
    now: datetime,
    shown: Values | None = None,
) -> Product:
    """
    Create a product in the last place, or change one by three-way merge.

    Args:
        shown: what the form had shown, as of core.gym.form_merge.

    Raises:
        NotAllowed: not an admin. NotFound: no such product, no such picture.
        NotPossible: its picture is not ready, not described, or was sent for another purpose.
        ChangedMeanwhile: the form was saved elsewhere while it was open.
    """
    check_is_admin(session, by)
    product = _new(session, now=now) if product_id is None else _lock(session, product_id)
    if product_id is not None:
        facts = merge(
            facts.model_dump(),
            ProductFacts.of(product).model_dump(),
            shown,
            read=ProductFacts.parse,
            last_by=last_changed_by(session, Verb.CONTENT_CHANGED, "product", product_id),
        )
    if facts.image_id is not None and facts.image_id != product.image_id:
        require_publishable(session, facts.image_id, ImageKind.PRODUCT)
    for name, value in facts:
        setattr(product, name, value)
    session.add(product)
    session.flush()
    _changed(session, product.id, by, now)
    return product


def move_product(session: Session, product_id: int, places: int, *, by: Actor, now: datetime) -> None:
    """Move a product so many places towards the front (negative) or the end. Raises NotAllowed, NotFound."""
    check_is_admin(session, by)
    moved = _get(session, product_id)
    ordered = list(products(session, shown=False))
    before = ordered.index(moved)
    ordered.insert(min(max(before + places, 0), len(ordered) - 1), ordered.pop(before))
    for place, product in enumerate(ordered, start=1):
        product.place = place
    session.flush()
    _changed(session, product_id, by, now)


def delete_product(session: Session, product_id: int, *, by: Actor, now: datetime) -> None:
    """Delete a product; its picture stays among the images. Raises NotAllowed, NotFound."""
    check_is_admin(session, by)
    session.delete(_get(session, product_id))
    session.flush()
    _changed(session, product_id, by, now)


def _new(session: Session, *, now: datetime) -> Product:
    """An unsaved product in the last place."""
    last = session.scalar(select(func.coalesce(func.max(Product.place), 0)))
    return Product(place=int(last or 0) + 1, created_at=now)


def _lock(session: Session, product_id: int) -> Product:
    """The product, read anew under a row lock. Raises NotFound."""
    session.get(Product, product_id, populate_existing=True, with_for_update=True)
    return _get(session, product_id)


def _get(session: Session, product_id: int) -> Product:
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("We know no such product.")
    return product


def _changed(session: Session, product_id: int, by: Actor, now: datetime) -> None:
    audit.record(session, Verb.CONTENT_CHANGED, "product", product_id, by=by, now=now)
    content_changed(session)
