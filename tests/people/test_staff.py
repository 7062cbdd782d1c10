"""Admins look after the staff; nobody else does, and one admin is always left."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Invalid, NotAllowed, NotFound, NotPossible
from core.gym.models import the_gym
from core.outbox.models import MessageKind, OutboxMessage
from core.people.models import Account, Role, SignInLink, StaffSession
from core.people.sessions import find_session, start_session
from core.platform.db import Database
from core.schedule import queries
from core.staff import members
from tests.support.actors import as_staff
from tests.support.people import NOW, ZONE, ada, nora, omar


@pytest.fixture
def admin(session: Session) -> Account:
    return ada(session)


def invited(session: Session, by: Account, **changes: object) -> Account:
    values = {
        "email": "zoe@spirit.example",
        "name": "Zoë Müller",
        "role": Role.COACH,
        "teaches": True,
        "zone": ZONE.key,
    }
    return members.invite(session, **{**values, **changes}, by=as_staff(by.id), now=NOW)  # type: ignore[arg-type]


def test_whoever_is_invited_gets_a_link_and_a_page_of_her_own(session: Session, admin: Account) -> None:
    before = the_gym(session).content_version
    account = invited(session, admin)
    coach = queries.get_coach(session, "zoe-muller")
    assert coach.account is account and coach.timezone == ZONE.key and the_gym(session).content_version > before
    mail = session.query(OutboxMessage).one()
    assert (mail.kind, mail.recipient, mail.account_id) == (MessageKind.INVITATION, "zoe@spirit.example", account.id)


def test_an_admin_who_does_not_teach_has_no_page(session: Session, admin: Account) -> None:
    assert queries.coach_of(session, invited(session, admin, role=Role.ADMIN, teaches=False)) is None


def test_equal_names_get_addresses_of_their_own(session: Session, admin: Account) -> None:
    invited(session, admin)
    invited(session, admin, email="zoe2@spirit.example")
    assert [coach.slug for coach in queries.published_coaches(session)] == ["zoe-muller", "zoe-muller-2"]


def test_an_address_that_is_taken_or_cannot_be_read_is_refused(session: Session, admin: Account) -> None:
    for email in ("ada@spirit.example", "zoe"):
        with pytest.raises(Invalid):
            invited(session, admin, email=email)


def test_only_admins_do_any_of_this(session: Session, admin: Account) -> None:
    coach, other = nora(session).account, omar(session).account
    gone = invited(session, admin, role=Role.ADMIN, teaches=False)
    members.disable(session, gone.id, by=as_staff(admin.id), now=NOW)
    for by in (coach, gone):
        for refused in (
            lambda by=by: invited(session, by, email="new@spirit.example"),
            lambda by=by: members.invite_again(session, other.id, by=as_staff(by.id), now=NOW),
            lambda by=by: members.change_role(session, other.id, Role.ADMIN, by=as_staff(by.id), now=NOW),
            lambda by=by: members.disable(session, other.id, by=as_staff(by.id), now=NOW),
            lambda by=by: members.enable(session, gone.id, by=as_staff(by.id), now=NOW),
            lambda by=by: members.end_sessions(session, other.id, by=as_staff(by.id), now=NOW),
        ):
            with pytest.raises(NotAllowed):
                refused()


def test_who_is_disabled_is_signed_out_and_shown_no_more_until_enabled(session: Session, admin: Account) -> None:
    coach = nora(session)
    token = start_session(session, coach.account_id, user_agent="a phone", now=NOW)
    members.disable(session, coach.account_id, by=as_staff(admin.id), now=NOW)
    assert find_session(session, token, now=NOW) is None and not queries.published_coaches(session)
    members.enable(session, coach.account_id, by=as_staff(admin.id), now=NOW)
    assert list(queries.published_coaches(session)) == [coach] and find_session(session, token, now=NOW) is None


def test_one_admin_is_always_left(session: Session, admin: Account) -> None:
    with pytest.raises(NotPossible, match="only admin"):
        members.disable(session, admin.id, by=as_staff(admin.id), now=NOW)
    with pytest.raises(NotPossible, match="only admin"):
        members.change_role(session, admin.id, Role.COACH, by=as_staff(admin.id), now=NOW)
    other = nora(session).account
    members.change_role(session, other.id, Role.ADMIN, by=as_staff(admin.id), now=NOW)
    assert members.change_role(session, admin.id, Role.COACH, by=as_staff(other.id), now=NOW).role is Role.COACH


def test_everybody_sees_and_ends_sessions_of_her_own(session: Session, admin: Account) -> None:
    account = nora(session).account
    for minutes in (0, 5):
        start_session(session, account.id, user_agent=f"device {minutes}", now=NOW + timedelta(minutes=minutes))
    later = NOW + timedelta(minutes=10)
    assert [found.user_agent for found in members.live_sessions(session, account.id, now=later)] == [
        "device 5",
        "device 0",
    ]
    members.end_sessions(session, account.id, by=as_staff(account.id), now=later)
    assert not members.live_sessions(session, account.id, now=later)


def test_somebody_unknown_is_not_found(session: Session, admin: Account) -> None:
    with pytest.raises(NotFound):
        members.disable(session, 999, by=as_staff(admin.id), now=NOW)


def test_two_admins_who_disable_each_other_leave_one(database: Database) -> None:
    """The second waits for the first, and finds herself disabled."""
    with database.write() as transaction:
        one = ada(transaction.session)
        two = invited(transaction.session, one, role=Role.ADMIN, teaches=False)
    database.transact(lambda tx: members.disable(tx.session, two.id, by=as_staff(one.id), now=tx.now))
    with pytest.raises(NotAllowed):
        database.transact(lambda tx: members.disable(tx.session, one.id, by=as_staff(two.id), now=tx.now))


def links(session: Session, account: Account) -> list[SignInLink]:
    return list(session.scalars(select(SignInLink).where(SignInLink.account_id == account.id).order_by(SignInLink.id)))


def test_an_invitation_lives_a_week_and_is_replaced_by_the_next(session: Session, admin: Account) -> None:
    account = invited(session, admin)
    assert members.invited_and_not_here_yet(session) == {account.id: NOW + timedelta(days=7)}
    later = NOW + timedelta(days=3)
    members.invite_again(session, account.id, by=as_staff(admin.id), now=later)
    session.expire_all()
    first, second = links(session, account)
    assert (first.expires_at, second.expires_at) == (later, later + timedelta(days=7))
    assert second.invited_by is admin
    assert [mail.sign_in_link_id for mail in session.query(OutboxMessage)] == [first.id, second.id]


def test_an_invitation_is_over_when_its_owner_comes_in_by_another_way(session: Session, admin: Account) -> None:
    account = invited(session, admin)
    (invitation,) = links(session, account)
    start_session(session, account.id, user_agent="phone", now=NOW + timedelta(hours=1))
    session.refresh(invitation)
    assert invitation.used_at == NOW + timedelta(hours=1)


def test_who_is_here_already_is_not_invited_again(session: Session, admin: Account) -> None:
    account = invited(session, admin)
    links(session, account)[0].used_at = NOW
    for other in (account, nora(session).account):
        with pytest.raises(NotPossible, match="has come in already"):
            members.invite_again(session, other.id, by=as_staff(admin.id), now=NOW)
    assert not members.invited_and_not_here_yet(session)


def test_one_session_is_ended_by_its_owner_or_an_admin_and_by_nobody_else(session: Session, admin: Account) -> None:
    account, team_mate = nora(session).account, omar(session).account
    for device in ("phone", "desk", "hall"):
        start_session(session, account.id, user_agent=device, now=NOW)
    phone, desk, hall = session.scalars(select(StaffSession).order_by(StaffSession.id)).all()
    for by, session_id in ((team_mate.id, phone.id), (999, phone.id), (account.id, 999), (admin.id, 999)):
        with pytest.raises(NotFound, match="no such session"):
            members.end_one_session(session, session_id, by=as_staff(by), now=NOW)
    members.end_one_session(session, phone.id, by=as_staff(account.id), now=NOW)
    members.end_one_session(session, desk.id, by=as_staff(admin.id), now=NOW)
    assert list(members.live_sessions(session, account.id, now=NOW)) == [hall]
    members.end_one_session(session, phone.id, by=as_staff(account.id), now=NOW + timedelta(hours=1))
    assert phone.ended_at == NOW
