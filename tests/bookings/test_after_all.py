"""An admin approves after all what was denied or has expired."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.bookings.cancellation import cancel
from core.bookings.decisions import Decision, by_link, decide
from core.bookings.lists import events_of
from core.bookings.models import Booking, Hold, Status
from core.bookings.override import approve_after_all
from core.bookings.requests import request_lesson
from core.errors import Invalid, NotAllowed, NotPossible, SlotUnavailable, TooLate
from core.outbox.models import MessageKind, OutboxMessage
from core.people.models import Account
from core.platform.actor import PARENT_ON_SITE, Actor, ActorRole, Channel
from core.schedule.models import Coach
from tests.support.actors import as_staff
from tests.support.people import NOW, ada, at, nora, omar, sam_wants

FOUR = at(9, 16)
REASON = "The family called, and Nora has time."


@pytest.fixture
def coach(session: Session) -> Coach:
    return nora(session)


@pytest.fixture
def admin(session: Session) -> Account:
    return ada(session)


def asked(session: Session, coach: Coach, starts_at: datetime = FOUR, **changes: str) -> Booking:
    return request_lesson(session, coach, sam_wants(coach, coach.lessons[1], starts_at, **changes), now=NOW)


def denied(session: Session, coach: Coach) -> Booking:
    return decide(session, coach, asked(session, coach).id, Decision.DENY, by=by_link(coach), reason="Away.", now=NOW)


def approve(
    session: Session, coach: Coach, booking: Booking, by: Account, now: datetime = NOW, reason: str = REASON
) -> Booking:
    return approve_after_all(session, coach, booking.id, by=as_staff(by.id), reason=reason, now=now)


def holds(session: Session, booking: Booking) -> int:
    return session.scalars(select(func.count(Hold.id)).where(Hold.booking_id == booking.id)).one()


def test_a_denied_request_is_approved_holds_its_time_and_both_are_told(
    session: Session, coach: Coach, admin: Account
) -> None:
    booking = approve(session, coach, denied(session, coach), admin)
    assert (booking.status, booking.changed_by, booking.after_all_reason) == (Status.APPROVED, ActorRole.ADMIN, REASON)
    assert booking.denial_reason == "Away.", "a coach's words stay"
    assert holds(session, booking) == 1
    assert [event.to_status for event in events_of(session, booking.id)] == [
        Status.PENDING,
        Status.DENIED,
        Status.APPROVED,
    ]
    kinds = session.scalars(
        select(OutboxMessage.kind).where(OutboxMessage.booking_id == booking.id).order_by(OutboxMessage.id)
    )
    assert list(kinds)[-2:] == [MessageKind.CONFIRMED, MessageKind.DECIDED_BY_ADMIN]


def test_an_expired_request_is_approved_swept_or_not(session: Session, coach: Coach, admin: Account) -> None:
    booking = asked(session, coach)
    assert booking.expires_at is not None
    assert approve(session, coach, booking, admin, now=booking.expires_at).status is Status.APPROVED
    assert [event.to_status for event in events_of(session, booking.id)] == [
        Status.PENDING,
        Status.EXPIRED,
        Status.APPROVED,
    ]


def test_approving_it_again_changes_nothing(session: Session, coach: Coach, admin: Account) -> None:
    booking = approve(session, coach, denied(session, coach), admin)
    version = booking.version
    assert approve(session, coach, booking, admin).version == version


def test_time_that_somebody_else_has_by_now_is_refused(session: Session, coach: Coach, admin: Account) -> None:
    booking = denied(session, coach)
    asked(session, coach, at(9, 15, 30), customer_email="priya@example.org")
    with pytest.raises(SlotUnavailable) as refused:
        approve(session, coach, booking, admin)
    assert refused.value.next_slots and booking.status is Status.DENIED and holds(session, booking) == 0


def test_only_an_admin_with_a_reason_may(session: Session, coach: Coach, admin: Account) -> None:
    booking = denied(session, coach)
    for stranger in (coach.account, omar(session).account):
        with pytest.raises(NotAllowed):
            approve(session, coach, booking, stranger)
    with pytest.raises(Invalid, match="reason"):
        approve(session, coach, booking, admin, reason=" ")
    assert booking.status is Status.DENIED


def test_what_waits_was_cancelled_or_has_begun_is_not(session: Session, coach: Coach, admin: Account) -> None:
    waiting = asked(session, coach)
    with pytest.raises(NotPossible, match="pending"):
        approve(session, coach, waiting, admin)
    cancel(session, coach, waiting.id, by=PARENT_ON_SITE, now=NOW)
    with pytest.raises(NotPossible, match="cancelled"):
        approve(session, coach, waiting, admin)
    too_late = denied(session, coach)
    with pytest.raises(TooLate):
        approve(session, coach, too_late, admin, now=FOUR)


def test_nothing_is_late_that_nobody_agreed_to(session: Session, coach: Coach, admin: Account) -> None:
    an_hour_before = FOUR - timedelta(hours=1)
    booking = approve(session, coach, asked(session, coach), admin, now=an_hour_before)
    cancelled = cancel(session, coach, booking.id, by=PARENT_ON_SITE, shown_costs="", now=an_hour_before)
    assert (cancelled.status, cancelled.cancelled_late) == (Status.CANCELLED, False)


def test_an_admins_earlier_words_stay_as_well(session: Session, coach: Coach, admin: Account) -> None:
    by_admin = Actor(admin.id, ActorRole.ADMIN, Channel.CONSOLE)
    booking = asked(session, coach)
    decide(session, coach, booking.id, Decision.DENY, by=by_admin, reason="The floor is closed.", now=NOW)
    approve(session, coach, booking, admin)
    assert (booking.override_reason, booking.denial_reason) == ("The floor is closed.", "The floor is closed.")
    assert booking.after_all_reason == REASON
