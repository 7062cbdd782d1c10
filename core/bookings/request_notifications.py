"""Notify a coach of requests: a mail each up to a daily limit, above it one hourly roll-up."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.bookings import mails
from core.bookings.models import Booking
from core.outbox import messages
from core.outbox.models import MessageKind, OutboxMessage
from core.schedule.availability import at_wall_time
from core.schedule.models import Coach

MAX_AT_ONCE = 20  # single mails on a local day of hers; above it one roll-up an hour
HOUR = timedelta(hours=1)
MIN_AHEAD = timedelta(minutes=1)  # longer than a transaction may take, so that no roll-up leaves without its cause


def tell_coach(session: Session, coach: Coach, booking: Booking, *, now: datetime) -> None:
    """
    Write the coach's mail about a new request, in its transaction. Under the coach's lock, so the count is right.

    A request that would expire before the next roll-up is mailed at once all the same: a limit on mail must not cost
    a family its answer. Outcomes, and lessons that were booked directly, are never counted.
    """
    assert booking.expires_at is not None  # it waits for an answer
    if not coach.request_mails:  # she wants none: the console shows it
        return
    next_hour = _next_hour(now)
    if _mailed_today(session, coach, now=now) < MAX_AT_ONCE or booking.expires_at <= next_hour:
        mails.add(session, MessageKind.REQUEST, booking, now=now)
    elif coach.roll_up:
        _roll_up(session, coach, next_hour, now=now)


def _mailed_today(session: Session, coach: Coach, *, now: datetime) -> int:
    """The number of single request mails written on the coach's present local day."""
    midnight = at_wall_time(now.astimezone(coach.zone).date(), 0, coach.zone)
    return session.scalars(
        select(func.count(OutboxMessage.id)).where(
            OutboxMessage.account_id == coach.account_id,
            OutboxMessage.created_at >= midnight,
            OutboxMessage.kind == MessageKind.REQUEST,
        )
    ).one()


def _roll_up(session: Session, coach: Coach, due_at: datetime, *, now: datetime) -> None:
    """Queue the hour's roll-up, once (by its dedupe key). If it was sent early, the next hour's takes what came after it."""
    query = select(OutboxMessage.finished_at).where(OutboxMessage.dedupe_key == _key(coach, due_at))
    if session.scalars(query).one_or_none() is not None:
        due_at += HOUR
    key, not_after = _key(coach, due_at), due_at + 24 * HOUR
    messages.add_digest(session, MessageKind.ROLL_UP, coach, key, due_at=due_at, not_after=not_after, now=now)


def _key(coach: Coach, due_at: datetime) -> str:
    return f"{MessageKind.ROLL_UP.value}:{coach.id}:{due_at:%Y-%m-%dT%HZ}"


def _next_hour(now: datetime) -> datetime:
    return (now + MIN_AHEAD).replace(minute=0, second=0, microsecond=0) + HOUR
