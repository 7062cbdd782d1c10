"""Accounts: one for an address, whatever its letters' case."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import Invalid
from core.people.accounts import create_account, find_account
from core.people.models import Account, Role
from tests.support.people import NOW


def create(session: Session, **changed: Any) -> Account:
    plain: dict[str, Any] = {"email": "nora@spirit.example", "name": "Nora Lindqvist", "role": Role.COACH}
    return create_account(session, **{**plain, **changed}, now=NOW)


def test_an_account_keeps_its_address_in_lower_case(session: Session) -> None:
    account = create(session, email=" Nora@Spirit.Example ", name=" Nora Lindqvist ", password="chalk-and-rings")
    assert (account.email, account.name, account.role) == ("nora@spirit.example", "Nora Lindqvist", Role.COACH)
    assert (account.created_at, account.disabled_at) == (NOW, None)
    assert account.password_hash is not None
    assert "chalk" not in account.password_hash


def test_an_account_without_a_password_has_no_hash(session: Session) -> None:
    assert create(session).password_hash is None


@pytest.mark.parametrize("typed", ["nora@spirit.example", "NORA@SPIRIT.EXAMPLE", "  nora@spirit.example "])
def test_an_account_is_found_however_its_address_is_typed(session: Session, typed: str) -> None:
    account = create(session)
    assert find_account(session, typed) is account
    assert find_account(session, "omar@spirit.example") is None


def test_there_is_one_account_for_an_address(session: Session) -> None:
    create(session)
    with pytest.raises(Invalid) as refusal:
        create(session, email="Nora@spirit.example", name="Another Nora")
    assert refusal.value.fields == {"email": "There is an account for nora@spirit.example already."}
    session.add(Account(email="nora@spirit.example", name="By hand", role=Role.COACH, created_at=NOW))
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize("email", ["", "nora", "nora@", "a@b@c.org", "nora@spirit.example\nBcc: all@spirit.example"])
def test_an_account_needs_an_address(session: Session, email: str) -> None:
    with pytest.raises(Invalid) as refusal:
        create(session, email=email)
    assert refusal.value.fields.keys() == {"email"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"name": "  "}, "name"), ({"password": "short"}, "password"), ({"password": "p" * 257}, "password")],
)
def test_an_account_needs_a_name_and_a_fair_password(session: Session, changed: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        create(session, **changed)
    assert refusal.value.fields.keys() == {field}
