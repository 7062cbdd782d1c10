"""A gym with ten thousand bookings and staff who are signed in, written straight into the tables."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.bookings.models import Booking, BookingEvent, Status
from core.migrations import migrate
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.people.accounts import create_account
from core.people.models import Account, Role
from core.people.sessions import start_session
from core.platform.actor import ActorRole, Channel
from core.platform.db import Database
from core.schedule.models import Coach, LessonType
from tests.bench.gym import add_coaches

COACHES, WAITING = 10, 12
SPAN = timedelta(days=730)


def fill(database: Database, bookings: int) -> list[str]:
    """Migrate, fill, sign in everybody of the staff: their tokens, the admin's first."""
    migrate(database)
    database.transact(lambda tx: add_coaches(tx.session, COACHES, now=tx.now))
    database.transact(lambda tx: _bookings(tx.session, bookings, now=tx.now))
    return database.transact(lambda tx: _sessions(tx.session, now=tx.now))


def _bookings(session: Session, count: int, *, now: datetime) -> None:
    """Two years of them, most in the past, a few that wait; one change and two mails each."""
    lesson = session.scalars(select(LessonType)).one()
    coach_ids = session.scalars(select(Coach.id)).all()
    rows, events, mails = [], [], []
    first = now - SPAN * 0.9
    for number in range(count):
        starts_at = (first + SPAN * (number / count)).replace(minute=0, second=0, microsecond=0)
        waits = number >= count - WAITING
        status = Status.PENDING if waits else (Status.APPROVED, Status.APPROVED, Status.DENIED)[number % 3]
        at = min(now, starts_at - timedelta(days=3)).astimezone(UTC)
        rows.append(_booking(number, coach_ids[number % len(coach_ids)], lesson, starts_at, status, at))
        events.append(_event(number, rows[-1], status, at))
        mails += [_mail(number, kind, at) for kind in (MessageKind.REQUEST, MessageKind.REQUEST_RECEIVED)]
    for table, values in ((Booking, rows), (BookingEvent, events), (OutboxMessage, mails)):
        for start in range(0, len(values), 500):
            session.execute(insert(table), values[start : start + 500])


def _booking(
    number: int, coach_id: int, lesson: LessonType, starts_at: datetime, status: Status, at: datetime
) -> dict[str, object]:
    return {
        "id": number + 1,
        "handle": f"handle-{number}",
        "coach_id": coach_id,
        "lesson_type_id": lesson.id,
        "status": status,
        "version": 1,
        "slot_version": 1,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=lesson.minutes),
        "price_cents": lesson.price_cents,
        "customer_name": f"Parent {number}",
        "customer_email": f"parent{number}@example.org",
        "athlete_name": f"Athlete {number}",
        "notes": "",
        "requested_at": at,
        "expires_at": starts_at - timedelta(hours=1),
        "changed_at": at,
        "changed_by": ActorRole.PARENT,
        "channel": Channel.SITE,
    }


def _event(number: int, booking: dict[str, object], status: Status, at: datetime) -> dict[str, object]:
    return {
        "booking_id": number + 1,
        "coach_id": booking["coach_id"],
        "to_status": status,
        "actor": ActorRole.PARENT,
        "channel": Channel.SITE,
        "at": at,
    }


def _mail(number: int, kind: MessageKind, at: datetime) -> dict[str, object]:
    return {
        "kind": kind,
        "booking_id": number + 1,
        "recipient": f"parent{number}@example.org",
        "dedupe_key": f"{kind.value}:{number}",
        "created_at": at,
        "due_at": at,
        "state": MessageState.SENT,
        "message_id": f"{kind.value}{number}",
        "finished_at": at,
    }


def _sessions(session: Session, *, now: datetime) -> list[str]:
    create_account(session, email="ada@spirit.example", name="Ada Moreno", role=Role.ADMIN, now=now)
    everybody = session.scalars(select(Account).order_by(Account.role, Account.id)).all()
    return [start_session(session, account.id, user_agent="the bench", now=now) for account in everybody]
