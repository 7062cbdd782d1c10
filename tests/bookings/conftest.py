"""The gym of these tests: Nora is asked, Omar is booked directly, Sam books for Ida, and Ada administers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.bookings import requests
from core.bookings.models import Booking, BookingEvent, Hold, Status
from core.outbox.models import MessageKind, OutboxMessage
from core.people.models import Account
from core.platform.actor import Actor, ActorRole, Channel
from core.schedule.models import Coach, LessonType
from tests.support import people
from tests.support.people import NOW, at, sam_wants

TUESDAY_AT_FOUR = at(1, 16)


@dataclass(frozen=True)
class House:
    """Everybody on one session, and what the database says of a booking."""

    session: Session
    nora: Coach
    omar: Coach
    ada: Account
    tumbling: LessonType
    strength: LessonType
    short: LessonType

    @property
    def by_nora(self) -> Actor:
        return Actor(self.nora.account_id, ActorRole.COACH, Channel.MAIL)

    @property
    def by_ada(self) -> Actor:
        return Actor(self.ada.id, ActorRole.ADMIN, Channel.CONSOLE)

    def ask(
        self,
        starts_at: datetime = TUESDAY_AT_FOUR,
        *,
        coach: Coach | None = None,
        lesson: LessonType | None = None,
        now: datetime = NOW,
        **changes: Any,
    ) -> Booking:
        """Sam asks for a lesson of Nora's, an hour of tumbling unless said otherwise."""
        coach, lesson = coach or self.nora, lesson or self.tumbling
        return requests.request_lesson(self.session, coach, sam_wants(coach, lesson, starts_at, **changes), now=now)

    def booked(self, starts_at: datetime = TUESDAY_AT_FOUR, *, now: datetime = NOW, **changes: Any) -> Booking:
        """Sam books a lesson of Omar's, who need not be asked."""
        return self.ask(starts_at, coach=self.omar, lesson=self.strength, now=now, **changes)

    def events(self, booking: Booking) -> list[tuple[Status | None, Status, ActorRole, int | None, Channel, datetime]]:
        found = self.session.scalars(
            select(BookingEvent).where(BookingEvent.booking_id == booking.id).order_by(BookingEvent.id)
        )
        return [(row.from_status, row.to_status, row.actor, row.account_id, row.channel, row.at) for row in found]

    def mails(self, booking: Booking) -> list[tuple[MessageKind, str]]:
        """Kind and recipient of each mail about this booking, in the order written."""
        found = self.session.scalars(
            select(OutboxMessage).where(OutboxMessage.booking_id == booking.id).order_by(OutboxMessage.id)
        )
        return [(row.kind, row.recipient) for row in found]

    def holds(self, booking: Booking) -> list[tuple[datetime, datetime]]:
        found = self.session.scalars(select(Hold).where(Hold.booking_id == booking.id))
        return [(row.busy_from, row.busy_to) for row in found]

    def count(self, table: type[Any]) -> int:
        return self.session.scalar(select(func.count()).select_from(table)) or 0

    def record(self, booking: Booking) -> tuple[Any, ...]:
        """All that is stored of a booking, to see that nothing changed."""
        self.session.flush()
        self.session.refresh(booking)
        row = tuple(getattr(booking, column.key) for column in Booking.__table__.columns)
        return row, self.events(booking), self.mails(booking), self.holds(booking)


@pytest.fixture
def house(session: Session) -> House:
    return House(
        session=session,
        nora=people.nora(session),
        omar=people.omar(session),
        ada=people.ada(session),
        tumbling=people.tumbling(session),
        strength=people.strength(session),
        short=people.first_lesson(session),
    )
