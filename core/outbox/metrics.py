"""Metrics of the outbox: how many messages are due, and for how long the oldest has been."""

from sqlalchemy import func, select

from core.outbox import messages
from core.outbox.models import OutboxMessage
from core.platform import clock
from core.platform.db import Database


def measures(database: Database) -> dict[str, float]:
    """outbox.due_count, and outbox.oldest_due_s: seconds since the mail that waits longest was first due; 0 when none does."""
    now = clock.now()
    with database.read() as session:
        due = select(func.count()).where(
            OutboxMessage.state.in_(messages.UNFINISHED), OutboxMessage.first_due_at <= now
        )
        count = session.scalar(due) or 0
        oldest = messages.oldest_due_at(session, now=now)
    return {
        "outbox.due_count": float(count),
        "outbox.oldest_due_s": (now - oldest).total_seconds() if oldest is not None else 0.0,
    }
