"""Whom a provider vouches for: accounts that exist and are active, bound once, by a verified address."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from core.errors import NotAllowed, SignInRefused
from core.people.accounts import find_account
from core.people.identities import Identity, forget_identity, sign_in_by_provider
from core.people.models import Account
from core.people.sessions import find_session
from core.platform.db import Database
from core.staff import members
from tests.support.actors import as_staff
from tests.support.people import NOW, ada, nora, omar

NORAS = Identity("https://id.example", "s-1", "Nora@Spirit.Example", email_verified=True)


def come(session: Session, identity: Identity) -> Account:
    found = find_session(session, sign_in_by_provider(session, identity, user_agent="a test", now=NOW), now=NOW)
    assert found is not None
    return found.account


def test_the_first_time_the_verified_address_finds_her_and_later_her_subject_does(session: Session) -> None:
    account = nora(session).account
    assert come(session, NORAS) is account and account.provider_subject == "https://id.example s-1"
    assert come(session, replace(NORAS, email="new@elsewhere.example", email_verified=False)) is account
    assert come(session, replace(NORAS, email="")) is account


def test_an_address_that_nobody_vouches_for_opens_nothing(session: Session) -> None:
    account = nora(session).account
    for identity in (replace(NORAS, email_verified=False), replace(NORAS, email="")):
        with pytest.raises(SignInRefused, match="does not vouch"):
            come(session, identity)
    assert account.provider_subject is None


def test_nobody_becomes_staff_by_it_and_who_left_stays_out(session: Session) -> None:
    account, admin = nora(session).account, ada(session)
    with pytest.raises(SignInRefused, match="no account for you here"):
        come(session, replace(NORAS, subject="s-2", email="stranger@spirit.example"))
    assert find_account(session, "stranger@spirit.example") is None
    members.disable(session, account.id, by=as_staff(admin.id), now=NOW)
    with pytest.raises(SignInRefused, match="no account for you here"):
        come(session, NORAS)
    assert account.provider_subject is None
    members.enable(session, account.id, by=as_staff(admin.id), now=NOW)
    come(session, NORAS)
    members.disable(session, account.id, by=as_staff(admin.id), now=NOW)
    with pytest.raises(SignInRefused, match="no account for you here"):
        come(session, NORAS)


def test_an_address_that_changed_hands_does_not_open_the_old_owners_account(session: Session) -> None:
    nora(session)
    come(session, NORAS)
    for other in (replace(NORAS, subject="s-2"), replace(NORAS, issuer="https://other.example")):
        with pytest.raises(SignInRefused, match="another person"):
            come(session, other)


def test_an_admin_lets_her_be_bound_anew_and_nobody_else_does(session: Session) -> None:
    account, admin, team_mate = nora(session).account, ada(session), omar(session).account
    come(session, NORAS)
    for by in (account, team_mate):
        with pytest.raises(NotAllowed):
            forget_identity(session, account.id, by=as_staff(by.id), now=NOW)
    forget_identity(session, account.id, by=as_staff(admin.id), now=NOW)
    assert come(session, replace(NORAS, subject="s-2")) is account


def test_two_people_cannot_both_bind_one_account(database: Database) -> None:
    with database.write() as transaction:
        nora(transaction.session)
    database.transact(lambda tx: sign_in_by_provider(tx.session, NORAS, user_agent="", now=tx.now))
    with pytest.raises(SignInRefused, match="another person"):
        database.transact(
            lambda tx: sign_in_by_provider(tx.session, replace(NORAS, subject="s-2"), user_agent="", now=tx.now)
        )
