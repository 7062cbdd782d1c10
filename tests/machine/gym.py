"""The real gym that the machine plays with: its database and outbox, a clock set by hand, and a postman who listens."""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bookings import slots
from core.bookings.models import Booking, BookingEvent, Hold
from core.bootstrap import build
from core.outbox.delivery_failures import TemporaryFailure
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.platform.failpoints import FailpointReached
from core.platform.services import Services
from core.platform.settings import load_settings
from core.schedule import queries
from core.schedule.models import LessonType
from tests.conftest import SECRET_KEY
from tests.support import people
from tests.support.databases import Store
from tests.support.people import NOW

T = TypeVar("T")
RECORDS = (Booking, Hold, BookingEvent, OutboxMessage)


@dataclass
class HandClock:
    """Stands still until it is set."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


@dataclass(frozen=True)
class Mail:
    """One that left the house: of which row, what it says about which booking, to whom, and when."""

    message_id: str
    kind: MessageKind
    booking: int
    recipient: str
    at: datetime


@dataclass
class Postman:
    """Takes every mail while the mail server is there, and has `on_sending` look at it at that moment."""

    clock: HandClock
    on_sending: Callable[[Mail], None]
    away: bool = False
    sent: list[Mail] = field(default_factory=list)

    def send(self, message: EmailMessage, *, recipient: str) -> None:
        if self.away:
            raise TemporaryFailure("nobody answers")
        thread = str(message["References"]).removeprefix("<booking-")
        mail = Mail(
            message_id=str(message["Message-ID"]).strip("<>").partition("@")[0],
            kind=MessageKind[str(message["X-Spirit-Mail"]).upper()],
            booking=int(thread.partition("-")[0]),
            recipient=recipient,
            at=self.clock.time,
        )
        self.sent.append(mail)
        self.on_sending(mail)

    def times_sent(self) -> Counter[str]:
        return Counter(mail.message_id for mail in self.sent)


class RealGym:
    """Nora answers within six hours, so that what expires is free again. coaches, lessons, accounts: ids by name."""

    def __init__(self, store: Store, folder: Path, clock: HandClock, on_sending: Callable[[Mail], None]) -> None:
        self._store, self._folder = store, folder
        self._url = store.copy(folder)
        settings = load_settings(_env_file=None, data_dir=folder, database_url=self._url, secret_key=SECRET_KEY)
        self.post = Postman(clock, on_sending)
        self.services: Services = replace(build(settings), transport=self.post)
        self.database = self.services.database
        with self.database.write() as transaction:
            session = transaction.session
            nora, omar, ada = people.nora(session, answer_within_min=6 * 60), people.omar(session), people.ada(session)
            self.coaches = {coach.slug: coach.id for coach in (nora, omar)}
            self.accounts = {"nora": nora.account_id, "omar": omar.account_id, "ada": ada.id}
            self.lessons = {lesson.slug: lesson.id for lesson in session.scalars(select(LessonType))}

    def close(self) -> None:
        self.database.dispose()
        self._store.remove(self._url)
        shutil.rmtree(self._folder)

    def everything(self) -> list[Any]:
        """Every row that a command about a booking may write, to see that nothing changed."""
        with self.database.read() as session:
            return [session.execute(select(table.__table__).order_by(table.__table__.c.id)).all() for table in RECORDS]

    def rows(self, kind: type[T]) -> list[T]:
        with self.database.read() as session:
            return list(session.scalars(select(kind).order_by("id")))

    def unfinished(self) -> list[OutboxMessage]:
        return [row for row in self.rows(OutboxMessage) if row.state not in (MessageState.SENT, MessageState.DROPPED)]

    def listed(self, first_on: date, last_on: date, now: datetime) -> dict[tuple[str, str], list[datetime]]:
        """The starts on these local days, by coach and lesson."""
        with self.database.read() as session:
            return {
                (coach.slug, lesson.slug): [
                    slot.starts_at
                    for slot in slots.open_slots(
                        session, coach, lesson, first_on=first_on, last_on=last_on, now=now
                    ).slots
                ]
                for coach in queries.published_coaches(session)
                for lesson in coach.lessons
            }


def dying_at_the_end(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same command, and the power fails before it is committed."""

    def command_then_darkness(session: Session, *args: Any, **kwargs: Any) -> None:
        command(session, *args, **kwargs)
        session.flush()
        raise FailpointReached("before_commit")

    return command_then_darkness
