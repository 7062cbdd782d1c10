"""An admin's override: DENIED or EXPIRED → APPROVED, if its time is free again."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.bookings import expiry, form_conflicts, mails, queries, slots
from core.bookings.approval_warnings import check_agreed
from core.bookings.holds import HOLD_GUARD, hold_for
from core.bookings.models import Booking, Status
from core.bookings.permissions import check_may_change
from core.bookings.sentences import actor_name, reason_given
from core.bookings.transition import change
from core.errors import NotAllowed, NotPossible, TooLate
from core.outbox.models import MessageKind
from core.people.models import Role
from core.people.permissions import account_of
from core.platform.actor import Actor, ActorRole
from core.platform.db import guard_named
from core.schedule.models import Coach
from core.wording import spoken_instant

CAN_BE_APPROVED = (Status.DENIED, Status.EXPIRED)


def approve_after_all(
    session: Session,
    coach: Coach,
    booking_id: int,
    *,
    by: Actor,
    reason: str | None,
    slot_version: int | None = None,
    despite: Collection[str] = (),
    now: datetime,
) -> Booking:
    """
    Override an outcome: DENIED or EXPIRED → APPROVED, until the lesson starts. Mails go to the family and the coach.

    The family had read that nothing is booked and did not agree anew, so it cancels free of charge until the start.

    Args:
        reason: the family and the coach read it.
        slot_version, despite: of the lesson and the concerns as they were shown (core.bookings.approval_warnings).

    Raises:
        NotAllowed: not an admin.
        NotPossible: it is in another state. TooLate: the lesson would have begun.
        SlotUnavailable: somebody else has this time by now.
        NotAsShown: it was moved. NeedsAgreement: the coach's hours or lessons have changed since.
        Invalid: no reason was given.
    """
    by = _by_admin(session, by)
    expiry.expire_overdue(session, coach, now=now)
    booking = queries.read_again(session, booking_id, coach)
    check_may_change(session, booking, by)
    if booking.status is Status.APPROVED and booking.changed_by is ActorRole.ADMIN:
        return booking
    if booking.status not in CAN_BE_APPROVED:
        since = f"by {actor_name(booking)}, since {spoken_instant(booking.changed_at, coach.zone)}"
        raise NotPossible(f"This booking is {booking.status.value.lower()}, {since}. It cannot be approved after all.")
    if now >= booking.starts_at:
        raise TooLate("The lesson would have begun already.")
    form_conflicts.check_time(booking, slot_version)
    reason = reason_given(reason, required=True)
    check_agreed(session, booking, despite)
    _take_time(session, coach, booking, now=now)
    if not change(session, booking, Status.APPROVED, by=by, now=now, after_all_reason=reason, late_cancel_hours=0):
        raise NotPossible("This booking was changed at the same moment. Please look at it again.")
    mails.add(session, MessageKind.CONFIRMED, booking, now=now)
    mails.add(session, MessageKind.DECIDED_BY_ADMIN, booking, now=now)
    session.flush()
    return booking


def _by_admin(session: Session, by: Actor) -> Actor:
    """Raises NotAllowed."""
    account = account_of(session, by)
    if account is None or account.role is not Role.ADMIN:
        raise NotAllowed("Only an admin can approve what was denied or has expired.")
    return replace(by, role=ActorRole.ADMIN)


def _take_time(session: Session, coach: Coach, booking: Booking, *, now: datetime) -> None:
    """Insert the hold again. Raises SlotUnavailable when the constraint says that somebody else has this time by now."""
    try:
        with session.begin_nested():
            session.add(hold_for(booking, booking.lesson))
            session.flush()
    except IntegrityError as error:
        if HOLD_GUARD not in guard_named(error):
            raise
        raise slots.slot_taken(session, coach, booking.lesson, booking.starts_at, now=now) from error
