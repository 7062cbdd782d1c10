"""Authorisation at the moment of a change: who acts is looked up once more, inside the command's own transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotAllowed, SignInRefused
from core.people.models import Account, ApiKey, Role
from core.people.sessions import find_live_session
from core.platform.actor import Actor, ActorRole, Channel
from core.platform.db import Transaction

T = TypeVar("T")
ENDED = "You are signed out by now, so nothing was changed. Please sign in again."
KEY_ENDED = "This key has ended, so nothing was changed."
OTHER_ROLE = "You are not an admin any more, so nothing was changed. Please open the page again."


@dataclass(frozen=True)
class BySession:
    """Proof by a browser's session."""

    session_id: int
    is_shown_to_admin: bool = False  # the page was rendered for an admin; False where there was no page


@dataclass(frozen=True)
class ByKey:
    """Proof by an API key."""

    key_id: int


Proof = BySession | ByKey


@dataclass(frozen=True, kw_only=True)
class Acting(Transaction):
    """A transaction of somebody who was looked up in it."""

    by: Actor


def acting(
    command: Callable[[Acting], T], proof: Proof, channel: Channel = Channel.CONSOLE
) -> Callable[[Transaction], T]:
    """
    The command, for `Database.transact`, with who acts as `tx.by`.

    Raises (when it is run):
        SignInRefused: the session or the key has ended, or the account is disabled.
        NotAllowed: an admin's page, and she is none any more.
    """

    def run(tx: Transaction) -> T:
        account = get_account(tx.session, proof, now=tx.now)
        return command(Acting(tx.session, tx.now, tx.locked, by=actor_of(account, channel)))

    return run


def actor_of(account: Account, channel: Channel) -> Actor:
    """A member of staff as who gives a command. Whether the command is allowed, its own transaction asks the account."""
    return Actor(account.id, ActorRole(account.role.value), channel)


def get_account(session: Session, proof: Proof, *, now: datetime) -> Account:
    """The account behind it at this moment. Raises SignInRefused, NotAllowed."""
    if isinstance(proof, ByKey):
        account = session.scalars(
            select(Account)
            .join(ApiKey, ApiKey.account_id == Account.id)
            .where(ApiKey.id == proof.key_id, ApiKey.ended_at.is_(None), Account.disabled_at.is_(None))
        ).one_or_none()
        if account is None:
            raise SignInRefused(KEY_ENDED)
        return account
    found = find_live_session(session, proof.session_id, now=now)
    if found is None:
        raise SignInRefused(ENDED)
    if proof.is_shown_to_admin and found.account.role is not Role.ADMIN:
        raise NotAllowed(OTHER_ROLE)
    return found.account
