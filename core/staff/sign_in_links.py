"""One-time sign-in links and invitations, by mail, short-lived. The answer is the same for known and unknown addresses."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import LinkExpired
from core.outbox import messages
from core.people import sign_in_throttle
from core.people.accounts import find_account
from core.people.models import Account, SignInLink
from core.people.sessions import start_session
from core.platform.services import Services

LINK_LIVES = timedelta(minutes=10)  # whoever asks for a link sits before her mailbox
INVITATION_LIVES = timedelta(days=7)  # whoever is invited did not ask, and may be away over the weekend
MAX_FRESH_LINKS = 10  # strangers who ask for them in her name do not flood her mailbox


def ask_for_link(services: Services, *, email: str, address: str) -> None:
    """
    Mail a one-time link, if there is such an account. Asking has a budget of its own, beside the passwords'.

    Raises:
        TooMany: this network asked too often. What others asked stops nobody: their links lie in the same mailbox.
    """
    keys = sign_in_throttle.link_keys(services.signer, email, address)
    services.database.transact(lambda tx: _mail_link(tx.session, email, *keys, now=tx.now))


def use_link(services: Services, *, token: str, user_agent: str) -> str:
    """
    Sign in by a mailed link, once, within ten minutes; by an invitation within a week. Returns the token of a new session.

    Raises:
        NotFound: the link is not complete.
        LinkExpired: used or too old.
    """
    link_id = services.signer.read_sign_in(token)
    return services.database.transact(lambda tx: _use_link(tx.session, link_id, user_agent=user_agent, now=tx.now))


def new_link(session: Session, account: Account, *, invited_by: int | None = None, now: datetime) -> SignInLink:
    """Insert a sign-in link, or an invitation where an admin invites; the mailed token is a signature over its id."""
    lives = LINK_LIVES if invited_by is None else INVITATION_LIVES
    link = SignInLink(account_id=account.id, created_at=now, expires_at=now + lives, invited_by_account_id=invited_by)
    session.add(link)
    session.flush()
    return link


def _mail_link(session: Session, email: str, account_key: str, network_key: str, *, now: datetime) -> None:
    sign_in_throttle.count_try(session, account_key, network_key, now=now)
    account = find_account(session, email)
    if account is None or account.disabled_at is not None:  # no mail, and the same answer
        return
    if _fresh_links(session, account, now=now) >= MAX_FRESH_LINKS:
        return  # so many lie in her mailbox, and each works for five minutes more
    messages.add_sign_in(session, account, new_link(session, account, now=now), now=now)


def _fresh_links(session: Session, account: Account, *, now: datetime) -> int:
    """How many unused links were asked for lately and have half of their time left."""
    return session.scalars(
        select(func.count(SignInLink.id)).where(
            SignInLink.account_id == account.id,
            SignInLink.invited_by_account_id.is_(None),
            SignInLink.used_at.is_(None),
            SignInLink.created_at > now - LINK_LIVES / 2,
        )
    ).one()


def _use_link(session: Session, link_id: int, *, user_agent: str, now: datetime) -> str:
    used = session.execute(
        update(SignInLink)
        .where(SignInLink.id == link_id, SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    link = session.get(SignInLink, link_id, populate_existing=True)
    if used.rowcount != 1 or link is None or link.account.disabled_at is not None:  # type: ignore[attr-defined]
        raise LinkExpired(_too_late(link))  # used, too old, or its account is disabled
    return start_session(session, link.account_id, user_agent=user_agent, now=now)


def _too_late(link: SignInLink | None) -> str:
    if link is None or link.invited_by is None:
        return "This link was used before, or is older than ten minutes. Please ask for a new one."
    return (
        "This invitation was used before, or is older than a week. Please ask for a new one: "
        f"{link.invited_by.name} can invite you again."
    )
