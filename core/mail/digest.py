"""Digest: the requests and lessons that one mail lists, read right before it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bookings import lists, queries
from core.bookings.access_scope import OfCoach
from core.bookings.models import Booking
from core.outbox.models import MessageKind, OutboxMessage
from core.schedule.availability import at_wall_time
from core.schedule.models import Coach
from core.schedule.preferences import Digest as Kind


@dataclass(frozen=True)
class Digest:
    """What a roll-up or a daily summary lists."""

    kind: Kind
    coach: Coach
    on: date  # the coach's local day
    # Those that can still be answered, the first to expire first; of a roll-up, those without a mail of their own.
    waiting: Sequence[Booking]
    lessons: Sequence[Booking]  # confirmed ones of that day, the earliest first; none in a roll-up

    def why_needless(self) -> str | None:
        """The reason to drop it; None if its coach wants it and there is something to tell."""
        if not getattr(self.coach, self.kind.preference):
            return "its coach wants this mail no more"
        if self.waiting or self.lessons:
            return None
        if self.kind is Kind.ROLL_UP:
            return "all these requests were answered before this mail was sent"
        return "nobody waited and no lesson was on that day"


def find_digest(session: Session, message: OutboxMessage, *, now: datetime) -> Digest | None:
    """Read what this mail lists; None for kinds about one thing."""
    kind = message.kind.spec.digest
    if kind is None:
        return None
    coach = session.scalars(select(Coach).where(Coach.account_id == message.account_id)).one()
    on = message.due_at.astimezone(coach.zone).date()
    waiting = queries.requests_awaiting_answer(session, whose=OfCoach(coach.id), now=now)
    if kind is Kind.DAILY_SUMMARY:
        day = at_wall_time(on, 0, coach.zone), at_wall_time(on + timedelta(days=1), 0, coach.zone)
        return Digest(kind, coach, on, waiting, lists.lessons_between(session, *day, whose=OfCoach(coach.id)))
    mailed = _mailed_one_by_one(session, waiting)
    return Digest(kind, coach, on, [booking for booking in waiting if booking.id not in mailed], ())


def _mailed_one_by_one(session: Session, waiting: Sequence[Booking]) -> set[int | None]:
    query = select(OutboxMessage.booking_id).where(
        OutboxMessage.kind == MessageKind.REQUEST, OutboxMessage.booking_id.in_([booking.id for booking in waiting])
    )
    return set(session.scalars(query))
