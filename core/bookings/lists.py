"""Bookings in lists, for the staff: what is to come, what has been, and the whole story of one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from core.bookings.models import Booking, BookingEvent, Status
from core.mail.models import OutboxMessage

PAGE_SIZE = 20
FEED_LOOKS_BACK = timedelta(days=31)


def upcoming(
    session: Session, *, coach_id: int | None, text: str = "", skip: int = 0, now: datetime
) -> Sequence[Booking]:
    """Confirmed lessons that have not ended, soonest first; a page and one more, so that one sees whether more follow."""
    return _page(session, _whole(coach_id, text).where(_to_come(now)).order_by(Booking.starts_at, Booking.id), skip)


def past(session: Session, *, coach_id: int | None, text: str = "", skip: int = 0, now: datetime) -> Sequence[Booking]:
    """Lessons that took place, and requests that came to nothing, latest first; a page and one more."""
    over = and_(not_(_to_come(now)), or_(Booking.status != Status.PENDING, Booking.expires_at <= now))
    return _page(
        session, _whole(coach_id, text).where(over).order_by(Booking.starts_at.desc(), Booking.id.desc()), skip
    )


def lessons_for_feed(session: Session, coach_id: int, *, now: datetime) -> Sequence[Booking]:
    """Her confirmed lessons, from a month ago on, soonest first."""
    return session.scalars(
        _whole(coach_id, "")
        .where(Booking.status == Status.APPROVED, Booking.ends_at > now - FEED_LOOKS_BACK)
        .order_by(Booking.starts_at, Booking.id)
    ).all()


def lessons_between(session: Session, start: datetime, end: datetime, *, coach_id: int | None) -> Sequence[Booking]:
    """Confirmed lessons that begin in [start, end), earliest first; every coach's when coach_id is None."""
    return session.scalars(
        _whole(coach_id, "")
        .where(Booking.status == Status.APPROVED, Booking.starts_at >= start, Booking.starts_at < end)
        .order_by(Booking.starts_at, Booking.id)
    ).all()


def changed_by_others(session: Session, since: datetime, *, coach_id: int | None, account_id: int) -> Sequence[Booking]:
    """Bookings whose last change was not this account's, latest first; at most a page."""
    return session.scalars(
        _whole(coach_id, "")
        .where(Booking.changed_at > since, Booking.changed_by_account_id.is_distinct_from(account_id))
        .order_by(Booking.changed_at.desc(), Booking.id.desc())
        .limit(PAGE_SIZE)
    ).all()


def events_of(session: Session, booking_id: int) -> Sequence[BookingEvent]:
    """Every change of this booking, oldest first."""
    return session.scalars(
        select(BookingEvent).where(BookingEvent.booking_id == booking_id).order_by(BookingEvent.id)
    ).all()


def mails_of(session: Session, booking_id: int) -> Sequence[OutboxMessage]:
    """Every mail about this booking, sent or not, oldest first."""
    return session.scalars(
        select(OutboxMessage).where(OutboxMessage.booking_id == booking_id).order_by(OutboxMessage.id)
    ).all()


def _to_come(now: datetime) -> ColumnElement[bool]:
    return and_(Booking.status == Status.APPROVED, Booking.ends_at > now)


def _whole(coach_id: int | None, text: str) -> Select[Booking]:
    query = select(Booking).options(
        joinedload(Booking.coach, innerjoin=True),
        joinedload(Booking.lesson, innerjoin=True),
        joinedload(Booking.changed_by_account),
    )
    if coach_id is not None:
        query = query.where(Booking.coach_id == coach_id)
    if wanted := text.strip().lower():
        names = (Booking.customer_name, Booking.athlete_name, Booking.customer_email)
        query = query.where(or_(*(func.lower(name).contains(wanted, autoescape=True) for name in names)))
    return query


def _page(session: Session, query: Select[Booking], skip: int) -> Sequence[Booking]:
    return session.scalars(query.offset(skip).limit(PAGE_SIZE + 1)).all()
