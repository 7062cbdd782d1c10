"""
Heartbeats of worker, evaluator and recorders, and the lease of the evaluation.

The console reads them itself, so that it needs no process that may be dead. Each part has an interval for its heartbeat,
and is silent after two of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.alerts.models import AlertClock
from core.errors import SetupError
from core.gym.models import the_gym
from core.platform.clock import instant
from core.telemetry.process_life import LOOP_SILENT, STOPPED
from core.telemetry.store import Store
from core.telemetry.tables import metric_log
from core.wording import spoken_length

EVALUATE_EVERY = timedelta(minutes=1)  # the resolution of rules: their shortest window is a minute
SWEEP_EVERY = timedelta(minutes=1)  # the worker's own is shorter; where cron sweeps, it is a minute
RECORD_EVERY = timedelta(seconds=30)  # each process is measured every 15 seconds, and written ten seconds later
RECORD_US = 30_000_000
# A last measure may follow the word that it stops; in a container the next process has its number.
STOP_GRACE_US = 2_000_000
MAX_ROWS = 50_000  # some hours of a small gym; older ones are archived anyway
EARLY = timedelta(seconds=10)  # cron is not exact, and a minute that is missed is a long silence
PASSING = "command"  # a service that ends by itself: its silence says nothing


@dataclass(frozen=True)
class Silence:
    """A part whose heartbeat is missing for too long."""

    part: str
    since: datetime | None  # the latest heartbeat; None: there never was one
    follows: str  # the consequence, in words

    def sentence(self, *, now: datetime) -> str:
        """ "The worker has been silent for 4 minutes: no request expires …"."""
        if self.since is None:
            return f"{self.part} has not run yet: {self.follows}."
        return f"{self.part} has been silent for {spoken_length(now - self.since)}: {self.follows}."


def claim_evaluation(session: Session, *, now: datetime, early: timedelta = timedelta()) -> bool:
    """Claim the minute's evaluation: a conditional update, won by one caller. early: how much before it is due."""
    claimed = session.execute(
        update(AlertClock)
        .where(
            AlertClock.due_at.is_(None)
            | (AlertClock.due_at <= now + early)
            | (AlertClock.due_at > now + EVALUATE_EVERY)  # the machine's clock was set back
        )
        .values(due_at=now + EVALUATE_EVERY)
        .execution_options(synchronize_session=False)
    )
    return bool(claimed.rowcount == 1)  # type: ignore[attr-defined]


def evaluation_is_due(session: Session, *, now: datetime) -> bool:
    """Whether the next evaluation may be claimed; EARLY before its time, for cron."""
    due_at = session.scalar(select(AlertClock.due_at))
    return due_at is None or due_at <= now + EARLY or due_at > now + EVALUATE_EVERY


def evaluated(session: Session, *, now: datetime) -> None:
    """Record that an evaluation came to its end: the evaluator's heartbeat."""
    session.execute(update(AlertClock).values(evaluated_at=now).execution_options(synchronize_session=False))


def is_overdue(session: Session, *, now: datetime, after: timedelta) -> bool:
    """Whether no evaluation came to its end for so long."""
    evaluated_at = session.scalar(select(AlertClock.evaluated_at))
    return evaluated_at is None or now - evaluated_at > after


def silences(session: Session, *, now: datetime) -> list[Silence]:
    """Missing heartbeats of the worker and of the evaluator."""
    parts = (
        (
            Silence("The worker", the_gym(session).last_swept_at, "requests do not expire and mail waits"),
            SWEEP_EVERY,
        ),
        (
            Silence(
                "The evaluator",
                session.scalar(select(AlertClock.evaluated_at)),
                "nobody would be notified of an incident",
            ),
            EVALUATE_EVERY,
        ),
    )
    return [silence for silence, every in parts if silence.since is None or now - silence.since > 2 * every]


def silence_of_the_recorders(store: Store, *, now: datetime) -> list[Silence]:
    """Missing heartbeats, and hung event loops, of each service that recorded before and was not stopped."""
    try:
        signs = heartbeats(store)
    except (SQLAlchemyError, SetupError) as error:
        return [Silence("The monitor", None, f"its data cannot be read ({type(error).__name__})")]
    if not signs:
        return [Silence("The recorder", None, "these pages have nothing to show")]
    expected = sorted((sign for sign in signs if sign.is_expected), key=lambda sign: sign.service)
    silent = [
        Silence(f"The recorder of the {sign.service}", sign.last_at, "what it does is not recorded, or it is dead")
        for sign in expected
        if now - sign.last_at > 2 * RECORD_EVERY
    ]
    hung = [
        Silence(f"The {sign.service}", sign.last_at - timedelta(seconds=sign.hangs_s), "it hangs, and answers nobody")
        for sign in expected
        if sign.hangs_s > 2 * RECORD_EVERY.total_seconds()
    ]
    return [*silent, *hung]


@dataclass(frozen=True)
class Heartbeat:
    """The latest heartbeat of a service, of whichever of its processes recorded it."""

    service: str
    last_at: datetime
    was_stopped: bool = False  # it was the last of a process that ended gracefully
    hangs_s: float = 0.0  # event-loop lag of one of its processes, though that process lives

    @property
    def is_expected(self) -> bool:
        """Whether another heartbeat is due; a command ends by itself."""
        return self.service != PASSING and not self.was_stopped

    def trouble(self, now: datetime) -> str:
        """What is wrong with the service, in words; "" for nothing."""
        if self.hangs_s > RECORD_EVERY.total_seconds():
            return f"it hangs: it lives, and has answered nobody for {spoken_length(timedelta(seconds=self.hangs_s))}"
        if now - self.last_at > RECORD_EVERY:
            return "it is dead, or stands still"
        return ""


def heartbeats(store: Store) -> list[Heartbeat]:
    """The latest heartbeat of each service, from the hot rows. Raises SQLAlchemyError, StoreNewer."""
    rows = metric_log.c
    newest_id = select(func.coalesce(func.max(rows.id), 0)).scalar_subquery()
    last = (
        select(rows.service, func.max(rows.id).label("id"))
        .where(rows.id > newest_id - MAX_ROWS)
        .group_by(rows.service)
        .subquery()
    )
    query = select(rows.service, rows.process, rows.at_us).join(last, last.c.id == rows.id)
    ends = select(rows.service, rows.process, rows.at_us).where(rows.id > newest_id - MAX_ROWS, rows.name == STOPPED)
    with store.read() as connection:
        found = connection.execute(query).all()
        ended = {(row.service, row.process): row.at_us for row in connection.execute(ends.order_by(rows.id))}
        hanging = _hanging(connection, since_us=max((row.at_us for row in found), default=0) - RECORD_US)
    return [
        Heartbeat(
            row.service,
            instant(row.at_us),
            ended.get((row.service, row.process), 0) > row.at_us - STOP_GRACE_US,
            hanging.get(row.service, 0.0),
        )
        for row in found
    ]


def _hanging(connection: Connection, *, since_us: int) -> dict[str, float]:
    """Event-loop lag by service, seconds: the worst of its live processes."""
    rows = metric_log.c
    newest_id = select(func.coalesce(func.max(rows.id), 0)).scalar_subquery()
    lags = (
        select(rows.service, rows.process, rows.value)
        .where(rows.id > newest_id - MAX_ROWS, rows.at_us >= since_us, rows.name == LOOP_SILENT)
        .order_by(rows.id)
    )
    latest = {(row.service, row.process): row.value for row in connection.execute(lags)}
    worst: dict[str, float] = {}
    for (service, _), value in latest.items():
        worst[service] = max(worst.get(service, 0.0), value)
    return worst
