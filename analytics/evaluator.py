"""
Evaluator of the alert rules, once a minute, in steps:

1. Claim the minute: of several workers one evaluates.
2. Read the rules in force, and where each of them stands.
3. Measure, as of 15 seconds ago: by then what happened has reached the store.
4. Conclude: each change with its incident and its notices in a transaction of its own, under the number that follows the
   one that was read. A second evaluator is refused, so that one change notifies once, whatever the lease did.
5. Record the evaluator's heartbeat.

A metric that cannot be measured stops nothing: its rule keeps its state with the reason, and after ten minutes a rule of
its own fires: monitoring is blind.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from analytics.alert_inputs import MetricInputs, Readings
from analytics.alert_metrics import measure
from analytics.data_sources import Monitor
from analytics.database_outage import Outage
from core.alerts import incident_grouping, incidents, lists, liveness
from core.alerts.incidents import AlreadyChanged
from core.alerts.models import AlertStanding
from core.alerts.rule_changes import RuleInForce, is_in_force, rules_in_force
from core.alerts.state_machine import Reading, Standing, State, step
from core.errors import Unavailable
from core.platform.failpoints import failpoint
from core.platform.services import Services

SETTLE = timedelta(seconds=15)  # a recorder flushes every ten seconds, and needs a moment
BLIND = "monitor.blind_count"

log = structlog.get_logger()


@dataclass(frozen=True)
class Seen:
    """A rule's standing as it was read, for one instance."""

    chosen: RuleInForce
    instance: str
    standing: Standing
    number: int  # of its latest change: the optimistic lock

    def stays_normal(self, reading: Reading, at: datetime) -> bool:
        """Whether nothing changes and nobody is notified: most rules, most of the time."""
        return self.standing.state is State.NORMAL and self.after(reading, at) == self.standing

    def after(self, reading: Reading, at: datetime) -> Standing:
        """The standing after a reading, by the state machine."""
        return step(self.chosen.rule, self.standing, reading, at=at)


@dataclass(frozen=True)
class Evaluation:
    """Outcome of one evaluation."""

    readings: int
    changes: int  # of states, and reminders


def evaluate_if_due(
    services: Services,
    monitor: Monitor,
    *,
    now: datetime,
    early: timedelta = timedelta(),
    outage: Outage | None = None,
) -> Evaluation | None:
    """
    Evaluate if this process wins the minute's claim.

    Args:
        early: how much before its minute; for cron, which is not exact.
        outage: this process's memory of a database that cannot be written; None: another process notifies of it.

    Returns:
        None when another process has evaluated within the minute, or nothing can be written.

    Raises:
        Unavailable, SQLAlchemyError: nothing can be written, and `outage` is None.
    """
    try:
        with services.database.write() as transaction:
            mine = liveness.claim_evaluation(transaction.session, now=now, early=early)
    except (Unavailable, SQLAlchemyError) as error:
        if outage is None:
            raise
        outage.goes_on(services, error, now=now)
        return None
    if outage is not None:
        outage.is_over(services, now=now)
    return evaluate(services, monitor, now=now) if mine else None


def evaluate(services: Services, monitor: Monitor, *, now: datetime) -> Evaluation:
    """Steps 2 to 5; idempotent, and safe by any number at once. Raises Unavailable, SQLAlchemyError."""
    at = now - SETTLE
    with services.database.read() as session:
        chosen = [one for one in rules_in_force(session) if one.rule.enabled]
        stood = {(row.rule_key, row.instance): row for row in lists.standings(session)}
    inputs = MetricInputs(services, monitor, [one.rule for one in chosen])
    found = [pair for one in sorted(chosen, key=_is_about_others) for pair in _readings(inputs, one, stood, at)]
    found.sort(key=_severity, reverse=True)
    failpoint("measured")
    quiet = [(seen, reading) for seen, reading in found if seen.stays_normal(reading, at)]
    changes = sum(_conclude(services, *pair, at=at, now=now) for pair in found if pair not in quiet)
    with services.database.write() as transaction:
        for seen, reading in quiet:
            incidents.note(transaction.session, seen.chosen.rule, seen.instance, reading, at=at)
        lists.forget_unmeasured(transaction.session, at=at)
        incidents.forget_passing(transaction.session, now=now)
        liveness.evaluated(transaction.session, now=now)
    return Evaluation(len(found), changes)


def _readings(
    inputs: MetricInputs, chosen: RuleInForce, stood: dict[tuple[str, str], AlertStanding], at: datetime
) -> list[tuple[Seen, Reading]]:
    """Readings of every measured instance; an empty one for each that is not normal and was not measured."""
    key = chosen.rule.key
    found = _measured(inputs, chosen, at)
    open_ones = {
        instance: Reading()
        for (rule_key, instance), row in stood.items()
        if rule_key == key and row.state != State.NORMAL
    }
    if "" in found and found[""].problem:  # nothing is known of any instance
        found |= dict.fromkeys(open_ones, found[""])
    return [
        (_seen(chosen, instance, stood.get((key, instance)), at), reading)
        for instance, reading in {**open_ones, **found}.items()
        if not instance or (key, instance) in stood or reading.samples >= chosen.rule.min_samples
    ]


def _is_about_others(chosen: RuleInForce) -> bool:
    """Sort key: the rule about rules that could not be measured comes last."""
    return chosen.rule.metric == BLIND


def _severity(pair: tuple[Seen, Reading]) -> int:
    """Sort key: the most severe are concluded first; they open the incident of a cause, and the others join it silently."""
    rule = pair[0].chosen.rule
    return incident_grouping.rank(rule.metric, rule.severity)


def _measured(inputs: MetricInputs, chosen: RuleInForce, at: datetime) -> Readings:
    try:
        return measure(inputs, chosen.rule, at=at)
    except Exception as error:  # whatever a store, a file or a disk raises, the other rules are measured
        log.warning("rule not measured", rule=chosen.rule.key, why=type(error).__name__)
        inputs.problems[chosen.rule.title] = type(error).__name__
        return {"": Reading(problem=f"could not be measured: {type(error).__name__}")}


def _seen(chosen: RuleInForce, instance: str, row: AlertStanding | None, at: datetime) -> Seen:
    if row is None:
        return Seen(chosen, instance, Standing(State.NORMAL, at), 0)
    return Seen(chosen, instance, Standing(State(row.state), row.since, row.silent_since), row.number)


def _conclude(services: Services, seen: Seen, reading: Reading, *, at: datetime, now: datetime) -> bool:
    rule = seen.chosen.rule
    after = seen.after(reading, at)
    try:
        with services.database.write() as transaction:
            if not is_in_force(transaction.session, seen.chosen):
                return False  # it was changed, muted, turned off or deleted; the next minute measures what is there now
            change = incidents.conclude(
                transaction.session,
                rule,
                seen.instance,
                seen.number,
                seen.standing.state,
                after,
                reading,
                at=at,
                muted=seen.chosen.is_muted(now, services.settings.zone),
                webhook=bool(services.settings.alert_webhook_url.get_secret_value()),
                now=now,
            )
            told = change is not None and change.told
    except AlreadyChanged:
        log.info("somebody else told of it", rule=rule.key, instance=seen.instance)
        return False
    if change is not None:
        log.info("alert", rule=rule.key, instance=seen.instance, became=after.state.value, told=told)
    return change is not None
