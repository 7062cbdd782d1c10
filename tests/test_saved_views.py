"""Views of the monitor are kept by name, shared, replaced and removed, each by who keeps it."""

import pytest
from sqlalchemy.orm import Session

from core.errors import Invalid, NotAllowed, NotFound
from core.gym.saved_views import MAX_NAME_LENGTH, MAX_VIEWS, SavedView, forget_view, save_view, views_of
from tests.support.actors import as_staff
from tests.support.people import NOW, ada, nora


def keep(session: Session, account_id: int, name: str = "Slow week", **changes: object) -> SavedView:
    given = {"page": "explorer", "address": "measure=p95&range=7d", "shared": False} | changes
    return save_view(session, by=as_staff(account_id), name=name, now=NOW, **given)  # type: ignore[arg-type]


def names(session: Session, account_id: int) -> list[str]:
    return [view.name for view in views_of(session, account_id, "explorer")]


def test_a_view_is_hers_until_she_shares_it(session: Session) -> None:
    hers, other = ada(session).id, nora(session).account_id
    keep(session, hers)
    keep(session, hers, "For all", shared=True)
    assert names(session, hers) == ["For all", "Slow week"] and names(session, other) == ["For all"]


def test_the_same_name_again_is_the_newer_view(session: Session) -> None:
    hers = ada(session).id
    first = keep(session, hers)
    again = keep(session, hers, "  Slow week ", address="measure=p50")
    assert first.id == again.id and views_of(session, hers, "explorer")[0].address == "measure=p50"


@pytest.mark.parametrize("name", ["", "   ", "x" * (MAX_NAME_LENGTH + 1), "\u200b"])
def test_a_view_needs_a_name_of_one_line(session: Session, name: str) -> None:
    with pytest.raises(Invalid):
        keep(session, ada(session).id, name)


def test_there_are_limits(session: Session) -> None:
    hers = ada(session).id
    with pytest.raises(Invalid):
        keep(session, hers, address="x" * 1001)
    for number in range(MAX_VIEWS):
        keep(session, hers, f"View {number}")
    with pytest.raises(Invalid, match="remove one"):
        keep(session, hers, "One more")
    keep(session, hers, "View 7")


def test_only_who_keeps_a_view_removes_it(session: Session) -> None:
    hers, other = ada(session).id, nora(session).account_id
    view = keep(session, hers, shared=True)
    with pytest.raises(NotAllowed):
        forget_view(session, view.id, by=as_staff(other), now=NOW)
    forget_view(session, view.id, by=as_staff(hers), now=NOW)
    assert names(session, hers) == []
    with pytest.raises(NotFound):
        forget_view(session, view.id, by=as_staff(hers), now=NOW)
