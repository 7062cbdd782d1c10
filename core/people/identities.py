"""
Staff whom an OpenID provider vouches for. Nobody becomes staff by it: it opens accounts that an admin has made.

The first time an account is found by its address, which the provider must have verified; the provider's own name for the
person (its subject) is bound to it then. From the second time on only the subject counts: addresses change hands.
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
    """What a provider says of somebody who has just signed in there. email: "" where it says none."""

    issuer: str
    subject: str
    email: str
    email_verified: bool

    @property
    def key(self) -> str:
        """Subjects are unique within their provider only."""
        return f"{self.issuer} {self.subject}"


def sign_in_by_provider(session: Session, identity: Identity, *, user_agent: str, now: datetime) -> str:
    """
    A new session of the account that this person has here; returns its token.

    Raises:
        SignInRefused: there is none, it is not in use, or the provider does not vouch for the address.
    """
    account = session.scalars(select(Account).where(Account.provider_subject == identity.key)).one_or_none()
    if account is None:
        account = _bind(session, identity)
    if account.disabled_at is not None:
        raise SignInRefused(NO_ACCOUNT)
    return start_session(session, account.id, user_agent=user_agent, now=now)


def forget_identity(session: Session, account_id: int, *, by: int, now: datetime) -> Account:
    """Whoever comes from the provider with her verified address next is bound anew. Raises NotAllowed, NotFound."""
    check_is_admin(session, by)
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("There is no such account.")
    account.provider_subject = None
    audit.record(session, Verb.IDENTITY_FORGOTTEN, "account", account.id, by=by, now=now)
    session.flush()
    return account


def _bind(session: Session, identity: Identity) -> Account:
    """The account with the verified address, hers from now on; one conditional update, so that two cannot both bind it."""
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
