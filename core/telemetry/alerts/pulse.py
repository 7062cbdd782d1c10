"""
When the parts of the house were last alive. Asked by the console itself, so that it needs nobody who may be dead.

Each part has an interval in which it gives a sign of life, and is called silent after two of them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.errors import SetupError
from core.gym import the_gym
from core.telemetry.alerts.models import AlertClock
from core.telemetry.store import Store
from core.telemetry.tables import metric_log
from core.words import spoken_length

EVALUATE_EVERY = timedelta(minutes=1)
SWEEP_EVERY = timedelta(minutes=1)  # the worker's own is shorter; where cron sweeps, it is a minute
RECORD_EVERY = timedelta(seconds=30)  # each process is measured every 15 seconds, and written ten seconds later
LATEST_ROWS = 500
EARLY = timedelta(seconds=10)  # cron is not exact, and a minute that is missed is a long silence
PASSING = "command"  # a service that ends by itself: its silence says nothing


@dataclass(frozen=True)
class Silence:
    """A part that has given no sign of life for too long. since: None when it never has."""

    part: str
    since: datetime | None
    follows: str

    def sentence(self, *, now: datetime) -> str:
        """ "The worker has been silent for 4 minutes: no request expires …"."""
        if self.since is None:
            return f"{self.part} has not run yet: {self.follows}."
        return f"{self.part} has been silent for {spoken_length(now - self.since)}: {self.follows}."


def claim_evaluation(session: Session, *, now: datetime, early: timedelta = timedelta()) -> bool:
    """Whether it is this caller's turn to evaluate: once a minute, whoever comes first. early: how much before it is due."""
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


def evaluated(session: Session, *, now: datetime) -> None:
    """The evaluator came to its end."""
    session.execute(update(AlertClock).values(evaluated_at=now).execution_options(synchronize_session=False))


def silences(session: Session, *, now: datetime) -> list[Silence]:
    """Of the worker and of the evaluator."""
    parts = (
        (
            Silence("The worker", the_gym(session).last_swept_at, "requests do not expire and mail waits"),
            SWEEP_EVERY,
        ),
        (
            Silence(
                "The evaluator", session.scalar(select(AlertClock.evaluated_at)), "nobody would be told of an incident"
            ),
            EVALUATE_EVERY,
        ),
    )
    return [silence for silence, every in parts if silence.since is None or now - silence.since > 2 * every]


def silence_of_the_recorders(store: Store, *, now: datetime) -> list[Silence]:
    """Of the recorder of each process that has given a sign of life before; of all of them when there is none."""
    follows = "what it does is not recorded"
    try:
        latest = heartbeats(store)
    except (SQLAlchemyError, SetupError) as error:
        return [Silence("The monitor", None, f"its data cannot be read ({type(error).__name__})")]
    if not latest:
        return [Silence("The recorder", None, "these pages have nothing to show")]
    silent = {service: at for service, at in latest.items() if now - at > 2 * RECORD_EVERY}
    return [Silence(f"The recorder of the {service}", at, follows) for service, at in sorted(silent.items())]


def heartbeats(store: Store) -> dict[str, datetime]:
    """When each service last gave a sign of life, as far as its latest rows tell. Raises SQLAlchemyError, StoreNewer."""
    lasting = select(metric_log.c.service, metric_log.c.at_us).where(metric_log.c.service != PASSING)
    newest = lasting.order_by(metric_log.c.id.desc()).limit(LATEST_ROWS)
    rows = newest.subquery()
    query = select(rows.c.service, func.max(rows.c.at_us)).group_by(rows.c.service)
    with store.read() as connection:
        found = connection.execute(query).all()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return {service: epoch + timedelta(microseconds=at_us) for service, at_us in found}
