"""
Claim and lease: workers take rows of a table in turn, and a row whose worker died is free once its lease is over.

    claim = take_first(session, OutboxMessage, is_due, lasts=…)    in a short transaction of its own
    row = still_mine(session, OutboxMessage, claim)                in each later one: None, and nothing is recorded
    give_back(row)                                                 it is free again

Hosts disagree about the time, so on PostgreSQL a lease is set and compared by the database's own clock. SQLite's file
has one machine, and its clock is the one there is. What proves that a row is ours is the claim's own name, which no
other claim has, not even the same worker's next.
"""

import os
import random
import secrets
import socket
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.platform import clock
from core.platform.orm import Instant

PROCESS = secrets.token_hex(4)  # two containers may have the same host name and process number
MAX_DOUBLINGS = 12  # of a pause; more would overflow long after each limit is reached


class Leased:
    """Columns of a table whose rows workers take in turn."""

    id: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)  # claims since it was last put in the queue
    due_at: Mapped[datetime]  # when it is tried next
    lease_until: Mapped[datetime | None]  # of the claim that has it; a lease that is over may be claimed again
    leased_by: Mapped[str | None]  # the claim that has it


Row = TypeVar("Row", bound=Leased)


@dataclass(frozen=True)
class Claim:
    """A row that this worker holds until its lease is over."""

    row_id: int
    holder: str  # as in Leased.leased_by
    ends: float  # the lease's end by this process's monotonic clock; lease_until is by lease_clock

    def left_s(self) -> float:
        """Seconds until the lease is over; negative for a worker that slept past it, which has to stop."""
        return self.ends - time.monotonic()


def lease_clock(session: Session) -> datetime:
    """The current time by the clock that all who lease from this database share. Aware UTC."""
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(select(func.clock_timestamp(type_=Instant()))).scalar_one()
    return clock.now()


def new_holder() -> str:
    """A unique id of one claim: host, process, random part, thread, and a random part of its own."""
    return f"{socket.gethostname()}:{os.getpid()}:{PROCESS}:{threading.get_native_id()}:{secrets.token_hex(4)}"


def take_first(
    session: Session, table: type[Row], is_due: ColumnElement[bool], *, lasts: timedelta, **values: Any
) -> Claim | None:
    """
    Claim the free row that has been due longest, by a conditional update. None when there is none, or another was faster.

    Args:
        lasts: longer than the work may take, or than it takes until `renew`.
        values: columns that change with the claim.
    """
    began = time.monotonic()
    shared_now = lease_clock(session)
    free = and_(is_due, or_(table.lease_until.is_(None), table.lease_until <= shared_now))
    row_id = session.scalars(
        select(table.id).where(free).order_by(table.due_at, table.id).limit(1).with_for_update(skip_locked=True)
    ).one_or_none()
    if row_id is None:  # nothing is due, or other claims hold all that is
        return None
    holder = new_holder()
    claimed = session.execute(
        update(table)
        .where(table.id == row_id, free)
        .values(lease_until=shared_now + lasts, leased_by=holder, attempts=table.attempts + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        return None  # SQLite has no SKIP LOCKED: another claimed it between the two statements
    return Claim(row_id, holder, began + lasts.total_seconds())


def still_mine(session: Session, table: type[Row], claim: Claim) -> Row | None:
    """The row, locked, if this claim still holds it, else None: a slow worker must not overwrite its successor's result."""
    row = session.get(table, claim.row_id, with_for_update=True)
    return row if row is not None and row.leased_by == claim.holder else None


def renew(session: Session, row: Leased, *, lasts: timedelta) -> None:
    """Extend the lease: it ends `lasts` from now."""
    row.lease_until = lease_clock(session) + lasts


def give_back(row: Leased) -> None:
    """End the lease: any worker may claim the row at once."""
    row.lease_until = row.leased_by = None


def queue_anew(row: Leased, *, now: datetime) -> None:
    """Put the row back in the queue, due now, attempts 0. A worker that holds it loses its claim."""
    give_back(row)
    row.attempts, row.due_at = 0, now


def pause(attempts: int, *, shortest: timedelta, longest: timedelta) -> timedelta:
    """Exponential backoff with jitter: doubles with each attempt up to `longest`, less a random part of up to a quarter."""
    doubled: timedelta = shortest * 2 ** min(attempts - 1, MAX_DOUBLINGS)
    return min(doubled, longest) * random.uniform(0.75, 1)  # what failed together does not come back in step
