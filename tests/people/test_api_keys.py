"""Keys of one's own: shown once, kept as a hash, ended by their owner or an admin, and by nobody else."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from core.errors import Invalid, NotAllowed, NotFound, NotPossible
from core.people import api_keys
from core.people.models import Account, ApiKey
from core.staff import members
from tests.support.actors import as_staff
from tests.support.people import NOW, ada, new_key_of, nora, omar

MINUTE = timedelta(minutes=1)


@pytest.fixture
def coach(session: Session) -> Account:
    return nora(session).account


def made(session: Session, account: Account, name: str = "Calendar script") -> str:
    return new_key_of(session, account.id, name=name)


def only(session: Session) -> ApiKey:
    return session.query(ApiKey).one()


def test_a_key_stands_for_its_owner_and_is_kept_nowhere(session: Session, coach: Account) -> None:
    key = made(session, coach)
    assert key.startswith("spirit_") and len(key) > 45
    found = api_keys.find_key(session, key)
    assert found is not None and found.account is coach and found.name == "Calendar script"
    kept = {str(getattr(found, column.key)) for column in ApiKey.__table__.columns}
    assert key not in kept and key.startswith(found.hint) and len(found.hint) == 11


def test_no_other_text_is_a_key(session: Session, coach: Account) -> None:
    key = made(session, coach)
    for wrong in ("", key[:-1], key + "x", key.upper(), only(session).key_hash, "\x00"):
        assert api_keys.find_key(session, wrong) is None


def test_a_key_needs_a_name_that_can_be_read(session: Session, coach: Account) -> None:
    for name in ("", "   ", "\u200b", "\ufffc\n", "a" * 61):
        with pytest.raises(Invalid):
            made(session, coach, name)
    assert not api_keys.keys_of(session, coach.id)


def test_it_ends_by_its_owner_or_an_admin_and_stays_in_the_books(session: Session, coach: Account) -> None:
    admin = ada(session)
    for by in (coach, admin):
        key = made(session, coach)
        found = api_keys.find_key(session, key)
        assert found is not None
        api_keys.end_key(session, found.id, by=as_staff(by.id), now=NOW + MINUTE)
        assert api_keys.find_key(session, key) is None and not api_keys.keys_of(session, coach.id)
        api_keys.end_key(session, found.id, by=as_staff(by.id), now=NOW + 2 * MINUTE)
        assert found.ended_at == NOW + MINUTE


def test_a_team_mate_finds_no_key_to_end(session: Session, coach: Account) -> None:
    key, team_mate = made(session, coach), omar(session).account
    for key_id in (only(session).id, 999):
        with pytest.raises(NotFound, match="There is no such key"):
            api_keys.end_key(session, key_id, by=as_staff(team_mate.id), now=NOW)
    assert api_keys.find_key(session, key) is not None


def test_an_account_that_is_disabled_loses_its_keys_for_good(session: Session, coach: Account) -> None:
    admin, key = ada(session), made(session, coach)
    members.disable(session, coach.id, by=as_staff(admin.id), now=NOW)
    assert api_keys.find_key(session, key) is None
    with pytest.raises(NotAllowed):
        made(session, coach)
    members.enable(session, coach.id, by=as_staff(admin.id), now=NOW)
    assert api_keys.find_key(session, key) is None


def test_signing_out_everywhere_leaves_the_programs_at_work(session: Session, coach: Account) -> None:
    key = made(session, coach)
    members.end_sessions(session, coach.id, by=as_staff(coach.id), now=NOW)
    assert api_keys.find_key(session, key) is not None


def test_ten_keys_are_enough(session: Session, coach: Account) -> None:
    for number in range(10):
        made(session, coach, f"script {number}")
    with pytest.raises(NotPossible, match="10 keys"):
        made(session, coach)
    api_keys.end_key(session, api_keys.keys_of(session, coach.id)[0].id, by=as_staff(coach.id), now=NOW)
    made(session, coach)


def test_its_last_use_moves_once_a_minute(session: Session, coach: Account) -> None:
    made(session, coach)
    key = only(session)
    assert api_keys.needs_touch(key, now=NOW)
    api_keys.touch_key(session, key.id, now=NOW)
    session.refresh(key)
    assert key.last_used_at == NOW
    assert not api_keys.needs_touch(key, now=NOW + MINUTE) and api_keys.needs_touch(key, now=NOW + 1.1 * MINUTE)


def test_an_admin_sees_everybodys(session: Session, coach: Account) -> None:
    made(session, coach)
    made(session, omar(session).account, "Board in the hall")
    assert [(key.account.name, key.name) for key in api_keys.all_keys(session)] == [
        ("Nora Lindqvist", "Calendar script"),
        ("Omar Haddad", "Board in the hall"),
    ]
