"""
Periodic duties: what has to be done now and then, by whoever sweeps: the worker, `spirit sweep` or the cron address.

Each duty is a row. Whoever finds it due claims it (compare and set, by the database's clock), does it, and notes when.
A claim that ran out is taken by the next. What the work is, is handed in: the archive needs DuckDB, which core does not
know.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from core.images import storage_cleanup
from core.platform import leases
from core.platform.duty_rows import DutyClock
from core.platform.services import Services
from core.platform.settings import Settings
from core.telemetry import jobs
from core.wording import spoken_length

OVERDUE_AFTER = 3  # intervals: one that was missed is a restart, two are a slow machine

log = structlog.get_logger()

DutyFunction = Callable[[Services], object]


@dataclass(frozen=True)
class Duty:
    """A periodic duty."""

    name: str
    every: timedelta  # the interval
    lasts: timedelta  # the lease: after it another process may claim it
    does: str  # for people
    follows: str  # what happens without it, for people

    def applies(self, settings: Settings) -> bool:
        """Whether a duty applies to this gym's settings."""
        return settings.telemetry or self.name != ARCHIVE


ARCHIVE, ORPHANS = "archive", "orphans"
DUTIES = (
    Duty(
        ARCHIVE,
        timedelta(hours=1),
        timedelta(minutes=30),
        does="what the monitor recorded moves into files, and what is too old goes",
        follows="what the monitor recorded grows and is kept too long",
    ),
    Duty(
        ORPHANS,
        timedelta(hours=1),
        timedelta(minutes=30),
        does="files in the storages that nothing refers to any more are removed",
        follows="photos that were deleted stay in the storage",
    ),
)
WORK_OF_CORE: Mapping[str, DutyFunction] = {ORPHANS: storage_cleanup.sweep_orphans}


def do_due(services: Services, work: Mapping[str, DutyFunction]) -> list[str]:
    """Claim and run every due duty that `work` has a function for, one after the other. The names of those done."""
    return [duty.name for duty in DUTIES if duty.name in work and _do(services, duty, work[duty.name])]


def _do(services: Services, duty: Duty, work: DutyFunction) -> bool:
    """Whether it was due, ours, and came to its end. A failure is logged, and tried again once the claim has run out."""
    if not duty.applies(services.settings):
        return False  # this gym records no telemetry
    claimed = services.database.transact(lambda tx: _claim(tx.session, duty, now=tx.now))
    if claimed is None:
        return False  # not due yet, or another is at it
    with jobs.run(duty.name) as job:
        try:
            work(services)
        except Exception:  # the other duties go on; doctor and console say that this one is late
            job.fail()
            log.exception("duty failed", of=duty.name)
            return False
    services.database.transact(lambda tx: _done(tx.session, duty, claimed, now=tx.now))
    return True


def _claim(session: Session, duty: Duty, *, now: datetime) -> str | None:
    """The name of our claim; None when it is not due or not free. A failed one is taken up again once its claim is over."""
    shared_now = leases.lease_clock(session)
    is_due = or_(
        DutyClock.last_done_at.is_(None),
        DutyClock.last_done_at <= shared_now - duty.every,
        DutyClock.last_done_at > shared_now + duty.every,  # the clock was set back
    )
    is_free = or_(DutyClock.claimed_until.is_(None), DutyClock.claimed_until <= shared_now)
    holder = leases.new_holder()
    claimed = session.execute(
        update(DutyClock)
        .where(DutyClock.name == duty.name, is_due, is_free)
        .values(claimed_until=shared_now + duty.lasts, claimed_by=holder)
        .execution_options(synchronize_session=False)
    )
    return holder if claimed.rowcount == 1 else None  # type: ignore[attr-defined]


def _done(session: Session, duty: Duty, holder: str, *, now: datetime) -> None:
    """Only if the claim is still ours: whoever took it up since notes it."""
    session.execute(
        update(DutyClock)
        .where(DutyClock.name == duty.name, DutyClock.claimed_by == holder)
        .values(last_done_at=leases.lease_clock(session), claimed_until=None, claimed_by=None)
        .execution_options(synchronize_session=False)
    )


def due(session: Session, settings: Settings) -> list[str]:
    """Names of duties that are due and unclaimed, for whoever has to start a process for them."""
    shared_now = leases.lease_clock(session)
    clocks = {clock.name: clock for clock in session.scalars(select(DutyClock))}
    return [
        duty.name
        for duty in DUTIES
        if duty.applies(settings) and (clock := clocks.get(duty.name)) is not None and _is_due(duty, clock, shared_now)
    ]


def _is_due(duty: Duty, clock: DutyClock, shared_now: datetime) -> bool:
    is_free = clock.claimed_until is None or clock.claimed_until <= shared_now
    return is_free and (clock.last_done_at is None or clock.last_done_at <= shared_now - duty.every)


def overdue(session: Session, settings: Settings) -> Sequence[str]:
    """A sentence for each duty that nobody has done for three intervals."""
    shared_now = leases.lease_clock(session)
    clocks = {clock.name: clock for clock in session.scalars(select(DutyClock))}
    late = []
    for duty in DUTIES:
        clock = clocks.get(duty.name)
        if clock is None or not duty.applies(settings):
            continue
        waited = shared_now - (clock.last_done_at or clock.since)
        if waited > OVERDUE_AFTER * duty.every:
            late.append(f"{duty.name} was not done for {spoken_length(waited)}: {duty.follows}")
    return late
