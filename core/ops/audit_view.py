"""Queries on the audit log: changes of bookings and all other actions of the staff as one list, latest first, paged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.audit import AuditEvent
from core.bookings.models import BookingEvent, Status
from core.people.models import Account
from core.platform.actor import ActorRole

PAGE_SIZE = 50
BOOKINGS, THE_REST = "booking", "staff"
BECAME = {
    "PENDING": "asked for",
    "APPROVED": "approved",
    "DENIED": "denied",
    "EXPIRED": "expired",
    "CANCELLED": "cancelled",
}
NOBODY = {ActorRole.PARENT.value: "the family", ActorRole.CLOCK.value: "the clock"}

Cursor = tuple[datetime, str, int]


@dataclass(frozen=True)
class Entry:
    """
    One line. who: a name as staff read it; verb: "approved", "invited"; subject: "booking 12", "account 7", "gym".

    source, id: which table's row it is.
    """

    at: datetime
    source: str
    id: int
    who: str
    verb: str
    subject: str
    door: str

    @property
    def cursor(self) -> Cursor:
        return self.at, self.source, self.id


@dataclass(frozen=True)
class Question:
    """What is looked for. account_id: one of the staff; source: BOOKINGS or THE_REST; start, end: [start, end)."""

    account_id: int | None = None
    source: str | None = None
    start: datetime | None = None
    end: datetime | None = None


def entries(
    session: Session, question: Question, *, after: Cursor | None = None, limit: int | None = None
) -> list[Entry]:
    """A page of entries and one more, latest first, below the cursor `after`."""
    found: list[Entry] = []
    limit = limit or PAGE_SIZE + 1
    if question.source in (None, BOOKINGS):
        found += _changes_of_bookings(session, question, after, limit)
    if question.source in (None, THE_REST):
        found += _the_rest(session, question, after, limit)
    return sorted(found, key=lambda entry: entry.cursor, reverse=True)[:limit]


def all_entries(session: Session, question: Question, *, at_most: int) -> Iterator[Entry]:
    """Iterate over all entries, page after page, for an export."""
    after, left = None, at_most
    while left > 0 and (page := entries(session, question, after=after, limit=min(left, 1000))):
        yield from page
        after, left = page[-1].cursor, left - len(page)


def _changes_of_bookings(session: Session, question: Question, after: Cursor | None, limit: int) -> list[Entry]:
    rows = session.execute(
        select(BookingEvent, Account.name)
        .outerjoin(Account, Account.id == BookingEvent.account_id)
        .where(*_asked(BookingEvent, BOOKINGS, question, after))
        .order_by(BookingEvent.at.desc(), BookingEvent.id.desc())
        .limit(limit)
    )
    return [
        Entry(
            at=event.at,
            source=BOOKINGS,
            id=event.id,
            who=name or NOBODY.get(event.actor.value, "somebody"),
            verb=_verb(event),
            subject=f"booking {event.booking_id}",
            door=event.channel.value.lower(),
        )
        for event, name in rows
    ]


def _verb(event: BookingEvent) -> str:
    directly = event.from_status is None and event.to_status is Status.APPROVED
    return "booked" if directly else BECAME[event.to_status.value]


def _the_rest(session: Session, question: Question, after: Cursor | None, limit: int) -> list[Entry]:
    rows = session.execute(
        select(AuditEvent, Account.name)
        .outerjoin(Account, Account.id == AuditEvent.account_id)
        .where(*_asked(AuditEvent, THE_REST, question, after))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(limit)
    )
    return [
        Entry(
            at=event.at,
            source=THE_REST,
            id=event.id,
            who=name or ("the clock" if event.door == "CLOCK" else "the command line"),
            verb=event.verb,
            subject=event.subject if event.subject_id is None else f"{event.subject} {event.subject_id}",
            door=event.door.lower().replace("_", " "),
        )
        for event, name in rows
    ]


def _asked(
    table: type[BookingEvent] | type[AuditEvent], source: str, question: Question, after: Cursor | None
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if question.account_id is not None:
        wanted.append(table.account_id == question.account_id)
    if question.start is not None:
        wanted.append(table.at >= question.start)
    if question.end is not None:
        wanted.append(table.at < question.end)
    if after is not None:
        at, seen_source, seen_id = after
        same_instant_below = table.id < (seen_id if source == seen_source else 0)
        if source < seen_source:  # of one instant, this table's rows come after all of the other's
            same_instant_below = table.id > 0
        wanted += [table.at <= at, (table.at < at) | same_instant_below]
    return wanted
