"""Cancel a booking: PENDING or APPROVED → CANCELLED, by the parent, or by its coach or an admin with a reason."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.bookings import ended_errors, form_conflicts, mails, queries
from core.bookings.cancellation_terms import terms_of
from core.bookings.disabled_coach_mail import tell_coach_or_admins
from core.bookings.models import Booking, Status
from core.bookings.permissions import by_member_of_staff, check_may_change
from core.bookings.sentences import reason_given
from core.bookings.transition import change
from core.errors import NotPossible, RequestExpired, TooLate
from core.gym.models import the_gym
from core.outbox.models import MessageKind
from core.platform.actor import Actor, ActorRole
from core.schedule.models import Coach


def cancel(
    session: Session,
    coach: Coach,
    booking_id: int,
    *,
    by: Actor,
    reason: str | None = None,
    shown_costs: str | None = None,
    slot_version: int | None = None,
    now: datetime,
) -> Booking:
    """
    Cancel a booking until its lesson starts. Cancelling again by the same side changes nothing.

    A parent cancels a request or a confirmed lesson; a coach or an admin a confirmed lesson, with a reason. A
    parent's cancellation within the hours that she agreed to is recorded as late.

    Args:
        shown_costs: what the page said that it costs (see `shown.check_costs`).
        slot_version: of the lesson as it was shown.

    Raises:
        NotAsShown: it would cost more than was shown, or the lesson was moved.
        TooLate: the lesson has begun.
        RequestExpired, BookingCancelled, NotPossible: it is not in a state to be cancelled.
        NotAllowed, NotFound: not this person's to cancel.
        Invalid: a coach or admin gave no reason.
    """
    booking = queries.read_again(session, booking_id, coach)
    check_may_change(session, booking, by)
    if booking.status is Status.CANCELLED and booking.changed_by is by.role:
        return booking  # a second click
    _check_cancellable(booking, by, now=now)
    form_conflicts.check_time(booking, slot_version)
    reason = reason_given(reason, required=by.role is not ActorRole.PARENT)
    terms = terms_of(booking, the_gym(session))
    late = by.role is ActorRole.PARENT and booking.status is Status.APPROVED and terms.is_late(booking.starts_at, now)
    if late:
        form_conflicts.check_costs(shown_costs, terms)
    if not change(session, booking, Status.CANCELLED, by=by, now=now, cancel_reason=reason, cancelled_late=late):
        _check_cancellable(booking, by, now=now)
        raise NotPossible("This booking was changed at the same moment. Please look at it again.")
    mails.add(session, MessageKind.CANCELLED, booking, now=now)
    if by.role is ActorRole.PARENT:
        tell_coach_or_admins(session, MessageKind.LESSON_CANCELLED, booking, now=now)
    elif by.role is ActorRole.ADMIN:
        mails.add(session, MessageKind.LESSON_CANCELLED, booking, now=now)
    session.flush()
    return booking


def cancel_as_staff(
    session: Session,
    coach: Coach,
    booking_id: int,
    *,
    by: Actor,
    reason: str | None,
    slot_version: int | None = None,
    now: datetime,
) -> Booking:
    """Cancel a confirmed lesson as a signed-in coach or admin, with a reason. Raises what `cancel` raises."""
    by = by_member_of_staff(session, coach, by)
    return cancel(session, coach, booking_id, by=by, reason=reason, slot_version=slot_version, now=now)


def _check_cancellable(booking: Booking, by: Actor, *, now: datetime) -> None:
    status = booking.status_at(now)
    if status is Status.CANCELLED:
        raise ended_errors.cancelled(booking, to_family=by.role is ActorRole.PARENT)
    if status is Status.EXPIRED:
        raise RequestExpired(f"{ended_errors.expired_sentence(booking)} There is nothing left to cancel.")
    if status is Status.DENIED:
        raise NotPossible(f"{ended_errors.denied_sentence(booking)} There is nothing left to cancel.")
    if status is Status.PENDING and by.role is not ActorRole.PARENT:
        raise NotPossible("This request waits for an answer: approve or deny it instead.")
    if now >= booking.starts_at:
        raise TooLate("The lesson has begun, so it cannot be cancelled any more. Please call us.")
