"""
Saved views: a named address of a console page, private or shared with everybody who may open the page.

An address holds the filters, never results; whoever opens it sees what she may see.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, func, or_, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from core.errors import Invalid, NotAllowed, NotFound
from core.people.models import Account
from core.platform.actor import Actor
from core.platform.orm import Base
from core.platform.text_cleaning import one_line

MAX_NAME_LENGTH, MAX_ADDRESS_LENGTH, MAX_VIEWS = 80, 1_000, 50


class SavedView(Base):
    """A saved view: a page of the console with its filters, under a name."""

    __tablename__ = "saved_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)  # the owner; her views are listed
    name: Mapped[str]
    page: Mapped[str]  # the page's path in the console
    address: Mapped[str]  # the query string, with its filters
    shared: Mapped[bool]  # others may open it too
    created_at: Mapped[datetime]

    account: Mapped[Account] = relationship()


def save_view(
    session: Session, *, by: Actor, name: str, page: str, address: str, shared: bool, now: datetime
) -> SavedView:
    """Save a view, or replace the account's own one of the same name and page. Raises Invalid."""
    try:
        name = one_line(name)
    except ValueError as error:
        raise Invalid({"name": str(error)}) from None
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise Invalid({"name": f"Please give it a name of at most {MAX_NAME_LENGTH} letters."})
    if len(address) > MAX_ADDRESS_LENGTH:
        raise Invalid({"address": "This view has too much in it to be kept."})
    own = select(SavedView).where(SavedView.account_id == by.staff_id)
    view = session.scalars(own.where(SavedView.name == name, SavedView.page == page)).first()
    if view is None:
        if (session.scalar(select(func.count()).select_from(own.subquery())) or 0) >= MAX_VIEWS:
            raise Invalid({"name": f"You keep {MAX_VIEWS} views already. Please remove one first."})
        view = SavedView(account_id=by.staff_id, name=name, page=page)
        session.add(view)
    view.address, view.shared, view.created_at = address, shared, now
    session.flush()
    return view


def forget_view(session: Session, view_id: int, *, by: Actor, now: datetime) -> None:
    """Delete a saved view, by its owner alone. Raises NotFound, NotAllowed."""
    view = session.get(SavedView, view_id)
    if view is None:
        raise NotFound
    if view.account_id != by.account_id:
        raise NotAllowed("Only who keeps this view can remove it.")
    session.delete(view)
    session.flush()


def views_of(session: Session, account_id: int, page: str) -> Sequence[SavedView]:
    """The saved views of a page: this account's own and shared ones, by name, with their owners."""
    return session.scalars(
        select(SavedView)
        .options(joinedload(SavedView.account, innerjoin=True))
        .where(SavedView.page == page, or_(SavedView.account_id == account_id, SavedView.shared))
        .order_by(SavedView.name, SavedView.id)
    ).all()
