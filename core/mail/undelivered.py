"""Lists of undelivered mail that a person has to settle: families who do not know where they stand, staff who get no mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased, joinedload

from core import audit
from core.audit import AuditEvent, Verb
from core.bookings.access_scope import Whose, within
from core.bookings.models import Booking, Status
from core.errors import NotFound
from core.outbox.models import MessageState, OutboxMessage, of_known_kind
from core.people.models import Account
from core.people.permissions import check_is_admin
from core.platform.actor import Actor

LOOKS_BACK = timedelta(days=31)  # after a lesson; who was not reached by then has no use for the news
UNKNOWN = {
    Status.PENDING: "that we have their request",
    Status.APPROVED: "that the lesson is booked",
    Status.DENIED: "that the request was declined",
    Status.EXPIRED: "that nobody answered in time",
    Status.CANCELLED: "that it is cancelled",
}


@dataclass(frozen=True)
class UnreachedFamily:
    """A booking, the mail about it that could not be delivered, and what the family does not know ("that …")."""

    booking: Booking
    message: OutboxMessage
    unknown: str


@dataclass(frozen=True)
class UnreachedStaff:
    """A member of staff, and the newest mail to her address that could not be delivered."""

    account: Account
    message: OutboxMessage


def unreached_families(session: Session, *, whose: Whose, now: datetime) -> Sequence[UnreachedFamily]:
    """
    One entry a booking, the soonest lesson first.

    It stands until a later mail to the family leaves, this one is tried again, or somebody notes that she has called.
    """
    query = (
        select(OutboxMessage, Booking)
        .join(Booking, Booking.id == OutboxMessage.booking_id)
        .where(
            OutboxMessage.state == MessageState.DEAD,
            of_known_kind(),
            OutboxMessage.account_id.is_(None),
            Booking.anonymised_at.is_(None),
            Booking.ends_at > now - LOOKS_BACK,
            ~_followed(OutboxMessage.booking_id),
            ~_settled(Verb.FAMILY_CALLED, "booking", OutboxMessage.booking_id),
        )
        .options(joinedload(Booking.coach, innerjoin=True), joinedload(Booking.lesson, innerjoin=True))
        .order_by(Booking.starts_at, Booking.id)
    )
    found = session.execute(within(query, whose))
    return [UnreachedFamily(booking, message, UNKNOWN[booking.status_at(now)]) for message, booking in found]


def unreached_staff(session: Session) -> Sequence[UnreachedStaff]:
    """Accounts whose newest finished mail could not be delivered, by name; until an admin settles it."""
    query = (
        select(OutboxMessage, Account)
        .join(Account, Account.id == OutboxMessage.account_id)
        .where(
            OutboxMessage.state == MessageState.DEAD,
            of_known_kind(),
            Account.disabled_at.is_(None),
            ~_followed(OutboxMessage.account_id),
            ~_settled(Verb.UNREACHED_SETTLED, "account", OutboxMessage.account_id),
        )
        .order_by(Account.name, Account.id)
    )
    return [UnreachedStaff(account, message) for message, account in session.execute(query)]


def settle_staff(session: Session, account_id: int, *, by: Actor, now: datetime) -> None:
    """An admin has seen to it that this member of staff gets her mail again. Raises NotAllowed, NotFound."""
    check_is_admin(session, by)
    if session.get(Account, account_id) is None:
        raise NotFound("There is no such account.")
    audit.record(session, Verb.UNREACHED_SETTLED, "account", account_id, by=by, now=now)
    session.flush()


def _followed(owner: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Whether the same reader has a later mail that left, or that failed and stands for all before it."""
    later = aliased(OutboxMessage)
    same = later.booking_id if owner.key == "booking_id" else later.account_id
    finished = or_(later.state == MessageState.SENT, later.state == MessageState.DEAD)
    who = later.account_id.is_(None) if owner.key == "booking_id" else later.account_id.is_not(None)
    return exists().where(and_(same == owner, who, finished, later.id > OutboxMessage.id))


def _settled(verb: Verb, subject: str, owner: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Whether somebody has seen to it since the mail failed."""
    return exists().where(
        AuditEvent.subject == subject,
        AuditEvent.subject_id == owner,
        AuditEvent.verb == verb.value,
        AuditEvent.at >= OutboxMessage.finished_at,
    )
