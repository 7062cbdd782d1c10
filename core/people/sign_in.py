"""Staff sign in with a password or a mailed link. What is said is the same for known and unknown addresses."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from core.bootstrap import Services
from core.errors import LinkExpired, SignInRefused, TooMany
from core.mail import outbox
from core.people.accounts import find_account
from core.people.models import Account, SignInFailure, SignInLink
from core.people.passwords import password_matches
from core.people.sessions import start_session
from core.tokens import Signer

LINK_LIVES = timedelta(minutes=10)  # whoever asks for a link sits before her mailbox
INVITATION_LIVES = timedelta(days=7)  # whoever is invited did not ask, and may be away over the weekend
WINDOW = timedelta(minutes=15)
KEPT = timedelta(days=1)
MOST_PER_ACCOUNT, MOST_PER_ADDRESS = 10, 50
REFUSED = "This address and password do not go together. You can also have a link mailed to you."


def sign_in_with_password(services: Services, *, email: str, password: str, address: str, user_agent: str) -> str:
    """
    Returns the token of a new session. Slow: run it on a thread.

    Args:
        address: the network address it came from.

    Raises:
        SignInRefused: wrong, unknown or disabled: the same words, the same time.
        TooMany: more than 10 tries for this account or 50 from this address within 15 minutes.
    """
    account_key, address_key = _keys(services.signer, email, address)
    services.database.transact(_count_try, account_key, address_key)
    with services.database.read() as session:
        account = find_account(session, email)
    matches = password_matches(account.password_hash if account else None, password)
    if not matches or account is None or account.disabled_at:
        raise SignInRefused(REFUSED)
    return services.database.transact(_start, account.id, account_key, user_agent=user_agent)


def ask_for_link(services: Services, *, email: str, address: str) -> None:
    """
    Mail a one-time link, if there is such an account. Asking counts like a try.

    Raises:
        TooMany: as for passwords.
    """
    account_key, address_key = _keys(services.signer, email, address)
    services.database.transact(_mail_link, email, account_key, address_key)


def use_link(services: Services, *, token: str, user_agent: str) -> str:
    """
    Sign in by a mailed link, once, within ten minutes; by an invitation within a week. Returns the token of a new session.

    Raises:
        NotFound: the link is not complete.
        LinkExpired: used or too old.
    """
    return services.database.transact(_use_link, services.signer.read_sign_in(token), user_agent=user_agent)


def check_and_count(services: Services, *, email: str, address: str) -> None:
    """Count one try before a password is looked at. Raises TooMany."""
    account_key, address_key = _keys(services.signer, email, address)
    services.database.transact(_count_try, account_key, address_key)


def forget_tries(services: Services, *, email: str) -> None:
    """Whoever knew the password has made no mistakes that count."""
    account_key, _ = _keys(services.signer, email, "")
    services.database.transact(_forget, account_key)


def new_link(session: Session, account: Account, *, invited_by: int | None = None, now: datetime) -> SignInLink:
    """A sign-in link's row, an invitation's where an admin invites; the link itself is a signature over its id."""
    lives = LINK_LIVES if invited_by is None else INVITATION_LIVES
    link = SignInLink(account_id=account.id, created_at=now, expires_at=now + lives, invited_by_account_id=invited_by)
    session.add(link)
    session.flush()
    return link


def forget_old_tries(session: Session, *, now: datetime) -> None:
    """Remove counted tries after a day."""
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - KEPT))


def _keys(signer: Signer, email: str, address: str) -> tuple[str, str]:
    return signer.keyed_hash(f"account {email.strip().lower()}"), signer.keyed_hash(f"address {address}")


def _check_throttle(session: Session, account_key: str, address_key: str, *, now: datetime) -> None:
    for column, key, most in (
        (SignInFailure.account_key, account_key, MOST_PER_ACCOUNT),
        (SignInFailure.address_key, address_key, MOST_PER_ADDRESS),
    ):
        tries, oldest = session.execute(
            select(func.count(), func.min(SignInFailure.at)).where(column == key, SignInFailure.at > now - WINDOW)
        ).one()
        if tries >= most:
            wait = oldest + WINDOW - now
            raise TooMany("Too many tries. Please wait a few minutes.", retry_after_s=max(1, int(wait.total_seconds())))


def _count_try(session: Session, account_key: str, address_key: str, *, now: datetime) -> None:
    """Counted before the password is looked at, one at a time: tries made at once would all find room otherwise."""
    if session.get_bind().dialect.name == "postgresql":
        for key in (account_key, address_key):
            session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    _check_throttle(session, account_key, address_key, now=now)
    session.add(SignInFailure(account_key=account_key, address_key=address_key, at=now))


def _forget(session: Session, account_key: str, *, now: datetime) -> None:
    session.execute(delete(SignInFailure).where(SignInFailure.account_key == account_key))


def _start(session: Session, account_id: int, account_key: str, *, user_agent: str, now: datetime) -> str:
    """Whoever knows the password is let in, and her own mistakes are forgotten."""
    _forget(session, account_key, now=now)
    return start_session(session, account_id, user_agent=user_agent, now=now)


def _mail_link(session: Session, email: str, account_key: str, address_key: str, *, now: datetime) -> None:
    _count_try(session, account_key, address_key, now=now)
    account = find_account(session, email)
    if account is not None and account.disabled_at is None:
        outbox.add_sign_in(session, account, new_link(session, account, now=now), now=now)


def _use_link(session: Session, link_id: int, *, user_agent: str, now: datetime) -> str:
    used = session.execute(
        update(SignInLink)
        .where(SignInLink.id == link_id, SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    link = session.get(SignInLink, link_id, populate_existing=True)
    if used.rowcount != 1 or link is None or link.account.disabled_at is not None:  # type: ignore[attr-defined]
        raise LinkExpired(_too_late(link))
    return start_session(session, link.account_id, user_agent=user_agent, now=now)


def _too_late(link: SignInLink | None) -> str:
    if link is None or link.invited_by is None:
        return "This link was used before, or is older than ten minutes. Please ask for a new one."
    return (
        "This invitation was used before, or is older than a week. Please ask for a new one: "
        f"{link.invited_by.name} can invite you again."
    )
