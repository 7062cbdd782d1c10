"""Sign-in by password. Answer and time are the same for known and unknown addresses."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.errors import SignInRefused
from core.people import known_devices, sign_in_throttle
from core.people.accounts import find_account
from core.people.passwords import password_matches
from core.people.sessions import start_session
from core.people.sign_in_throttle import Try
from core.platform.services import Services

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
    Count a try before its password is verified. The caller then waits for `wait_s` without blocking a thread.

    Args:
        address: the network address it came from.
        device: the browser's cookie of known devices.

    Raises:
        TooMany: this network tried too often; see core.people.sign_in_throttle.
    """
    with services.database.read() as session:
        account = find_account(session, email)
    mark = known_devices.known(device, account.id, services.signer) if account else None
    keys = sign_in_throttle.password_keys(services.signer, email, address, device=mark)
    return services.database.transact(
        lambda tx: sign_in_throttle.count_try(tx.session, *keys, is_known=mark is not None, now=tx.now)
    )


def check_password(services: Services, counted: Try, *, email: str, password: str, user_agent: str) -> str:
    """
    Verify the password and start a session; returns its token. Slow: run it on a thread.

    Raises:
        SignInRefused: wrong, unknown or disabled: the same words, the same time.
    """
    with services.database.read() as session:
        account = find_account(session, email)
    matches = password_matches(account.password_hash if account else None, password)
    if not matches or account is None or account.disabled_at:
        raise SignInRefused(REFUSED)
    return services.database.transact(
        lambda tx: _start(tx.session, account.id, counted, user_agent=user_agent, now=tx.now)
    )


def check_and_count(services: Services, *, email: str, address: str) -> None:
    """Count a try before a password is verified. Raises TooMany."""
    start_try(services, email=email, address=address)


def forget_tries(services: Services, *, email: str, address: str) -> None:
    """Reset the counter after a right password: its owner's own mistakes count no more."""
    keys = sign_in_throttle.password_keys(services.signer, email, address, device=None)
    services.database.transact(lambda tx: sign_in_throttle.forget(tx.session, *keys, now=tx.now))


def _start(session: Session, account_id: int, counted: Try, *, user_agent: str, now: datetime) -> str:
    """Start the session, and reset the counter of this account and network."""
    sign_in_throttle.forget(session, counted.account_key, counted.network_key, now=now)
    return start_session(session, account_id, user_agent=user_agent, now=now)
