"""A password of one's own, and the other places one is signed in."""

import pytest
from sqlalchemy.orm import Session

from core.errors import Invalid, NotAllowed, TooMany
from core.people import api_keys, own_account
from core.people.models import Account
from core.people.passwords import password_matches
from core.people.sessions import FRESH, find_session, start_session
from core.people.sign_in_throttle import MAX_PER_PAIR
from core.platform import clock
from core.platform.services import Services
from core.staff import members
from tests.support.actors import as_staff
from tests.support.people import NOW, PASSWORD, ada, just_signed_in, nora

NEW = "beam and bars 2026"


@pytest.fixture
def admin(services: Services) -> Account:
    with services.database.write() as transaction:
        return ada(transaction.session)


def signed_in(services: Services, account: Account, device: str = "here") -> tuple[int, str]:
    """A session's id and token."""
    with services.database.write() as transaction:
        token = start_session(transaction.session, account.id, user_agent=device, now=transaction.now)
        found = find_session(transaction.session, token, now=transaction.now)
        assert found is not None
        return found.id, token


def stored(services: Services, account: Account) -> str | None:
    with services.database.read() as session:
        return session.get_one(Account, account.id).password_hash


def test_a_new_password_is_kept_and_every_other_session_ends(services: Services, admin: Account) -> None:
    here, token = signed_in(services, admin)
    _, elsewhere = signed_in(services, admin, "elsewhere")
    own_account.set_password(services, by=as_staff(admin.id), present=PASSWORD, new=NEW, keep_session=here)
    assert password_matches(stored(services, admin), NEW) and not password_matches(stored(services, admin), PASSWORD)
    with services.database.write() as transaction:
        assert find_session(transaction.session, token, now=transaction.now) is not None
        assert find_session(transaction.session, elsewhere, now=transaction.now) is None


def test_a_wrong_present_one_or_a_short_new_one_changes_nothing(services: Services, admin: Account) -> None:
    before = stored(services, admin)
    with pytest.raises(Invalid, match="not your present"):
        own_account.set_password(services, by=as_staff(admin.id), present="guess", new=NEW, keep_session=1)
    with pytest.raises(Invalid, match="8 to 256"):
        own_account.set_password(services, by=as_staff(admin.id), present=PASSWORD, new="short", keep_session=1)
    assert stored(services, admin) == before


def test_guessing_is_throttled_as_signing_in_is(services: Services, admin: Account) -> None:
    for _ in range(MAX_PER_PAIR):
        with pytest.raises(Invalid):
            own_account.set_password(services, by=as_staff(admin.id), present="guess", new=NEW, keep_session=1)
    with pytest.raises(TooMany):
        own_account.set_password(services, by=as_staff(admin.id), present=PASSWORD, new=NEW, keep_session=1)


def test_whoever_has_none_sets_the_first(services: Services, admin: Account) -> None:
    with services.database.write() as transaction:
        transaction.session.get_one(Account, admin.id).password_hash = None
    here, _ = signed_in(services, admin)
    own_account.set_password(services, by=as_staff(admin.id), present="", new=NEW, keep_session=here)
    assert password_matches(stored(services, admin), NEW)


def test_a_first_password_and_a_key_take_a_sign_in_of_just_now(
    services: Services, admin: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds a session that is open does not turn it into something that outlives it."""
    with services.database.write() as transaction:
        transaction.session.get_one(Account, admin.id).password_hash = None
        other = nora(transaction.session).account_id
        hers = just_signed_in(transaction.session, other, now=transaction.now)
    here, _ = signed_in(services, admin)
    later = clock.now() + FRESH
    for session_id, at in ((here, later), (hers, clock.now()), (9_999, clock.now())):
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        with pytest.raises(NotAllowed, match="sign in again"):
            own_account.set_password(services, by=as_staff(admin.id), present="", new=NEW, keep_session=session_id)
        with pytest.raises(NotAllowed, match="sign in again"):
            services.database.transact(
                lambda tx: api_keys.make_key(
                    tx.session, by=as_staff(admin.id), name="A script", in_session=session_id, now=tx.now
                )
            )
        monkeypatch.undo()
    assert stored(services, admin) is None


def test_a_disabled_account_sets_none(services: Services, admin: Account) -> None:
    with services.database.write() as transaction:
        transaction.session.get_one(Account, admin.id).disabled_at = transaction.now
    with pytest.raises(NotAllowed):
        own_account.set_password(services, by=as_staff(admin.id), present=PASSWORD, new=NEW, keep_session=1)


def test_the_other_sessions_end_and_this_one_stays(session: Session) -> None:
    account = ada(session)
    tokens = [start_session(session, account.id, user_agent=device, now=NOW) for device in ("here", "there")]
    here = find_session(session, tokens[0], now=NOW)
    assert here is not None
    own_account.end_other_sessions(session, by=as_staff(account.id), keep_session=here.id, now=NOW)
    assert [found.user_agent for found in members.live_sessions(session, account.id, now=NOW)] == ["here"]
