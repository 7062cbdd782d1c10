"""A gym whose worker can be killed: its database, its mail server, and the processes that use both."""

import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, and_, func, select, update

from core.bookings import slots
from core.bookings.models import Booking, Hold
from core.bookings.requests import request_lesson
from core.gym.models import the_gym
from core.outbox.claims import LEASE
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.platform import clock
from core.platform.db import Database
from tests.support import people
from tests.support.people import sam_wants
from tests.support.processes import RunningGym
from tests.support.smtp import MailServer, mail_server

NORAS, OMARS = "nora@spirit.example", "omar@spirit.example"


def is_due(now: datetime) -> ColumnElement[bool]:
    return and_(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.due_at <= now)


def is_being_sent(*, since: datetime) -> ColumnElement[bool]:
    """By who claimed it since then, and not by one who was killed."""
    return and_(OutboxMessage.state == MessageState.SENDING, OutboxMessage.lease_until >= since + LEASE)


@dataclass(frozen=True)
class Gym:
    """nora, who is asked and has an hour to answer; omar, who is booked directly: their ids."""

    database: Database
    server: MailServer
    processes: RunningGym
    nora: int
    omar: int

    def ask(self, coach_id: int, email: str, *, ago: timedelta) -> Booking:
        """A family asked so long ago for a time that is still to come, each in a week of its own."""
        now, week = clock.now(), timedelta(days=7)
        with self.database.write(coach_id) as transaction:
            session, coach = transaction.session, transaction.coach
            assert coach is not None
            lesson = coach.lessons[-1]
            earlier = session.scalar(select(func.count()).select_from(Booking)) or 0
            free = slots.next_free(session, coach, lesson, now=now, after=now + (earlier + 1) * week)[0]
            wanted = sam_wants(coach, lesson, free.starts_at, customer_email=email)
            return request_lesson(session, coach, wanted, now=now - ago)

    def killed_at(self, place: str) -> None:
        """A worker comes and is killed there."""
        worker = self.processes.start("worker", SPIRIT_TEST_FAILPOINTS=f"{place}=kill")
        assert worker.wait(240) == -signal.SIGKILL, self.processes.log("worker")

    def work(self) -> None:
        """A worker comes, does what is due, and goes."""
        came = clock.now()

        def has_swept() -> bool:
            with self.database.read() as session:
                last = the_gym(session).last_swept_at
                left = select(func.count()).where(is_due(clock.now()) | is_being_sent(since=came))
                return last is not None and last > came and not session.scalar(left)

        worker = self.processes.start("worker")
        self.processes.wait_until(has_swept, "all that is due is done", "worker")
        assert worker.stop() == 0, self.processes.log("worker")

    def let_leases_run_out(self) -> None:
        with self.database.write() as transaction:
            long_ago = transaction.now - timedelta(seconds=1)
            leased = update(OutboxMessage).where(OutboxMessage.state == MessageState.SENDING)
            transaction.session.execute(leased.values(lease_until=long_ago))

    def outbox(self, booking: Booking | None = None) -> list[OutboxMessage]:
        """The mails of a booking, or all."""
        query = select(OutboxMessage).order_by(OutboxMessage.id)
        with self.database.read() as session:
            return list(session.scalars(query if booking is None else query.filter_by(booking_id=booking.id)))

    def states(self) -> list[MessageState]:
        return sorted(row.state for row in self.outbox())

    def heard(self) -> Counter[str]:
        """How many mails came to each address."""
        return Counter(recipient for received in self.server.received() for recipient in received.recipients)

    def sent(self, booking: Booking, *kinds: MessageKind) -> None:
        """These mails went out while a worker was there."""
        rows = update(OutboxMessage).where(OutboxMessage.booking_id == booking.id, OutboxMessage.kind.in_(kinds))
        with self.database.write() as transaction:
            transaction.session.execute(rows.values(state=MessageState.SENT, finished_at=booking.requested_at))

    def booking(self, booking: Booking) -> Booking:
        """As it is stored by now."""
        with self.database.read() as session:
            return session.get_one(Booking, booking.id)

    def holds(self, booking: Booking) -> int:
        with self.database.read() as session:
            return len(session.scalars(select(Hold).where(Hold.booking_id == booking.id)).all())


@pytest.fixture
def gym(database: Database, database_url: str, tmp_path: Path) -> Iterator[Gym]:
    with database.write() as transaction:
        nora = people.nora(transaction.session, answer_within_min=60, reminder_before_min=30)
        omar = people.omar(transaction.session)
    with mail_server() as server:
        folder = tmp_path / "gym"
        folder.mkdir()
        processes = RunningGym(folder, SPIRIT_DATABASE_URL=database_url, SPIRIT_MAIL_URL=server.url)
        try:
            yield Gym(database, server, processes, nora.id, omar.id)
        finally:
            processes.stop_all()
