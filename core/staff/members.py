"""Commands of staff administration: invite, change roles, disable, enable; end sessions. Queries of who is signed in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.bookings.disabled_coach_mail import hand_back, hand_over
from core.errors import NotFound, NotPossible
from core.gym.models import Gym, content_changed
from core.outbox import messages
from core.people.accounts import create_account
from core.people.models import Account, ApiKey, Role, SignInLink, StaffSession
from core.people.permissions import check_is_admin, is_admin
from core.people.sessions import IDLE
from core.platform.actor import Actor
from core.schedule.new_coach import add_coach
from core.schedule.queries import coach_of
from core.staff.sign_in_links import new_link

LAST_ADMIN = "This is the only admin. Please make somebody else an admin first."


def invite(
    session: Session, *, email: str, name: str, role: Role, teaches: bool, zone: str, by: Actor, now: datetime
) -> Account:
    """
    Create an account and mail an invitation: a one-time link, valid for a week. teaches: create its coach as well.

    Raises:
        NotAllowed: `by` is no admin.
        Invalid: the address cannot be read or is taken, the name is empty.
    """
    check_is_admin(session, by)
    account = create_account(session, email=email, name=name, role=role, now=now)
    if teaches:
        add_coach(session, account, zone=zone)
    messages.add_sign_in(session, account, new_link(session, account, invited_by=by.staff_id, now=now), now=now)
    audit.record(session, Verb.INVITED, "account", account.id, by=by, now=now)
    session.flush()
    return account


def invite_again(session: Session, account_id: int, *, by: Actor, now: datetime) -> Account:
    """
    Mail a new invitation; earlier ones are revoked.

    Raises NotAllowed, NotFound; NotPossible for who has come in already, or may not sign in.
    """
    check_is_admin(session, by)
    account = _account(session, account_id)
    if account_id not in invited_and_not_here_yet(session):
        raise NotPossible(f"{account.name} has come in already, or was not invited by mail.")
    session.execute(
        update(SignInLink)
        .where(SignInLink.account_id == account_id, SignInLink.expires_at > now)
        .values(expires_at=now)
        .execution_options(synchronize_session=False)
    )
    messages.add_sign_in(session, account, new_link(session, account, invited_by=by.staff_id, now=now), now=now)
    audit.record(session, Verb.INVITED, "account", account.id, by=by, now=now)
    session.flush()
    return account


def invited_and_not_here_yet(session: Session) -> Mapping[int, datetime]:
    """Pending invitations: account id → the end of its newest one, for accounts that have never signed in."""
    found = session.execute(
        select(SignInLink.account_id, func.max(SignInLink.expires_at))
        .join(Account, Account.id == SignInLink.account_id)
        .where(Account.disabled_at.is_(None), Account.password_hash.is_(None), Account.provider_subject.is_(None))
        .group_by(SignInLink.account_id)
        .having(func.count(SignInLink.invited_by_account_id) > 0, func.count(SignInLink.used_at) == 0)
    )
    return {row[0]: row[1] for row in found}


def change_role(session: Session, account_id: int, role: Role, *, by: Actor, now: datetime) -> Account:
    """Change an account's role, in force from its next command on. Raises NotAllowed, NotFound; NotPossible where no admin would be left."""
    check_is_admin(session, by)
    account = _account(session, account_id)
    if role is not Role.ADMIN:
        _check_not_last_admin(session, account)
    account.role = role
    audit.record(session, Verb.ROLE_CHANGED, "account", account.id, by=by, now=now)
    session.flush()
    return account


def disable(session: Session, account_id: int, *, by: Actor, now: datetime) -> Account:
    """
    Disable an account: end its sessions and API keys, refuse sign-in, hide its coach.

    Her bookings stand, queued mails about them go to the admins, and admins answer waiting requests.

    Raises NotAllowed, NotFound; NotPossible where no admin would be left.
    """
    check_is_admin(session, by)
    account = _account(session, account_id)
    _check_not_last_admin(session, account)
    if account.disabled_at is None:
        account.disabled_at = now
        if (coach := coach_of(session, account)) is not None:
            hand_over(session, coach, now=now)
    _end_all(session, account_id, now=now)
    _end_keys(session, account_id, now=now)
    audit.record(session, Verb.DISABLED, "account", account.id, by=by, now=now)
    session.flush()
    content_changed(session)
    return account


