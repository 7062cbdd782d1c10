"""API keys of staff: shown once, stored as a hash, named, and ended by hand."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import Invalid, NotAllowed, NotFound, NotPossible
from core.people.models import Account, ApiKey
from core.people.permissions import check_is_admin
from core.people.sessions import check_fresh
from core.platform.actor import Actor
from core.platform.signed_tokens import hashed, new_session_token
from core.platform.text_cleaning import at_most, can_be_seen, one_line

PREFIX = "spirit_"  # a scanner for secrets knows it, and so does whoever finds one in a file
HINT_LENGTH = len(PREFIX) + 4
NAME_LENGTH = 60  # at most
MAX_KEYS = 10  # in use, of one account
TOUCH_EVERY = timedelta(minutes=1)  # one write a minute, however often it is used


def make_key(session: Session, *, by: Actor, name: str, in_session: int, now: datetime) -> str:
    """
    Create an API key of one's own; returns it, once. It may do what its owner may, until it is ended.

    Args:
        in_session: where she is signed in, since just now.

    Raises:
        Invalid: it has no name. NotPossible: ten of hers are in use.
        NotAllowed: the account is not in use any more, or she signed in longer than FRESH ago.
    """
    owner = session.get(Account, by.staff_id, populate_existing=True, with_for_update=True)
    if owner is None or owner.disabled_at is not None:
        raise NotAllowed("This account is not in use any more.")
    check_fresh(session, in_session, by.staff_id, now=now)
    name = _name(name)
    if len(keys_of(session, by.staff_id)) >= MAX_KEYS:
        raise NotPossible(f"You have {MAX_KEYS} keys. Please end one that you use no more.")
    key = PREFIX + new_session_token()
    session.add(ApiKey(account_id=by.staff_id, name=name, key_hash=hashed(key), hint=key[:HINT_LENGTH], created_at=now))
    audit.record(session, Verb.KEY_MADE, "account", by.account_id, by=by, now=now)
    session.flush()
    return key


def end_key(session: Session, key_id: int, *, by: Actor, now: datetime) -> None:
    """Revoke an API key: one's own, or anybody's for an admin. Raises NotFound for others', as if there were none."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound("There is no such key.")
    if key.account_id != by.account_id:
        try:
            check_is_admin(session, by)
        except NotAllowed:
            raise NotFound("There is no such key.") from None
    key.ended_at = key.ended_at or now
    audit.record(session, Verb.KEY_ENDED, "account", key.account_id, by=by, now=now)
    session.flush()


def find_key(session: Session, key: str) -> ApiKey | None:
    """Look up a key that was sent, its account loaded; None if it is unknown, has ended, or its account is disabled."""
    return session.scalars(
        select(ApiKey)
        .join(Account, Account.id == ApiKey.account_id)
        .where(ApiKey.key_hash == hashed(key), ApiKey.ended_at.is_(None), Account.disabled_at.is_(None))
    ).one_or_none()


def needs_touch(key: ApiKey, *, now: datetime) -> bool:
    """Whether `last_used_at` is old enough to be moved: a program that asks all day writes once a minute."""
    return key.last_used_at is None or key.last_used_at < now - TOUCH_EVERY


def touch_key(session: Session, key_id: int, *, now: datetime) -> None:
    """Set last_used_at to now."""
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now))


def keys_of(session: Session, account_id: int) -> Sequence[ApiKey]:
    """An account's keys that have not ended, the oldest first."""
    return session.scalars(
        select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.ended_at.is_(None)).order_by(ApiKey.id)
    ).all()


def all_keys(session: Session) -> Sequence[ApiKey]:
    """All keys that have not ended, the oldest first."""
    return session.scalars(select(ApiKey).where(ApiKey.ended_at.is_(None)).order_by(ApiKey.id)).all()


def _name(name: str) -> str:
    try:
        name = at_most(one_line(name), NAME_LENGTH)
    except ValueError as error:
        raise Invalid({"name": str(error)}) from None
    if not can_be_seen(name):
        raise Invalid({"name": "A key needs a name: say what uses it, such as “Calendar script”."})
    return name
