"""
Claims of outbox rows: a lease is taken in a short transaction, and what became of the mail is recorded under it.

Leases are set and compared by lease_clock, and recorded only while they are still the claimer's. The same lease is
counted by this process's own monotonic clock too: a sender that slept past it has nothing to send any more.
"""

import random
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from core import leases
from core.gym import Gym, the_gym
from core.mail import circuit
from core.mail.failures import MailFailure, PermanentFailure
from core.mail.lanes import Lane
from core.mail.models import WEBHOOK, MessageKind, MessageState, OutboxMessage

LEASE = timedelta(seconds=60)  # longer than a transport may take (45 s)
MIN_PAUSE, MAX_PAUSE = timedelta(seconds=15), timedelta(hours=2)
KNOWN_KINDS = tuple(MessageKind)  # a newer program's mails are left to it


@dataclass(frozen=True)
class Claim:
    """A row that is ours until `lease`, and by our own clock until `ends` (of time.monotonic())."""

    message_id: int
    lease: datetime
    ends: float

    def left_s(self) -> float:
        return self.ends - time.monotonic()


def claim(session: Session, lanes: Collection[Lane], *, now: datetime) -> Claim | None:
    """Take the row that has been due longest; None when nothing is due, mail is held, or the circuit is open."""
    began = time.monotonic()
    open_lanes = _open_lanes(the_gym(session), lanes, now=now)
    if not open_lanes:
        return None
    shared_now = leases.lease_clock(session)
    due = and_(_due(now, shared_now), or_(*(lane.holds() for lane in open_lanes)))
    message_id = session.scalars(
        select(OutboxMessage.id)
        .where(due, OutboxMessage.kind.in_(KNOWN_KINDS))
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if message_id is None:
        return None
    lease = shared_now + LEASE
    claimed = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, _due(now, shared_now))
        .values(
            state=MessageState.SENDING,
            lease_until=lease,
            leased_by=leases.worker_name(),
            attempts=OutboxMessage.attempts + 1,
        )
        .execution_options(synchronize_session=False)
    )
    return Claim(message_id, lease, began + LEASE.total_seconds()) if claimed.rowcount == 1 else None  # type: ignore[attr-defined]


def _open_lanes(gym: Gym, lanes: Collection[Lane], *, now: datetime) -> Collection[Lane]:
    """What goes to the webhook goes on while the mail server refuses us: it may be the one way to say so."""
    if gym.mail_held:
        return ()
    return [lane for lane in lanes if lane is Lane.WEBHOOK] if circuit.is_open(gym, now=now) else lanes


def _due(now: datetime, shared_now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.due_at <= now),
        and_(OutboxMessage.state == MessageState.SENDING, OutboxMessage.lease_until <= shared_now),
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
        message.due_at = now + pause(message.attempts)
    if message.channel != WEBHOOK:
        if is_over:
            circuit.answered(session, now=now)
        else:
            message.due_at = circuit.refused(session, message.id, failure, now=now) or message.due_at
    return message


def pause(attempts: int) -> timedelta:
    """Doubles from 15 seconds to two hours, less up to a quarter, so that failed mails do not come back in step."""
    doubled: timedelta = MIN_PAUSE * (2 ** min(attempts - 1, 12))
    return min(doubled, MAX_PAUSE) * random.uniform(0.75, 1)


def _ours(session: Session, claimed: Claim) -> OutboxMessage | None:
    """Only while the lease is still ours: a slow sender must not overwrite what its successor recorded."""
    message = session.get_one(OutboxMessage, claimed.message_id, with_for_update=True)
    if message.state is not MessageState.SENDING or message.lease_until != claimed.lease:
        return None
    return message


def _release(message: OutboxMessage, state: MessageState, error: str | None) -> None:
    message.state, message.lease_until, message.leased_by, message.last_error = state, None, None, error
