"""A command believes no role that an actor names: the account's row decides."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.bookings.models import BookingEvent, Status
from core.bookings.requests import request_lesson
from core.errors import NotAllowed, NotFound
from core.mail import outbox_admin
from core.people.models import Account
from core.people.permissions import check_is_admin, is_admin
from core.people.reauthorization import actor_of
from core.platform.actor import COMMAND_LINE, PARENT_ON_SITE, THE_CLOCK, Actor, ActorRole, Channel
from core.schedule.models import Coach
from core.staff import members
from tests.support.people import NOW, ada, at, nora, sam_wants

NOT_ADMINS = (
    Actor(None, ActorRole.ADMIN, Channel.CONSOLE),
    Actor(None, ActorRole.COMMAND_LINE, Channel.CONSOLE),
    PARENT_ON_SITE,
    THE_CLOCK,
)


@pytest.fixture
def coach(session: Session) -> Coach:
    return nora(session)


@pytest.fixture
def admin(session: Session) -> Account:
    return ada(session)


@pytest.mark.parametrize("nobody", NOT_ADMINS, ids=str)
def test_an_actor_without_an_account_is_no_admin_whatever_it_calls_itself(session: Session, nobody: Actor) -> None:
    with pytest.raises(NotAllowed):
        check_is_admin(session, nobody)
    with pytest.raises(NotAllowed):
        outbox_admin.hold(session, by=nobody, now=NOW)
    with pytest.raises(NotAllowed):
        _ = nobody.staff_id


def test_the_claim_to_be_an_admin_makes_nobody_one_and_the_claim_to_be_a_coach_unmakes_none(
    session: Session, coach: Coach, admin: Account
) -> None:
    claims = Actor(coach.account_id, ActorRole.ADMIN, Channel.CONSOLE)
    with pytest.raises(NotAllowed):
        members.disable(session, admin.id, by=claims, now=NOW)
    with pytest.raises(NotAllowed):
        outbox_admin.hold(session, by=Actor(coach.account_id, ActorRole.COMMAND_LINE, Channel.COMMAND_LINE), now=NOW)
    assert is_admin(session, Actor(admin.id, ActorRole.COACH, Channel.CONSOLE))
    admin.disabled_at = NOW
    assert not is_admin(session, actor_of(admin, Channel.CONSOLE))


def test_the_target_is_not_the_actor(session: Session, coach: Coach, admin: Account) -> None:
    members.end_sessions(session, coach.account_id, by=actor_of(coach.account, Channel.CONSOLE), now=NOW)
    with pytest.raises(NotAllowed):
        members.end_sessions(session, admin.id, by=actor_of(coach.account, Channel.CONSOLE), now=NOW)
    with pytest.raises(NotFound):
        members.end_one_session(session, 999, by=actor_of(admin, Channel.CONSOLE), now=NOW)


def test_the_command_line_changes_no_booking(session: Session, coach: Coach) -> None:
    booking = request_lesson(session, coach, sam_wants(coach, coach.lessons[0], at(1, 16)), now=NOW)
    event = {"booking_id": booking.id, "coach_id": coach.id, "to_status": Status.PENDING, "at": NOW}
    for words in (
        {"actor": COMMAND_LINE.role, "channel": Channel.CONSOLE},
        {"actor": ActorRole.ADMIN, "channel": COMMAND_LINE.channel},
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(insert(BookingEvent).values(**event, **words))
