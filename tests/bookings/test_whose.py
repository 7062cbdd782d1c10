"""Whose bookings somebody may see: everybody's, her own, or a refusal; nothing means everybody by accident."""

import ast
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from core.bookings import lists, queries
from core.bookings.access_scope import Everyone, OfCoach, check_covers, scope, whose_bookings
from core.errors import NotAllowed
from core.people.accounts import create_account
from core.people.models import Role
from tests.support.people import NOW, ada, nora, omar

ROOT = Path(__file__).parent.parent.parent


def test_an_admin_sees_everybodys_a_coach_her_own_and_others_none(session: Session) -> None:
    admin, coach = ada(session), nora(session)
    desk = create_account(session, email="desk@spirit.example", name="Desk", role=Role.COACH, now=NOW)
    assert whose_bookings(session, admin.id) == Everyone()
    assert whose_bookings(session, coach.account_id) == OfCoach(coach.id)
    with pytest.raises(NotAllowed):
        whose_bookings(session, desk.id)
    with pytest.raises(NotAllowed):
        whose_bookings(session, 10_000)
    coach.account.disabled_at = NOW
    with pytest.raises(NotAllowed):
        whose_bookings(session, coach.account_id)


def test_more_than_is_allowed_is_refused() -> None:
    for allowed, wanted in ((Everyone(), Everyone()), (Everyone(), OfCoach(1)), (OfCoach(1), OfCoach(1))):
        check_covers(allowed, wanted)
    for allowed, wanted in ((OfCoach(1), Everyone()), (OfCoach(1), OfCoach(2))):
        with pytest.raises(NotAllowed):
            check_covers(allowed, wanted)
    with pytest.raises(NotAllowed):
        scope(Role.COACH, None)


def test_a_list_is_of_its_scope(session: Session) -> None:
    nora(session), omar(session)
    assert not lists.lessons_between(session, NOW, NOW, whose=Everyone())
    assert not queries.recent_bookings(session, whose=OfCoach(1))


def test_everybodys_is_made_in_one_place() -> None:
    """Nobody but core.bookings.access_scope makes an Everyone; so each one has been asked for by its role."""
    made = [
        str(path.relative_to(ROOT))
        for folder in ("core", "console", "analytics", "public_site")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Everyone"
    ]
    assert made == ["core/bookings/access_scope.py"]


def test_no_list_takes_none_for_a_coach() -> None:
    """A parameter that may be None and names a coach would mean everybody again."""
    for name in ("queries", "lists"):
        tree = ast.parse((ROOT / "core" / "bookings" / f"{name}.py").read_text(encoding="utf-8"))
        arguments = [node for node in ast.walk(tree) if isinstance(node, ast.arg) and node.arg == "coach_id"]
        assert all(ast.unparse(one.annotation) == "int" for one in arguments if one.annotation)
