"""A gym in a committed database, a clock that stands still, and a mail server of our own making."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from core.bookings.decisions import Decision, by_link, decide
from core.bookings.models import Booking
from core.bookings.requests import request_lesson
from core.mail import delivery
from core.mail.delivery import Delivery
from core.outbox.models import MessageKind, OutboxMessage
from core.platform.db import Database
from core.platform.services import Services
from core.schedule.models import Coach
from tests.support import people
from tests.support.databases import Furnish
from tests.support.people import NOW, at, sam_wants

TUESDAY_AT_FOUR = at(1, 16)
NORAS, OMARS, SAMS = "nora@spirit.example", "omar@spirit.example", "sam@example.org"


def take_it(recipient: str) -> None:
    """Refuse nobody."""


@dataclass
class FakeServer:
    """Takes every mail, unless `refuse` raises; keeps what it took."""

    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    tried: int = 0
    refuse: Callable[[str], None] = take_it

    def send(self, message: EmailMessage, *, recipient: str) -> None:
        self.tried += 1
        self.refuse(recipient)
        self.taken.append((recipient, message))

    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.taken]

    def refuse_with(self, failure: Exception, *, only: str | None = None) -> None:
        """From now on refuse every mail, or those to one address."""

        def refuse(recipient: str) -> None:
            if only in (None, recipient):
                raise failure

        self.refuse = refuse

    def recover(self) -> None:
        self.refuse = take_it


@dataclass(frozen=True)
class Post:
    """The gym's outbox with its server. Commands run through transact, at the clock's time."""

    services: Services
    server: FakeServer
    nora: int
    omar: int

    def ask(self, starts_at: datetime = TUESDAY_AT_FOUR, **changed: Any) -> Booking:
        """Sam asks Nora: a receipt, a request, and a reminder that is due later."""
        return self._request(self.nora, "tumbling-60", starts_at, **changed)

    def book(self, starts_at: datetime = TUESDAY_AT_FOUR, **changed: Any) -> Booking:
        """Sam books with Omar: a confirmation and a notice."""
        return self._request(self.omar, "strength-45", starts_at, **changed)

    def _request(self, coach_id: int, slug: str, starts_at: datetime, **changed: Any) -> Booking:
        with self.services.database.read() as session:
            coach = session.get_one(Coach, coach_id)
            lesson = next(lesson for lesson in coach.lessons if lesson.slug == slug)
            wanted = sam_wants(coach, lesson, starts_at, **changed)
        return self.services.database.transact(
            lambda tx: request_lesson(tx.session, tx.coach, wanted, now=tx.now), coach=coach_id
        )

    def answer(self, booking: Booking, decision: Decision) -> Booking:
        """Nora answers by the link in her mail."""
        by = by_link(booking.coach)
        return self.services.database.transact(
            lambda tx: decide(tx.session, tx.coach, booking.id, decision, by=by, now=tx.now), coach=booking.coach_id
        )

    def deliver(self) -> Delivery:
        return delivery.deliver_due(self.services)

    def row(self, kind: MessageKind) -> OutboxMessage:
        """The one mail of this kind."""
        with self.services.database.read() as session:
            return session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)).one()

    def change(self, kind: MessageKind, **columns: Any) -> None:
        """Alter the one mail of this kind by hand."""
        with self.services.database.write() as transaction:
            row = transaction.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)).one()
            for name, value in columns.items():
                setattr(row, name, value)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def furnish(request: pytest.FixtureRequest) -> Furnish | None:
    """Whose post it is can be asked."""
    return _bring_coaches if "post" in request.fixturenames else None


@pytest.fixture
def post(services: Services) -> Post:
    server = FakeServer()
    with services.database.read() as session:
        coaches = {coach.slug: coach.id for coach in session.scalars(select(Coach))}
    return Post(replace(services, transport=server), server, coaches["nora"], coaches["omar"])


def _bring_coaches(database: Database) -> None:
    with time_machine.travel(NOW, tick=False), database.write() as transaction:
        people.nora(transaction.session)
        people.omar(transaction.session)
