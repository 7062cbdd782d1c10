"""
Sign-in by an OpenID provider, for accounts that an admin has made: nobody becomes staff by it.

At the first sign-in the account is found by its e-mail address, which the provider must have verified, and the subject
(the provider's own id of the person) is bound to it. From then on only the subject counts: addresses change hands.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import NotFound, SignInRefused
from core.people.accounts import find_account
from core.people.models import Account
from core.people.permissions import check_is_admin
from core.people.sessions import start_session
from core.platform.actor import Actor

NO_ACCOUNT = (
    "You are known to the sign-in service, and there is no account for you here. Ask an admin to invite you with the "
    "address that the service knows."
)
NOT_VERIFIED = "The sign-in service does not vouch for your e-mail address, so we cannot tell which account is yours."
SOMEBODY_ELSE = (
    "The account with your address belongs to another person of the sign-in service. If that is a mistake, an admin can "
    "make the console forget it, on the page People."
)


@dataclass(frozen=True)
class Identity:
    """The claims of an ID token about somebody who has just signed in at the provider."""

    issuer: str
    subject: str  # unique within its issuer
    email: str  # "" where the provider gives none
    email_verified: bool

    @property
    def key(self) -> str:
        """The value of Account.provider_subject: issuer and subject, since subjects are unique within their issuer only."""
        return f"{self.issuer} {self.subject}"


def sign_in_by_provider(session: Session, identity: Identity, *, user_agent: str, now: datetime) -> str:
    """
    Sign in by a provider; returns the token of a new session.

    Raises:
        SignInRefused: there is none, it is not in use, or the provider does not vouch for the address.
    """
    account = session.scalars(select(Account).where(Account.provider_subject == identity.key)).one_or_none()
    if account is None:
        account = _bind(session, identity)
    if account.disabled_at is not None:
        raise SignInRefused(NO_ACCOUNT)
    return start_session(session, account.id, user_agent=user_agent, now=now)


def forget_identity(session: Session, account_id: int, *, by: Actor, now: datetime) -> Account:
    """Unbind an account from its provider's subject; the next sign-in with its verified address binds anew. Raises NotAllowed, NotFound."""
    check_is_admin(session, by)
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("There is no such account.")
    account.provider_subject = None
    audit.record(session, Verb.IDENTITY_FORGOTTEN, "account", account.id, by=by, now=now)
    session.flush()
    return account


def _bind(session: Session, identity: Identity) -> Account:
    """Bind the subject to the account of the verified address, by one conditional update, so that two cannot both bind it."""
    if not identity.email or not identity.email_verified:
        raise SignInRefused(NOT_VERIFIED)
    account = find_account(session, identity.email)
    if account is None or account.disabled_at is not None:
        raise SignInRefused(NO_ACCOUNT)
    bound = session.execute(
        update(Account)
        .where(Account.id == account.id, Account.provider_subject.is_(None))
        .values(provider_subject=identity.key)
        .execution_options(synchronize_session=False)
    )
    if bound.rowcount != 1:  # type: ignore[attr-defined]
        raise SignInRefused(SOMEBODY_ELSE)
    session.refresh(account)
    return account
