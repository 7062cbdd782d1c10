"""Open commitments of a coach or a lesson type: requests that wait, and confirmed lessons to come."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session, joinedload

from core.bookings.models import Booking, Status
from core.people.models import Account
from core.schedule.models import Coach


@dataclass(frozen=True)
class Commitments:
    """Open bookings, the earliest lesson first."""

    requests: Sequence[Booking]  # can still be answered
    lessons: Sequence[Booking]  # confirmed, and have not begun

    def __bool__(self) -> bool:
        return bool(self.requests or self.lessons)


def commitments_by_account(session: Session, *, now: datetime) -> Mapping[int, Commitments]:
    """Commitments by the coach's account id, for coaches who have some; one query for a page that shows all."""
    return _by(_found(session, true(), now), lambda booking: booking.coach.account_id, now)


def commitments_by_lesson(session: Session, *, now: datetime) -> Mapping[int, Commitments]:
    """Commitments by lesson type's id, for those that have some, whoever teaches it; one query."""
    return _by(_found(session, true(), now), lambda booking: booking.lesson_type_id, now)


def commitments_of_disabled(session: Session, *, now: datetime) -> Commitments:
    """Commitments of all coaches whose account is disabled: an admin has to see to them."""
    return _sorted_out(_found(session, Account.disabled_at.is_not(None), now), now)


def _by(found: Sequence[Booking], owner: Callable[[Booking], int], now: datetime) -> Mapping[int, Commitments]:
    owned: defaultdict[int, list[Booking]] = defaultdict(list)
    for booking in found:
        owned[owner(booking)].append(booking)
    return {who: _sorted_out(bookings, now) for who, bookings in owned.items()}


def _found(session: Session, which: ColumnElement[bool], now: datetime) -> Sequence[Booking]:
    return session.scalars(
        select(Booking)
        .join(Coach, Coach.id == Booking.coach_id)
        .join(Account, Account.id == Coach.account_id)
        .where(which, Booking.status.in_((Status.PENDING, Status.APPROVED)), Booking.starts_at > now)
        .options(joinedload(Booking.coach, innerjoin=True), joinedload(Booking.lesson, innerjoin=True))
        .order_by(Booking.starts_at, Booking.id)
    ).all()


def _sorted_out(found: Sequence[Booking], now: datetime) -> Commitments:
    return Commitments(
        [booking for booking in found if booking.status_at(now) is Status.PENDING],
        [booking for booking in found if booking.status is Status.APPROVED],
    )
