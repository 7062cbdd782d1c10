"""Commands about one's own account: set a password, end other sessions, turn the sound on."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.errors import Invalid, NotAllowed
from core.people.models import Account, StaffSession
from core.people.passwords import hash_password, password_matches
from core.people.permissions import account_of
from core.people.sessions import check_fresh
from core.people.sign_in import check_and_count, forget_tries
from core.platform.actor import Actor
from core.platform.services import Services

WRONG = "This is not your present password."


def set_password(services: Services, *, by: Actor, present: str, new: str, keep_session: int) -> None:
    """
    Set a new password, and end every other session of the account. Slow: run it on a thread, never inside a transaction.

    Args:
        present: the one she has; whoever signs in by link and has none gives "", and has signed in just now.
        keep_session: the id of the session that this comes from.

    Raises:
        Invalid: the present one is wrong, or the new one too short or too long.
        TooMany: as for signing in; wrong ones are counted together.
        NotAllowed: the account is not in use any more, or has no password and the session is older than FRESH.
    """
    with services.database.read() as session:
        account = account_of(session, by)
    if account is None or account.disabled_at is not None:
        raise NotAllowed("This account is not in use any more.")
    if account.password_hash is not None:
        check_and_count(services, email=account.email, address=_limit_key(by.staff_id))
        if not password_matches(account.password_hash, present):
            raise Invalid({"present": WRONG})
    hashed = hash_password(new)  # slow: before the transaction
    services.database.transact(
        lambda tx: _store(tx.session, by, account.password_hash, hashed, keep_session, now=tx.now)
    )
    forget_tries(services, email=account.email, address=_limit_key(by.staff_id))


def _limit_key(account_id: int) -> str:
    """The rate limit's key in place of a network: tries of a signed-in account count together, wherever they come from."""
    return f"account {account_id}"


def end_other_sessions(session: Session, *, by: Actor, keep_session: int, now: datetime) -> None:
    """End all sessions of an account but one."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.account_id == by.staff_id, StaffSession.id != keep_session, StaffSession.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


def set_sound(session: Session, *, by: Actor, on: bool, now: datetime) -> None:
    """Whether the console plays a sound when a request comes. Raises NotAllowed."""
    account = account_of(session, by)
    if account is None or account.disabled_at is not None:
        raise NotAllowed("This account is not in use any more.")
    account.sound = on
    session.flush()


def _store(
    session: Session, by: Actor, before: str | None, password_hash: str, keep_session: int, *, now: datetime
) -> None:
    """Store the new hash by a conditional update: only if nobody has changed it since it was verified."""
    if before is None:
        check_fresh(session, keep_session, by.staff_id, now=now)
    changed = session.execute(
        update(Account)
        .where(
            Account.id == by.account_id,
            Account.disabled_at.is_(None),
            Account.password_hash.is_not_distinct_from(before),
        )
        .values(password_hash=password_hash)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise NotAllowed("The password was changed elsewhere at this moment. Please sign in again.")
    end_other_sessions(session, by=by, keep_session=keep_session, now=now)
