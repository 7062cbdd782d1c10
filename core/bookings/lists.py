"""Searchable lists of bookings for staff, with keyset (cursor) pagination; and the history of one booking."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Tuple, and_, func, literal, not_, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from core.audit import AuditEvent
from core.bookings.access_scope import OfCoach, Whose, within
from core.bookings.models import Booking, BookingEvent, Status
from core.outbox.models import OutboxMessage, of_known_kind
from core.platform.orm import Instant
from core.platform.text_cleaning import searchable

PAGE_SIZE = 20  # bookings; one more is read, to know whether there is a next page
MIN_PHONE_DIGITS = 4  # fewer match half of all numbers
PHONE_SIGNS = set("0123456789+-()./ ")
FEED_LOOKS_BACK = timedelta(days=31)  # so that a calendar keeps its last month
MAX_LESSON = timedelta(days=1)  # no lesson is longer, so that an index on starts_at serves

Cursor = tuple[datetime, int]


@dataclass(frozen=True)
class Search:
    """The filters of a list."""

    whose: Whose  # the access scope of the account, or less
    text: str = ""  # in a name, an e-mail address or a phone number
    lesson_id: int | None = None
    status: Status | None = None  # as it is shown; None for all
    start: datetime | None = None  # lessons that begin in [start, end)
    end: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether a filter other than scope and status is set."""
        return bool(self.text.strip()) or any((self.lesson_id, self.start, self.end))


def upcoming(session: Session, search: Search, *, after: Cursor | None = None, now: datetime) -> Sequence[Booking]:
    """
    Bookings whose time has not ended, in any state, soonest first; one more than a page, if there are more.

    Requests that wait have a list of their own; they are in this one when a text, or their status, is searched for.
    """
    query = _found(search, now).where(Booking.ends_at > now, Booking.starts_at > now - MAX_LESSON)
    if not search.text.strip() and search.status is not Status.PENDING:
        query = query.where(not_(_waits(now)))
    if after is not None:
        query = query.where(_place() > tuple_(literal(after[0], Instant()), literal(after[1])))
    return session.scalars(query.order_by(Booking.starts_at, Booking.id).limit(PAGE_SIZE + 1)).all()


def past(session: Session, search: Search, *, after: Cursor | None = None, now: datetime) -> Sequence[Booking]:
    """Bookings whose time has ended, latest first; one more than a page, if there are more."""
    query = _found(search, now).where(Booking.ends_at <= now, Booking.starts_at < now)
    if after is not None:
        query = query.where(_place() < tuple_(literal(after[0], Instant()), literal(after[1])))
    return session.scalars(query.order_by(Booking.starts_at.desc(), Booking.id.desc()).limit(PAGE_SIZE + 1)).all()


def cursor_of(booking: Booking) -> Cursor:
    """The cursor behind this booking, where the next page begins."""
    return booking.starts_at, booking.id


def all_pages(read: Callable[[Cursor | None], Sequence[Booking]], *, at_most: int) -> Iterator[Booking]:
    """All pages of `upcoming` or `past`, for an export, up to `at_most` bookings."""
    after, left = None, at_most
    while left > 0:
        page = read(after)
        yield from page[: min(left, PAGE_SIZE)]
        if len(page) <= PAGE_SIZE:
            return
        after, left = cursor_of(page[PAGE_SIZE - 1]), left - PAGE_SIZE


def lessons_for_feed(session: Session, coach_id: int, *, now: datetime) -> Sequence[Booking]:
    """A coach's confirmed lessons for her calendar feed, from a month ago on, soonest first."""
    return session.scalars(
        _whole(OfCoach(coach_id), "")
        .where(Booking.status == Status.APPROVED, Booking.ends_at > now - FEED_LOOKS_BACK)
        .order_by(Booking.starts_at, Booking.id)
    ).all()


