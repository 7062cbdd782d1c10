"""A rule whose numbers the test makes up, on a real database, with a clock that the test steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from core.alerts import incidents, lists
from core.alerts.default_rules import BY_KEY
from core.alerts.models import AlertChange, Incident
from core.alerts.rules import MINUTE, Rule
from core.alerts.sentences import became
from core.alerts.state_machine import Reading, Standing, State, step
from core.outbox.models import MessageKind, OutboxMessage
from core.people.accounts import create_account
from core.people.models import Account, Role
from core.platform.services import Services

NOON = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
RULE = replace(BY_KEY["errors"], after=timedelta(), keep_firing=2 * MINUTE, repeat=timedelta(hours=4))
BAD, GOOD = Reading(0.05, 100, "5 of 100 requests"), Reading(0.0, 100)


@dataclass
class Alarm:
    """`alarm.read(BAD)` a minute later than the last one."""

    services: Services
    rule: Rule = RULE
    now: datetime = NOON
    muted: bool = False
    webhook: bool = False
    admins: dict[str, int] = field(default_factory=dict)

    def read(self, *readings: Reading, instance: str = "", later: timedelta = MINUTE) -> AlertChange | None:
        change = None
        for reading in readings:
            self.now += later
            with self.services.database.write() as transaction:
                change = incidents.conclude(
                    transaction.session,
                    self.rule,
                    instance,
                    self._number(instance),
                    self._standing(instance).state,
                    step(self.rule, self._standing(instance), reading, at=self.now),
                    reading,
                    at=self.now,
                    muted=self.muted,
                    webhook=self.webhook,
                    now=self.now,
                )
        return change

    def changes(self) -> list[str]:
        """What became of it, in words; an exclamation mark for what was told."""
        with self.services.database.read() as session:
            found = session.scalars(select(AlertChange).order_by(AlertChange.id)).all()
        return [became(change) + ("!" if change.told else "") for change in found]

    def notices(self) -> list[OutboxMessage]:
        with self.services.database.read() as session:
            query = select(OutboxMessage).where(OutboxMessage.kind == MessageKind.ALERT).order_by(OutboxMessage.id)
            return list(session.scalars(query))

    def told(self) -> list[str]:
        """To whom, in order."""
        return [message.recipient.partition("@")[0] for message in self.notices()]

    def incidents(self) -> Sequence[Incident]:
        with self.services.database.read() as session:
            return list(session.scalars(select(Incident).order_by(Incident.id)))

    def _standing(self, instance: str) -> Standing:
        with self.services.database.read() as session:
            for row in lists.standings(session):
                if (row.rule_key, row.instance) == (self.rule.key, instance):
                    return Standing(State(row.state), row.since, row.silent_since)
        return Standing(State.NORMAL, self.now)

    def _number(self, instance: str) -> int:
        with self.services.database.read() as session:
            found = [
                row for row in lists.standings(session) if (row.rule_key, row.instance) == (self.rule.key, instance)
            ]
        return found[0].number if found else 0


def hire(services: Services, name: str, role: Role = Role.ADMIN) -> Account:
    """Somebody with an account, who never signs in here."""
    with services.database.write() as transaction:
        return create_account(
            transaction.session, email=f"{name.lower()}@spirit.example", name=f"{name} Moreno", role=role, now=NOON
        )
