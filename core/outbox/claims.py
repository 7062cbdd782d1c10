"""Claim and lease of outbox rows (core/platform/leases.py): which are due, and what became of one, recorded while it is ours."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Session

from core.gym.models import Gym, the_gym
from core.outbox import circuit_breaker
from core.outbox.delivery_failures import MailFailure, PermanentFailure
from core.outbox.lanes import Lane
from core.outbox.models import WEBHOOK, MessageState, OutboxMessage, of_known_kind
from core.platform import leases
from core.platform.leases import Claim

LEASE = timedelta(seconds=60)  # longer than a transport may take (45 s)
MIN_PAUSE = timedelta(seconds=15)  # a short fault is over by then
MAX_PAUSE = timedelta(hours=2)  # what was refused all night goes out early in the morning


def claim(session: Session, lanes: Collection[Lane], *, now: datetime) -> Claim | None:
    """Take the row that has been due longest; None when nothing is due, mail is held, or the circuit is open."""
    open_lanes = _open_lanes(the_gym(session), lanes, now=now)
    if not open_lanes:
        return None  # mail is held, or the circuit is open and nobody asked for the webhook's lane
    due = and_(_due(now), or_(*(lane.holds() for lane in open_lanes)), of_known_kind())
    return leases.take_first(session, OutboxMessage, due, lasts=LEASE, state=MessageState.SENDING)


def _open_lanes(gym: Gym, lanes: Collection[Lane], *, now: datetime) -> Collection[Lane]:
    """What goes to the webhook goes on while the mail server refuses us: it may be the one way to say so."""
    if gym.mail_held:
        return ()  # an operator holds everything, the webhook's messages too
    return [lane for lane in lanes if lane is Lane.WEBHOOK] if circuit_breaker.is_open(gym, now=now) else lanes


def _due(now: datetime) -> ColumnElement[bool]:
    """What is on its way is due as well: it is free once the lease of who was sending it is over."""
    return or_(
        and_(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.due_at <= now),
        OutboxMessage.state == MessageState.SENDING,
    )


def finish(
    session: Session, claimed: Claim, state: MessageState, error: str | None, *, now: datetime
) -> OutboxMessage | None:
    """Record that it was sent, or dropped with the reason. None: the lease is not ours any more, and nothing is changed."""
    message = _ours(session, claimed)
    if message is None:
        return None  # another worker claimed it since, and records what becomes of it
    _release(message, state, error)
    message.finished_at = now
    if state is MessageState.SENT and message.channel != WEBHOOK:
        circuit_breaker.answered(session, now=now)
    return message


def fail(session: Session, claimed: Claim, failure: MailFailure, *, now: datetime) -> OutboxMessage | None:
    """Record a failure: DEAD by a fault of the reader's address, else tried again. None as in `finish`."""
    message = _ours(session, claimed)
    if message is None:
        return None  # as in `finish`
    is_over = isinstance(failure, PermanentFailure)
    _release(message, MessageState.DEAD if is_over else MessageState.QUEUED, str(failure))
    if is_over:
        message.finished_at = now
    else:
        message.due_at = now + leases.pause(message.attempts, shortest=MIN_PAUSE, longest=MAX_PAUSE)
    if message.channel != WEBHOOK:  # the circuit is the mail server's alone
        if is_over:
            circuit_breaker.answered(session, now=now)
        else:
            message.due_at = circuit_breaker.refused(session, message.id, failure, now=now) or message.due_at
    return message


def _ours(session: Session, claimed: Claim) -> OutboxMessage | None:
    message = leases.still_mine(session, OutboxMessage, claimed)
    return message if message is not None and message.state is MessageState.SENDING else None


def _release(message: OutboxMessage, state: MessageState, error: str | None) -> None:
    leases.give_back(message)
    message.state, message.last_error = state, error
