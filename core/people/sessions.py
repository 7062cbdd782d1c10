"""Staff sessions: rows with hashed tokens; start, look up, touch, end. Idle timeout and absolute limit."""

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from core.errors import NotAllowed
from core.people.models import Account, SignInLink, StaffSession
from core.platform.signed_tokens import hashed, new_session_token

IDLE = timedelta(hours=12)  # since the last use
FRESH = timedelta(minutes=15)  # so long a sign-in proves who it is, for what outlives the session
ABSOLUTE = timedelta(days=7)  # since the sign-in, however much it is used
TOUCH_EVERY = timedelta(minutes=1)  # one write a minute, however often a page runs
KEPT_AFTER_END = timedelta(days=30)  # retention of ended ones
USER_AGENT_LENGTH = 200  # enough to name browser and device
SIGN_IN_AGAIN = (
    "For this, please sign out and sign in again first, by a mailed link or in another way: "
    "it is taken for a quarter of an hour after signing in."
)


def start_session(session: Session, account_id: int, *, user_agent: str, now: datetime) -> str:
    """Start a session; returns the token for its cookie, which is not stored. Ends the account's open invitations."""
    session.execute(
        update(SignInLink)
        .where(
            SignInLink.account_id == account_id,
            SignInLink.invited_by_account_id.is_not(None),
            SignInLink.used_at.is_(None),
        )
        .values(used_at=now)
    )
    token = new_session_token()
    session.add(
        StaffSession(
            account_id=account_id,
            token_hash=hashed(token),
            user_agent=user_agent[:USER_AGENT_LENGTH],
            created_at=now,
            last_used_at=now,
            expires_at=now + ABSOLUTE,
        )
    )
    session.flush()
    return token


def find_session(session: Session, token: str, *, now: datetime) -> StaffSession | None:
    """The live session of this token, its account loaded; None if it has ended or its account is disabled."""
    return session.scalars(_live(now).where(StaffSession.token_hash == hashed(token))).one_or_none()


def find_live_session(session: Session, session_id: int, *, now: datetime) -> StaffSession | None:
    """The live session of this id, read anew from the database; None as of `find_session`."""
    return session.scalars(
        _live(now).where(StaffSession.id == session_id).execution_options(populate_existing=True)
    ).one_or_none()


def check_fresh(session: Session, session_id: int, account_id: int, *, now: datetime) -> None:
    """
    Check that a session is the account's and younger than FRESH: for a first password, or a key, which would outlive it.

    Raises NotAllowed.
    """
    found = find_live_session(session, session_id, now=now)
    if found is None or found.account_id != account_id or found.created_at <= now - FRESH:
        raise NotAllowed(SIGN_IN_AGAIN)


def _live(now: datetime) -> Select[StaffSession]:
    return (
        select(StaffSession)
        .join(Account, Account.id == StaffSession.account_id)
        .where(
            StaffSession.ended_at.is_(None),
            StaffSession.expires_at > now,
            StaffSession.last_used_at > now - IDLE,
            Account.disabled_at.is_(None),
        )
    )


def touch_session(session: Session, session_id: int, *, now: datetime) -> None:
    """Move last_used_at, the start of the idle time, at most once a minute."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.last_used_at < now - TOUCH_EVERY)
        .values(last_used_at=now)
    )


def end_session(session: Session, token: str, *, now: datetime) -> None:
    """Sign out: end the session of this token, also for pages that are open."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == hashed(token), StaffSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def forget_old_sessions(session: Session, *, now: datetime) -> None:
    """Delete sessions a month after their absolute limit. Safe to run at any time."""
    session.execute(delete(StaffSession).where(StaffSession.expires_at < now - KEPT_AFTER_END))
