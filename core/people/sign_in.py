"""Staff sign in with a password or a mailed link. What is said is the same for known and unknown addresses."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.bootstrap import Services
from core.errors import LinkExpired, SignInRefused
from core.mail import outbox
from core.people import devices, throttle
from core.people.accounts import find_account
from core.people.models import Account, SignInLink
from core.people.passwords import password_matches
from core.people.sessions import start_session
from core.people.throttle import Try

LINK_LIVES = timedelta(minutes=10)  # whoever asks for a link sits before her mailbox
INVITATION_LIVES = timedelta(days=7)  # whoever is invited did not ask, and may be away over the weekend
MAX_FRESH_LINKS = 10  # strangers who ask for them in her name do not flood her mailbox
REFUSED = "This address and password do not go together. You can also have a link mailed to you."


def sign_in_with_password(
    services: Services, *, email: str, password: str, address: str, user_agent: str, device: str = ""
) -> str:
    """
    `start_try` and `check_password` in one, without the wait between them: for programs and tests.

    Raises SignInRefused, TooMany.
    """
    counted = start_try(services, email=email, address=address, device=device)
    return check_password(services, counted, email=email, password=password, user_agent=user_agent)


def start_try(services: Services, *, email: str, address: str, device: str = "") -> Try:
    """
    Count a try, before its password is looked at. The caller waits for `wait_s`, on no thread.

    Args:
        address: the network address it came from.
        device: the browser's cookie of known devices.

    Raises:
        TooMany: this network tried too often; see core.people.throttle.
    """
    with services.database.read() as session:
        account = find_account(session, email)
    mark = devices.known(device, account.id, services.signer) if account else None
    keys = throttle.password_keys(services.signer, email, address, device=mark)
    return services.database.transact(throttle.count_try, *keys, is_known=mark is not None)


def check_password(services: Services, counted: Try, *, email: str, password: str, user_agent: str) -> str:
    """
    Returns the token of a new session. Slow: run it on a thread.

    Raises:
        SignInRefused: wrong, unknown or disabled: the same words, the same time.
    """
    with services.database.read() as session:
        account = find_account(session, email)
    matches = password_matches(account.password_hash if account else None, password)
    if not matches or account is None or account.disabled_at:
        raise SignInRefused(REFUSED)
    return services.database.transact(_start, account.id, counted, user_agent=user_agent)


def ask_for_link(services: Services, *, email: str, address: str) -> None:
    """
    Mail a one-time link, if there is such an account. Asking has a budget of its own, beside the passwords'.

    Raises:
        TooMany: this network asked too often. What others asked stops nobody: their links lie in the same mailbox.
    """
    services.database.transact(_mail_link, email, *throttle.link_keys(services.signer, email, address))


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
    start_try(services, email=email, address=address)


def forget_tries(services: Services, *, email: str, address: str) -> None:
    """Whoever knew the password has made no mistakes that count."""
    services.database.transact(throttle.forget, *throttle.password_keys(services.signer, email, address, device=None))


def new_link(session: Session, account: Account, *, invited_by: int | None = None, now: datetime) -> SignInLink:
    """A sign-in link's row, an invitation's where an admin invites; the link itself is a signature over its id."""
    lives = LINK_LIVES if invited_by is None else INVITATION_LIVES
    link = SignInLink(account_id=account.id, created_at=now, expires_at=now + lives, invited_by_account_id=invited_by)
    session.add(link)
    session.flush()
    return link


def _start(session: Session, account_id: int, counted: Try, *, user_agent: str, now: datetime) -> str:
    """Whoever knows the password is let in, and her own mistakes are forgotten."""
    throttle.forget(session, counted.account_key, counted.network_key, now=now)
    return start_session(session, account_id, user_agent=user_agent, now=now)


def _mail_link(session: Session, email: str, account_key: str, network_key: str, *, now: datetime) -> None:
    throttle.count_try(session, account_key, network_key, now=now)
    account = find_account(session, email)
    if account is None or account.disabled_at is not None:
        return
    if _fresh_links(session, account, now=now) >= MAX_FRESH_LINKS:
        return  # so many lie in her mailbox, and each works for five minutes more
    outbox.add_sign_in(session, account, new_link(session, account, now=now), now=now)


def _fresh_links(session: Session, account: Account, *, now: datetime) -> int:
    """Links that were asked for lately and have half of their time left."""
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
        raise LinkExpired(_too_late(link))
    return start_session(session, link.account_id, user_agent=user_agent, now=now)


def _too_late(link: SignInLink | None) -> str:
    if link is None or link.invited_by is None:
        return "This link was used before, or is older than ten minutes. Please ask for a new one."
    return (
        "This invitation was used before, or is older than a week. Please ask for a new one: "
        f"{link.invited_by.name} can invite you again."
    )
