"""
Claims of outbox rows (core/platform/leases.py): which rows are due, and what became of a mail, recorded while it is still ours.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Session

from core.gym.models import Gym, the_gym
from core.outbox import circuit
from core.outbox.failures import MailFailure, PermanentFailure
from core.outbox.lanes import Lane
from core.outbox.models import WEBHOOK, MessageKind, MessageState, OutboxMessage
from core.platform import leases
from core.platform.leases import Claim

LEASE = timedelta(seconds=60)  # longer than a transport may take (45 s)
MIN_PAUSE, MAX_PAUSE = timedelta(seconds=15), timedelta(hours=2)
KNOWN_KINDS = tuple(MessageKind)  # a newer program's mails are left to it


def claim(session: Session, lanes: Collection[Lane], *, now: datetime) -> Claim | None:
    """Take the row that has been due longest; None when nothing is due, mail is held, or the circuit is open."""
    open_lanes = _open_lanes(the_gym(session), lanes, now=now)
    if not open_lanes:
        return None
    due = and_(_due(now), or_(*(lane.holds() for lane in open_lanes)), OutboxMessage.kind.in_(KNOWN_KINDS))
    return leases.take_first(session, OutboxMessage, due, lasts=LEASE, state=MessageState.SENDING)


def _open_lanes(gym: Gym, lanes: Collection[Lane], *, now: datetime) -> Collection[Lane]:
    """What goes to the webhook goes on while the mail server refuses us: it may be the one way to say so."""
    if gym.mail_held:
        return ()
    return [lane for lane in lanes if lane is Lane.WEBHOOK] if circuit.is_open(gym, now=now) else lanes


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
        return None
    _release(message, state, error)
    message.finished_at = now
    if state is MessageState.SENT and message.channel != WEBHOOK:
        circuit.answered(session, now=now)
    return message


def fail(session: Session, claimed: Claim, failure: MailFailure, *, now: datetime) -> OutboxMessage | None:
    """Record a failure: DEAD by a fault of the reader's address, else tried again. None as above."""
    message = _ours(session, claimed)
    if message is None:
        return None
    is_over = isinstance(failure, PermanentFailure)
    _release(message, MessageState.DEAD if is_over else MessageState.QUEUED, str(failure))
    if is_over:
        message.finished_at = now
    else:
        message.due_at = now + leases.pause(message.attempts, shortest=MIN_PAUSE, longest=MAX_PAUSE)
    if message.channel != WEBHOOK:
        if is_over:
            circuit.answered(session, now=now)
        else:
            message.due_at = circuit.refused(session, message.id, failure, now=now) or message.due_at
    return message


def _ours(session: Session, claimed: Claim) -> OutboxMessage | None:
    message = leases.still_mine(session, OutboxMessage, claimed)
    return message if message is not None and message.state is MessageState.SENDING else None


def _release(message: OutboxMessage, state: MessageState, error: str | None) -> None:
    leases.give_back(message)
    message.state, message.last_error = state, error
