"""Decide a request: PENDING → APPROVED or DENIED, by its coach, or by an admin with a reason."""

import enum
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from core.bookings import ended_errors, form_conflicts, mails, queries
from core.bookings.approval_warnings import check_agreed
from core.bookings.models import Booking, Status
from core.bookings.permissions import by_member_of_staff, check_may_answer
from core.bookings.sentences import reason_given
from core.bookings.transition import change
from core.outbox.models import MessageKind
from core.platform.actor import Actor, ActorRole, Channel
from core.schedule.models import Coach

__all__ = ["Decision", "check_answerable", "decide", "decide_as_staff"]


class Decision(enum.StrEnum):
    APPROVE = "approve"
    DENY = "deny"


OUTCOME = {Decision.APPROVE: Status.APPROVED, Decision.DENY: Status.DENIED}


def decide(
    session: Session,
    coach: Coach,
    booking_id: int,
    decision: Decision,
    *,
    by: Actor,
    reason: str | None = None,
    slot_version: int | None = None,
    despite: Collection[str] = (),
    now: datetime,
) -> Booking:
    """
    Approve or deny a request; idempotent: the same answer again changes nothing.

    Args:
        reason: shown to the parent when it is denied; required of an admin.
        slot_version: the link's, when a link decides.
        despite: what speaks against approving (core.bookings.approval_warnings), as it was shown to whoever approves.

    Raises:
        LinkReplaced, RequestExpired, BookingCancelled: it can no longer be answered.
        AlreadyDecided: the other answer was given; with who, when and how.
        NeedsAgreement: the coach's hours or lessons have changed since, and that was not shown.
        NotAllowed, NotFound: not this person's to decide.
        Invalid: an admin gave no reason, or it is too long.
    """
    booking = queries.read_again(session, booking_id, coach)
    check_may_answer(session, booking, by)
    if not check_answerable(session, booking, decision, slot_version=slot_version, now=now):  # a second click
        return booking
    reason = reason_given(reason, required=by.role is ActorRole.ADMIN)
    if decision is Decision.APPROVE:
        check_agreed(session, booking, despite)
    reasons = {"denial_reason": reason if decision is Decision.DENY else None}
    if by.role is ActorRole.ADMIN:
        reasons["override_reason"] = reason
    if not change(session, booking, OUTCOME[decision], by=by, now=now, **reasons):  # another change came first
        check_answerable(session, booking, decision, now=now)
        return booking
    _tell(session, booking, by, now=now)
    session.flush()
    return booking


def decide_as_staff(
    session: Session,
    coach: Coach,
    booking_id: int,
    decision: Decision,
    *,
    by: Actor,
    reason: str | None = None,
    slot_version: int | None = None,
    despite: Collection[str] = (),
    now: datetime,
) -> Booking:
    """
    Decide a request as a signed-in member of staff. Raises what `decide` raises.

    Args:
        slot_version: of the request as it was shown.

    Raises:
        NotAsShown: it was moved since.
        NotFound: it is another coach's, and this account is no admin: as if there were none.
    """
    by = by_member_of_staff(session, coach, by)
    form_conflicts.check_time(queries.read_again(session, booking_id, coach), slot_version)
    return decide(session, coach, booking_id, decision, by=by, reason=reason, despite=despite, now=now)


def check_answerable(
    session: Session, booking: Booking, decision: Decision | None, *, slot_version: int | None = None, now: datetime
) -> bool:
    """
    Check that a request can be answered now; False if this answer has been given already.

    In this order: the link is of the present slot; no other answer; not cancelled; not expired.

    Args:
        decision: None asks only whether the booking can be shown for an answer.

    Raises:
        LinkReplaced: it was moved since that link. AlreadyDecided: the other answer was given.
        BookingCancelled, RequestExpired.
    """
    if slot_version is not None and slot_version != booking.slot_version:
        raise ended_errors.replaced(booking)
    if booking.status in (Status.APPROVED, Status.DENIED):
        if decision is None or OUTCOME[decision] is booking.status:  # the same answer again: a second click
            return False
        raise ended_errors.already_decided(booking)
    if booking.status is Status.CANCELLED:
        raise ended_errors.cancelled(booking)
    if booking.status_at(now) is Status.EXPIRED:
        raise ended_errors.expired(session, booking, now=now)
    return True


def _tell(session: Session, booking: Booking, by: Actor, *, now: datetime) -> None:
    mails.add(
        session, MessageKind.CONFIRMED if booking.status is Status.APPROVED else MessageKind.DENIED, booking, now=now
    )
    if by.role is ActorRole.ADMIN:
        mails.add(session, MessageKind.DECIDED_BY_ADMIN, booking, now=now)


def by_link(coach: Coach, channel: Channel = Channel.MAIL) -> Actor:
    """The coach, through the link in her mail, or a program of hers that has it."""
    return Actor(coach.account_id, ActorRole.COACH, channel)