def enable(session: Session, account_id: int, *, by: Actor, now: datetime) -> Account:
    """Enable an account again: it may sign in, and its coach is shown. Raises NotAllowed, NotFound."""
    check_is_admin(session, by)
    account = _account(session, account_id)
    if account.disabled_at is not None:
        account.disabled_at = None
        if (coach := coach_of(session, account)) is not None:
            hand_back(session, coach, now=now)
    audit.record(session, Verb.ENABLED, "account", account.id, by=by, now=now)
    session.flush()
    content_changed(session)
    return account


def end_sessions(session: Session, account_id: int, *, by: Actor, now: datetime) -> None:
    """End all sessions of an account: one's own, or anybody's for an admin. Raises NotAllowed."""
    if by.account_id != account_id:
        check_is_admin(session, by)
    _end_all(session, account_id, now=now)
    audit.record(session, Verb.SESSIONS_ENDED, "account", account_id, by=by, now=now)


def end_one_session(session: Session, session_id: int, *, by: Actor, now: datetime) -> None:
    """
    End one session: one's own, or anybody's for an admin; idempotent.

    Raises:
        NotFound: there is none, or it is another's and `by` is no admin: the same answer.
    """
    found = session.get(StaffSession, session_id)
    if found is None or (found.account_id != by.account_id and not is_admin(session, by)):
        raise NotFound("There is no such session.")
    if found.ended_at is None:
        found.ended_at = now
        audit.record(session, Verb.SESSIONS_ENDED, "account", found.account_id, by=by, now=now)
    session.flush()


def everybody(session: Session) -> Sequence[Account]:
    """All accounts, disabled ones too, by name."""
    return session.scalars(select(Account).order_by(func.lower(Account.name), Account.id)).all()


def live_sessions(session: Session, account_id: int, *, now: datetime) -> Sequence[StaffSession]:
    """An account's live sessions, the last used first."""
    return session.scalars(_live(now).where(StaffSession.account_id == account_id)).all()


def all_live_sessions(session: Session, *, now: datetime) -> Mapping[int, Sequence[StaffSession]]:
    """All live sessions by account, the last used first; one query for a page that shows all."""
    found: defaultdict[int, list[StaffSession]] = defaultdict(list)
    for live in session.scalars(_live(now)):
        found[live.account_id].append(live)
    return found


def _live(now: datetime) -> Select[StaffSession]:
    return (
        select(StaffSession)
        .where(StaffSession.ended_at.is_(None), StaffSession.expires_at > now, StaffSession.last_used_at > now - IDLE)
        .order_by(StaffSession.last_used_at.desc(), StaffSession.id)
    )


def _account(session: Session, account_id: int) -> Account:
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("There is no such account.")
    return account


def _check_not_last_admin(session: Session, account: Account) -> None:
    """Check that an admin is left, under a lock on the gym: two who disable each other at once would each see the other."""
    session.execute(select(Gym.id).with_for_update())
    others = session.scalars(
        select(func.count(Account.id)).where(
            Account.role == Role.ADMIN, Account.disabled_at.is_(None), Account.id != account.id
        )
    ).one()
    if account.role is Role.ADMIN and not others:
        raise NotPossible(LAST_ADMIN)


def _end_all(session: Session, account_id: int, *, now: datetime) -> None:
    session.execute(
        update(StaffSession)
        .where(StaffSession.account_id == account_id, StaffSession.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


def _end_keys(session: Session, account_id: int, *, now: datetime) -> None:
    """End all of an account's keys; they stay ended if she comes back."""
    session.execute(
        update(ApiKey)
        .where(ApiKey.account_id == account_id, ApiKey.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )
