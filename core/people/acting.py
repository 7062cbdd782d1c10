"""Authorisation at the moment of a change: who acts is looked up once more, inside the command's own transaction."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotAllowed, SignInRefused
from core.people.models import Account, ApiKey, Role
from core.people.sessions import find_live_session

T = TypeVar("T")
ENDED = "You are signed out by now, so nothing was changed. Please sign in again."
KEY_ENDED = "This key has ended, so nothing was changed."
OTHER_ROLE = "You are not an admin any more, so nothing was changed. Please open the page again."


@dataclass(frozen=True)
class BySession:
    """A browser. is_shown_to_admin: what it shows was drawn for an admin; False where no page was drawn."""

    session_id: int
    is_shown_to_admin: bool = False


@dataclass(frozen=True)
class ByKey:
    """A program of the staff's."""

    key_id: int


Proof = BySession | ByKey


def acting(command: Callable[..., T], proof: Proof) -> Callable[..., T]:
    """
    The command, for `Database.transact`; whoever acts is passed to it as its `account_id` or `by`.

    Raises (when it is run):
        SignInRefused: the session or the key has ended, or the account is disabled.
        NotAllowed: an admin's page, and she is none any more.
    """
    parameter = actor_parameter(command)

    @wraps(command)
    def run(session: Session, *about: Any, now: datetime, **options: Any) -> T:
        account = get_actor(session, proof, now=now)
        return command(session, *about, now=now, **{parameter: account.id}, **options)

    return run


def get_actor(session: Session, proof: Proof, *, now: datetime) -> Account:
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


def actor_parameter(command: Callable[..., Any]) -> str:
    """
    The name by which a command takes who acts: `account_id` or `by`, keyword-only where `account_id` is whom it is about.

    Raises TypeError for a command that does not ask.
    """
    found = inspect.signature(command).parameters
    for name in ("account_id", "by"):
        if name in found and found[name].kind is inspect.Parameter.KEYWORD_ONLY:
            return name
    if "account_id" in found:
        return "account_id"
    raise TypeError(f"{command} does not ask who acts")