def lessons_between(session: Session, start: datetime, end: datetime, *, whose: Whose) -> Sequence[Booking]:
    """Confirmed lessons that begin in [start, end), earliest first."""
    return session.scalars(
        _whole(whose, "")
        .where(Booking.status == Status.APPROVED, Booking.starts_at >= start, Booking.starts_at < end)
        .order_by(Booking.starts_at, Booking.id)
    ).all()


def changed_by_others(session: Session, since: datetime, *, whose: Whose, account_id: int) -> Sequence[Booking]:
    """Bookings whose last change was not this account's, latest first; at most a page."""
    return session.scalars(
        _whole(whose, "")
        .where(Booking.changed_at > since, Booking.changed_by_account_id.is_distinct_from(account_id))
        .order_by(Booking.changed_at.desc(), Booking.id.desc())
        .limit(PAGE_SIZE)
    ).all()


def events_of(session: Session, booking_id: int) -> Sequence[BookingEvent]:
    """A booking's history, oldest first."""
    return session.scalars(
        select(BookingEvent).where(BookingEvent.booking_id == booking_id).order_by(BookingEvent.id)
    ).all()


def noted_about(session: Session, booking_id: int) -> Sequence[AuditEvent]:
    """The audit log about a booking, oldest first, such as attendance."""
    return session.scalars(
        select(AuditEvent)
        .where(AuditEvent.subject == "booking", AuditEvent.subject_id == booking_id)
        .order_by(AuditEvent.id)
    ).all()


def mails_of(session: Session, booking_id: int) -> Sequence[OutboxMessage]:
    """A booking's messages in the outbox, sent or not, oldest first."""
    return session.scalars(
        select(OutboxMessage).where(OutboxMessage.booking_id == booking_id, of_known_kind()).order_by(OutboxMessage.id)
    ).all()


def _waits(now: datetime) -> ColumnElement[bool]:
    return and_(Booking.status == Status.PENDING, Booking.expires_at > now)


def _found(search: Search, now: datetime) -> Select[Booking]:
    query = _whole(search.whose, search.text)
    if search.lesson_id is not None:
        query = query.where(Booking.lesson_type_id == search.lesson_id)
    if search.start is not None:
        query = query.where(Booking.starts_at >= search.start)
    if search.end is not None:
        query = query.where(Booking.starts_at < search.end)
    if search.status is Status.EXPIRED:
        unswept = and_(Booking.status == Status.PENDING, Booking.expires_at <= now)
        return query.where(or_(Booking.status == Status.EXPIRED, unswept))
    if search.status is Status.PENDING:
        return query.where(_waits(now))
    return query if search.status is None else query.where(Booking.status == search.status)


def _place() -> Tuple:
    return tuple_(Booking.starts_at, Booking.id)


def _whole(whose: Whose, text: str) -> Select[Booking]:
    query = select(Booking).options(
        joinedload(Booking.coach, innerjoin=True),
        joinedload(Booking.lesson, innerjoin=True),
        joinedload(Booking.changed_by_account),
    )
    query = within(query, whose)
    if wanted := searchable(text):
        names = (Booking.customer_name, Booking.athlete_name, Booking.customer_email)
        matches = [func.lower(name).contains(wanted, autoescape=True) for name in names]
        if digits := _phone_digits(text):
            matches.append(_digits_of(Booking.customer_phone).contains(digits))
        query = query.where(or_(*matches))
    return query


def _phone_digits(text: str) -> str:
    """The digits of a search for a phone number, without a trunk zero; "" for a search for something else."""
    digits = "".join(sign for sign in text if sign in "0123456789").lstrip("0")
    return digits if len(digits) >= MIN_PHONE_DIGITS and not set(text) - PHONE_SIGNS else ""


def _digits_of(phone: InstrumentedAttribute[str | None]) -> ColumnElement[str]:
    bare: ColumnElement[str] = func.coalesce(phone, "")
    for sign in "+ -().":
        bare = func.replace(bare, sign, "")
    return bare
