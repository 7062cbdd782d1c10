"""
Claim and lease: workers take rows in turn, and a row whose worker died is taken again once its lease is over.

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
    """A row that is ours: by lease_clock until its lease is over, and by this process's monotonic clock until `ends`."""

    row_id: int
    holder: str
    ends: float

    def left_s(self) -> float:
        """A worker that slept past its lease has nothing to do any more."""
        return self.ends - time.monotonic()


def lease_clock(session: Session) -> datetime:
    """Now, by the clock that all who lease from this database share. Aware UTC."""
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(select(func.clock_timestamp(type_=Instant()))).scalar_one()
    return clock.now()


def new_holder() -> str:
    """The name of one claim: host, process, random part, thread, and a random part of its own."""
    return f"{socket.gethostname()}:{os.getpid()}:{PROCESS}:{threading.get_native_id()}:{secrets.token_hex(4)}"


def take_first(
    session: Session, table: type[Row], is_due: ColumnElement[bool], *, lasts: timedelta, **values: Any
) -> Claim | None:
    """
    Claim the row that has been due longest and is free. None when there is none, or another was faster.

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
    if row_id is None:
        return None
    holder = new_holder()
    claimed = session.execute(
        update(table)
        .where(table.id == row_id, free)
        .values(lease_until=shared_now + lasts, leased_by=holder, attempts=table.attempts + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        return None  # another claimed it between the two statements
    return Claim(row_id, holder, began + lasts.total_seconds())


def still_mine(session: Session, table: type[Row], claim: Claim) -> Row | None:
    """The row, locked, while our claim stands: whoever was slow must not overwrite what a successor recorded."""
    row = session.get(table, claim.row_id, with_for_update=True)
    return row if row is not None and row.leased_by == claim.holder else None


def renew(session: Session, row: Leased, *, lasts: timedelta) -> None:
    """Ours for so long from now on."""
    row.lease_until = lease_clock(session) + lasts


def give_back(row: Leased) -> None:
    """Free for whoever comes."""
    row.lease_until = row.leased_by = None


def queue_anew(row: Leased, *, now: datetime) -> None:
    """Due now, as if nobody had tried it. Whoever is at it has lost it."""
    give_back(row)
    row.attempts, row.due_at = 0, now


def pause(attempts: int, *, shortest: timedelta, longest: timedelta) -> timedelta:
    """Doubles with each attempt, less up to a quarter, so that what failed together does not come back in step."""
    doubled: timedelta = shortest * 2 ** min(attempts - 1, MAX_DOUBLINGS)
    return min(doubled, longest) * random.uniform(0.75, 1)
