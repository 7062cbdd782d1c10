"""A gym with a monitor: facts reach the store at chosen instants, and the evaluator is stepped minute by minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from analytics.data_sources import Monitor
from analytics.evaluator import Evaluation, evaluate
from core.alerts import lists
from core.alerts.models import AlertChange, AlertStanding, Incident
from core.alerts.sentences import became
from core.alerts.state_machine import State
from core.gym.models import the_gym
from core.outbox.models import MessageKind, OutboxMessage
from core.platform.clock import instant, microseconds
from core.platform.services import Services
from tests.analytics.house import NOW_US, House, requests

MINUTE = timedelta(minutes=1)
NOW = instant(NOW_US)


@dataclass
class Watched:
    """`minutes(5, errors=0.1)`: five minutes of traffic, each followed by an evaluation, while the worker sweeps."""

    services: Services
    house: House
    now: datetime = NOW
    worker_lives: bool = True
    recorder_lives: bool = True

    @property
    def monitor(self) -> Monitor:
        return Monitor(self.house.store, self.house.folder)

    def minutes(self, count: int = 1, *, n: int = 60, errors: float = 0.0, **same: Any) -> None:
        for _ in range(count):
            self.pass_a_minute(n, round(n * errors), **same)
            self.evaluate()

    def pause(self, count: int, *, n: int = 60) -> None:
        """Minutes of good traffic that nobody evaluates, but for the last one."""
        for _ in range(count):
            self.pass_a_minute(n, 0)
        self.evaluate()

    def pass_a_minute(self, n: int, failed: int, **same: Any) -> None:
        start_us = microseconds(self.now)
        every_us = 59_000_000 // max(1, n)
        good = requests(n - failed, at_us=start_us, every_us=every_us, **same)
        bad = requests(failed, at_us=start_us, every_us=every_us, status=500, outcome="error", **same)
        if n:
            self.house.note([*good, *bad])
        if self.recorder_lives:
            beat = {"service": "site", "name": "process.memory_bytes", "value": 1.0, "at_us": start_us + 59_000_000}
            self.house.note([beat], "metric_log")
        self.now += MINUTE
        if self.worker_lives:
            with self.services.database.write() as transaction:
                the_gym(transaction.session).last_swept_at = self.now

    def evaluate(self) -> Evaluation:
        return evaluate(self.services, self.monitor, now=self.now)

    def standing(self, key: str, instance: str = "") -> AlertStanding:
        with self.services.database.read() as session:
            return session.get_one(AlertStanding, (key, instance))

    def state(self, key: str, instance: str = "") -> State:
        return State(self.standing(key, instance).state)

    def firing(self) -> set[str]:
        """The rules that hold an incident open."""
        with self.services.database.read() as session:
            return {row.rule_key for row in lists.standings(session) if row.incident_id is not None}

    def incidents(self) -> list[Incident]:
        """All of them, the oldest first, but for those of this machine's own disk."""
        with self.services.database.read() as session:
            query = select(Incident).where(Incident.metric != "disk.used_share").order_by(Incident.id)
            return list(session.scalars(query))

    def open_now(self) -> list[Incident]:
        return [incident for incident in self.incidents() if incident.is_open]

    def changes(self, key: str) -> list[str]:
        with self.services.database.read() as session:
            found = session.scalars(select(AlertChange).order_by(AlertChange.id)).all()
        return [became(change) + ("!" if change.told else "") for change in found if change.rule_key == key]

    def told(self, cause: str) -> list[str]:
        """What was said about incidents of this cause, in order."""
        with self.services.database.read() as session:
            found = session.scalars(select(AlertChange).order_by(AlertChange.id)).all()
            causes = {incident.id: incident.cause for incident in session.scalars(select(Incident))}
            return [became(one) for one in found if one.told and causes.get(one.incident_id or 0) == cause]

    def mails(self) -> list[OutboxMessage]:
        with self.services.database.read() as session:
            query = select(OutboxMessage).where(OutboxMessage.kind == MessageKind.ALERT).order_by(OutboxMessage.id)
            return list(session.scalars(query))
