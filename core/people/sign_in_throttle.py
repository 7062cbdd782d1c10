"""
Rate limits of sign-in, a sliding window: failed tries slow others down a little, and lock nobody out.

    of one network for one account     MAX_PER_PAIR tries in WINDOW, then that network is refused for that account
    of one network for any account     MAX_PER_NETWORK, then that network is refused
    for one account from everywhere    never refused: each try waits 1, 2, at most 4 seconds
    from a device that it knows        counted for itself alone, and never slowed by others

Mailed links have a budget of their own by the same rules, for they prove the mailbox. All of it is counted in the
database, so it holds across processes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, text
from sqlalchemy.orm import Session

from core.errors import TooMany
from core.people.models import SignInFailure
from core.platform.signed_tokens import Signer

WINDOW = timedelta(minutes=15)  # tries are counted so far back
KEPT = timedelta(days=1)  # retention; the limits look back over WINDOW alone
MAX_PER_PAIR, MAX_PER_NETWORK = 10, 50  # within WINDOW; the second for a network that all staff share
SLOW_FROM = ((40, 4.0), (20, 2.0), (10, 1.0))  # tries for one account in WINDOW, and the seconds that each then waits


@dataclass(frozen=True)
class Try:
    """A try that was counted."""

    account_key: str
    network_key: str
    wait_s: float = 0.0  # how long the caller waits before the password is verified


def password_keys(signer: Signer, email: str, network: str, *, device: str | None) -> tuple[str, str]:
    """The counters' keys of a try by password: keyed hashes of account and network, or of a known device in its place."""
    where = f"device {device}" if device else f"address {network}"
    return signer.keyed_hash(f"account {_same(email)}"), signer.keyed_hash(where)


def link_keys(signer: Signer, email: str, network: str) -> tuple[str, str]:
    """The counters' keys of a mailed link, apart from those of passwords."""
    return signer.keyed_hash(f"link {_same(email)}"), signer.keyed_hash(f"link address {network}")


def count_try(session: Session, account_key: str, network_key: str, *, is_known: bool = False, now: datetime) -> Try:
    """
    Count a try, before the password is verified, under a lock: concurrent tries would all be below the limit otherwise.

    Raises:
        TooMany: this network tried too often. Never for what others did.
    """
    if session.get_bind().dialect.name == "postgresql":
        for key in (account_key, network_key):
            session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    of_account, of_network = SignInFailure.account_key == account_key, SignInFailure.address_key == network_key
    _check(session, (of_account, of_network), MAX_PER_PAIR, now=now)
    _check(session, (of_network,), MAX_PER_NETWORK, now=now)
    tries, _ = _tries(session, (of_account,), now=now)
    session.add(SignInFailure(account_key=account_key, address_key=network_key, at=now))
    return Try(account_key, network_key, 0.0 if is_known else wait_s(tries))


def wait_s(tries: int) -> float:
    """Backoff: the seconds that the next try for an account waits, after so many in WINDOW from anywhere."""
    return next((seconds for least, seconds in SLOW_FROM if tries >= least), 0.0)


def forget(session: Session, account_key: str, network_key: str, *, now: datetime) -> None:
    """Reset the counter of one account at one network; tries from elsewhere stay counted."""
    session.execute(
        delete(SignInFailure).where(SignInFailure.account_key == account_key, SignInFailure.address_key == network_key)
    )


def forget_old_tries(session: Session, *, now: datetime) -> None:
    """Delete counted tries after a day. Safe to run at any time."""
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - KEPT))


def _check(session: Session, which: Iterable[ColumnElement[bool]], most: int, *, now: datetime) -> None:
    tries, oldest = _tries(session, which, now=now)
    if tries >= most and oldest is not None:
        wait = oldest + WINDOW - now
        raise TooMany("Too many tries. Please wait a few minutes.", retry_after_s=max(1, int(wait.total_seconds())))


def _tries(session: Session, which: Iterable[ColumnElement[bool]], *, now: datetime) -> tuple[int, datetime | None]:
    found = select(func.count(), func.min(SignInFailure.at)).where(*which, SignInFailure.at > now - WINDOW)
    tries, oldest = session.execute(found).one()
    return tries, oldest


def _same(email: str) -> str:
    return email.strip().lower()
