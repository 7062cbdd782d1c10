"""What is still open with a coach or of a lesson type: requests that wait, and confirmed lessons to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from core.bookings.models import Booking, Status
from core.people.models import Account
from core.schedule.models import Coach


@dataclass(frozen=True)
class Commitments:
    """requests: can still be answered. lessons: confirmed, and have not begun. Both the earliest lesson first."""

    requests: Sequence[Booking]
    lessons: Sequence[Booking]

    def __bool__(self) -> bool:
        return bool(self.requests or self.lessons)


def commitments_of_account(session: Session, account_id: int, *, now: datetime) -> Commitments:
    """Those of the coach with this account; none where there is no such coach."""
    return _commitments(session, Coach.account_id == account_id, now)


def commitments_of_lesson(session: Session, lesson_type_id: int, *, now: datetime) -> Commitments:
    """Those of one lesson type, whoever teaches it."""
    return _commitments(session, Booking.lesson_type_id == lesson_type_id, now)


def commitments_of_disabled(session: Session, *, now: datetime) -> Commitments:
    """Those of all coaches who do not work here any more: an admin has to see to them."""
    return _commitments(session, Account.disabled_at.is_not(None), now)


def _commitments(session: Session, which: ColumnElement[bool], now: datetime) -> Commitments:
    found = session.scalars(
        select(Booking)
        .join(Coach, Coach.id == Booking.coach_id)
        .join(Account, Account.id == Coach.account_id)
        .where(which, Booking.status.in_((Status.PENDING, Status.APPROVED)), Booking.starts_at > now)
        .options(joinedload(Booking.coach, innerjoin=True), joinedload(Booking.lesson, innerjoin=True))
        .order_by(Booking.starts_at, Booking.id)
    ).all()
    return Commitments(
        [booking for booking in found if booking.status_at(now) is Status.PENDING],
        [booking for booking in found if booking.status is Status.APPROVED],
    )
