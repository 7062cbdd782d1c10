"""Queries of bookings, with coach, account, lesson and the last actor loaded."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from core.bookings.access_scope import Whose, within
from core.bookings.models import Booking, BookingEvent, ReplacedHandle, Status
from core.errors import LinkReplaced, NotFound
from core.platform.actor import Channel
from core.platform.signed_tokens import hashed
from core.schedule.models import Coach


def get_booking(session: Session, booking_id: int) -> Booking:
    """A booking by id. Raises NotFound."""
    return _one(session, _whole().where(Booking.id == booking_id))


def get_by_handle(session: Session, handle: str) -> Booking:
    """A booking by its family's secret link. Raises NotFound; LinkReplaced for a link from before a corrected address."""
    try:
        return _one(session, _whole().where(Booking.handle == handle))
    except NotFound:
        former = select(ReplacedHandle.id).where(ReplacedHandle.handle_hash == hashed(handle))
        if session.scalars(former).one_or_none() is None:
            raise
        raise LinkReplaced(
            "The mail address of this booking was corrected, so it has a new link. It is in the mail to the right address."
        ) from None


def find_by_key(session: Session, key_hash: str) -> Booking | None:
    """A booking by the hash of its idempotency key (a form's hidden key, or a program's own); None if there is none."""
    return session.scalars(_whole().where(Booking.idempotency_key_hash == key_hash)).one_or_none()


def find_by_form_key(session: Session, key: str) -> Booking | None:
    """
    A booking by the idempotency key of the site's form; None if there is none.

    Never one that a program made: it chooses its keys itself, and they may be easy to guess.
    """
    booking = find_by_key(session, hashed(key))
    if booking is None:
        return None
    query = select(BookingEvent.channel).where(BookingEvent.booking_id == booking.id)
    first = session.scalars(query.order_by(BookingEvent.id).limit(1)).one()
    return booking if first is Channel.SITE else None


def requests_awaiting_answer(session: Session, *, whose: Whose, now: datetime) -> Sequence[Booking]:
    """Pending requests that can still be answered, soonest deadline first."""
    query = (
        _whole()
        .where(Booking.status == Status.PENDING, Booking.expires_at > now)
        .order_by(Booking.expires_at, Booking.id)
    )
    return session.scalars(within(query, whose)).all()


def count_awaiting_answer(session: Session, *, whose: Whose, now: datetime) -> tuple[int, datetime | None]:
    """The number of pending requests that can still be answered, and when the first of them expires."""
    query = select(func.count(Booking.id), func.min(Booking.expires_at)).where(
        Booking.status == Status.PENDING, Booking.expires_at > now
    )
    count, first_expires_at = session.execute(within(query, whose)).one()
    return count, first_expires_at


def recent_bookings(session: Session, *, whose: Whose, limit: int = 20) -> Sequence[Booking]:
    """The last changed bookings, in any state, latest first."""
    query = _whole().order_by(Booking.changed_at.desc(), Booking.id.desc()).limit(limit)
    return session.scalars(within(query, whose)).all()


def read_again(session: Session, booking_id: int, coach: Coach) -> Booking:
    """A booking, read anew from the database under the coach's lock. Raises NotFound, also when it is another coach's."""
    booking = _one(session, _whole().where(Booking.id == booking_id).execution_options(populate_existing=True))
    if booking.coach_id != coach.id:
        raise NotFound
    return booking


def _whole() -> Select[Booking]:
    return select(Booking).options(
        joinedload(Booking.coach, innerjoin=True),
        joinedload(Booking.lesson, innerjoin=True),
        joinedload(Booking.changed_by_account),
    )


def _one(session: Session, query: Select[Booking]) -> Booking:
    booking = session.scalars(query).one_or_none()
    if booking is None:
        raise NotFound
    return booking
