"""
Incidents: a rule's state change and what follows from it, in one transaction; acknowledge and resolve by an admin.

1. The change, under its number. `uq_alert_change_rule_key_instance_number` refuses whoever comes second.
2. The rule's standing.
3. Its incident: opened when it fires, unless one of the same cause is open, which it joins; closed when the last rule
   that holds it is good again. `uq_alert_incident_cause` refuses a second one.
4. Notifications: one row of the outbox for each admin, and one for the webhook: when it opens, when it becomes more
   severe, when it resolves. None while the rule is muted, nor more than MAX_NOTICES_AN_HOUR; what was held back is sent
   when that ends, if it goes on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.alerts import incident_grouping, sentences
from core.alerts.models import AlertChange, AlertStanding, Incident
from core.alerts.rules import Rule, cause_of
from core.alerts.state_machine import OPEN, Reading, Standing, State
from core.audit import Verb
from core.errors import NotFound, NotPossible, Refused
from core.outbox import messages
from core.people.models import Account, Role
from core.people.permissions import check_is_admin
from core.platform.actor import THE_CLOCK, Actor
from core.platform.db import guard_named

MAX_NOTICES_AN_HOUR = 5  # of one rule: a slow database slows every page, and one mail says as much as forty
ALREADY = "This has just changed. Please look again."
PASSING_KEPT = timedelta(days=30)  # a pending state that never fired explains nothing after a month


class AlreadyChanged(Refused):
    """Optimistic lock failed: another evaluator or admin has changed the rule's state meanwhile; nothing was stored."""


def conclude(
    session: Session,
    rule: Rule,
    instance: str,
    number: int,
    before: State,
    after: Standing,
    reading: Reading,
    *,
    at: datetime,
    muted: bool,
    webhook: bool,
    now: datetime,
) -> AlertChange | None:
    """
    Store a reading, and the state change with its incident and its notifications, where there is one.

    Args:
        number: of the latest change that the caller knows of. before: the state that it led to.
        at: of the reading. webhook: whether there is one.

    Returns:
        The change; None where state and notifications stay as they are.

    Raises:
        AlreadyChanged: there has been another change since. Roll back.
    """
    row = session.get(AlertStanding, (rule.key, instance))
    effect = _effect(session, rule, instance, before, after, reading, row.incident if row is not None else None)
    notifies = not muted and _should_notify(session, rule, effect, before, after.state, now=now)
    row = row or _new(session, rule, instance, at)
    if before is after.state and not notifies:
        if row.number != number:
            raise AlreadyChanged(ALREADY)
        _note(row, after, reading, at, rule)
        return None
    row.number = number + 1
    if effect.joined is not None:
        _join(row, effect.joined, rule, worse=effect.worse)
    _note(row, after, reading, at, rule)
    change = _change(
        session, row, before, metric=rule.metric, fire_at=rule.fire_at, by=THE_CLOCK, at=at, worse=effect.worse
    )
    incident = _apply_effect(session, row, rule, effect, reading, at)
    if incident is not None:
        change.incident_id = incident.id
        if notifies:
            _notify(session, change, incident, webhook=webhook, now=now)
    session.flush()
    return change


@dataclass(frozen=True)
class _Effect:
    """Effect of a reading on incidents."""

    own: Incident | None  # the incident of this rule and instance
    joined: Incident | None  # another rule's, that it becomes part of
    begins: bool  # it fires now
    worse: bool  # it is more severe than what it joins
    ends: bool  # it is normal again
    closes: bool  # and it was the last of its incident

    @property
    def incident(self) -> Incident | None:
        return self.own or self.joined


def _effect(
    session: Session,
    rule: Rule,
    instance: str,
    before: State,
    after: Standing,
    reading: Reading,
    own: Incident | None,
) -> _Effect:
    begins = after.state in OPEN and before not in OPEN
    joined = incident_grouping.find_open(session, rule, instance, reading.lead) if begins and own is None else None
    worse = joined is not None and incident_grouping.rank(rule.metric, rule.severity) > incident_grouping.rank_of(
        joined
    )
    ends = after.state is State.NORMAL and own is not None
    closes = ends and own is not None and incident_grouping.is_last(session, rule, instance, own)
    return _Effect(own, joined, begins, worse, ends, closes)


def _apply_effect(
    session: Session, row: AlertStanding, rule: Rule, effect: _Effect, reading: Reading, at: datetime
) -> Incident | None:
    """Open, leave or close incidents as the effect says. The incident that the change belongs to."""
    if effect.begins and effect.incident is None:
        return _open(session, row, rule, reading, at)
    if effect.ends and effect.own is not None:
        row.incident = None
        if effect.closes:
            incident_grouping.detach_all(session, effect.own)
            effect.own.closed_at = at
    return effect.incident


def note(session: Session, rule: Rule, instance: str, reading: Reading, *, at: datetime) -> None:
    """Upsert the reading of a rule that stays normal; a concurrent insert wins and is ignored."""
    row = session.get(AlertStanding, (rule.key, instance))
    if row is not None:
        if row.state == State.NORMAL:  # else another evaluator has changed it, and its reading counts
            _note(row, Standing(State.NORMAL, row.since, row.silent_since), reading, at, rule)
        return
    try:
        with session.begin_nested():
            _note(_new(session, rule, instance, at), Standing(State.NORMAL, at), reading, at, rule)
            session.flush()
    except IntegrityError as error:
        if "alert_standing" not in guard_named(error):
            raise


def acknowledge(session: Session, incident_id: int, *, by: Actor, now: datetime) -> Incident:
    """Acknowledge an open incident: no reminders until it resolves; idempotent. Raises NotAllowed, NotFound, NotPossible."""
    check_is_admin(session, by)
    incident = get_incident(session, incident_id)
    if not incident.is_open:
        raise NotPossible("This incident is over already.")
    if incident.acknowledged_at is None:
        incident.acknowledged_at, incident.acknowledged_by = now, by.staff_id
        audit.record(session, Verb.INCIDENT_ACKNOWLEDGED, "incident", incident.id, by=by, now=now)
    session.flush()
    return incident


def resolve(session: Session, incident_id: int, *, by: Actor, webhook: bool = False, now: datetime) -> Incident:
    """
    Resolve an incident by hand, with all rules in it. If it is still bad, it fires anew.

    Raises:
        NotAllowed: not an admin. NotFound: no such incident. NotPossible: it is over already.
        AlreadyChanged: it changed at this moment.
    """
    check_is_admin(session, by)
    incident = get_incident(session, incident_id)
    rows = incident_grouping.standings_of(session, incident)
    if not incident.is_open or not rows:
        raise NotPossible("This incident is over already.")
    for row in rows[1:]:
        _leave(session, row, incident, by=by, now=now)
    _end(session, rows[0], incident, by=by, webhook=webhook, now=now)
    audit.record(session, Verb.INCIDENT_RESOLVED, "incident", incident.id, by=by, now=now)
    session.flush()
    return incident


def end_all_of(session: Session, rule_key: str, *, by: Actor, now: datetime) -> None:
    """
    End every incident of a rule that is turned off or deleted, without notifications.

    Raises:
        AlreadyChanged: one of them changed at this moment.
    """
    for row in session.scalars(select(AlertStanding).where(AlertStanding.rule_key == rule_key)).unique():
        incident = row.incident
        if incident is None:
            row.state, row.since, row.silent_since = State.NORMAL, now, None
        elif len(incident_grouping.standings_of(session, incident)) > 1:  # other rules say that it goes on
            _leave(session, row, incident, by=by, now=now)
        else:
            incident.told_at = None
            _end(session, row, incident, by=by, webhook=False, now=now)


def get_incident(session: Session, incident_id: int) -> Incident:
    """One incident by id. Raises NotFound."""
    incident = session.get(Incident, incident_id)
    if incident is None:
        raise NotFound("There is no such incident.")
    return incident


def forget_passing(session: Session, *, now: datetime) -> None:
    """Delete changes that became no incident after PASSING_KEPT; incidents and their changes stay."""
    session.execute(delete(AlertChange).where(AlertChange.incident_id.is_(None), AlertChange.at < now - PASSING_KEPT))


def _new(session: Session, rule: Rule, instance: str, at: datetime) -> AlertStanding:
    row = AlertStanding(
        rule_key=rule.key,
        instance=instance,
        state=State.NORMAL,
        since=at,
        number=0,
        samples=0,
        detail="",
        problem="",
        measured_at=at,
    )
    session.add(row)
    return row


def _note(row: AlertStanding, after: Standing, reading: Reading, at: datetime, rule: Rule) -> None:
    row.state, row.since, row.silent_since = after.state, after.since, after.silent_since
    row.measured_at, row.problem = at, reading.problem
    if reading.problem:  # nothing was measured: the latest value stays
        return
    row.value, row.samples, row.detail = reading.value, reading.samples, reading.detail
    incident = row.incident
    if incident is not None and reading.value is not None:
        _follow(incident, rule, reading)


def _follow(incident: Incident, rule: Rule, reading: Reading) -> None:
    """Update the incident's worst value, by the rule that leads it alone, and its lead, by any."""
    incident_grouping.name_lead(incident, reading.lead)
    if rule.key != incident.rule_key or reading.value is None:
        return
    worse = min if rule.measured.bad_below else max
    incident.worst = reading.value if incident.worst is None else worse(incident.worst, reading.value)
    incident.detail = reading.detail or incident.detail


def _change(
    session: Session,
    row: AlertStanding,
    before: State,
    *,
    metric: str,
    fire_at: float,
    by: Actor,
    at: datetime,
    worse: bool = False,
) -> AlertChange:
    change = AlertChange(
        rule_key=row.rule_key,
        instance=row.instance,
        number=row.number,
        at=at,
        before=before,
        after=row.state,
        value=row.value,
        fire_at=fire_at,
        account_id=by.account_id,
        told=False,
        metric=metric,
        worse=worse,
    )
    session.add(change)
    _flush(session)
    return change


def _flush(session: Session) -> None:
    """Flush; a violated unique index becomes AlreadyChanged."""
    try:
        session.flush()
    except IntegrityError as error:
        if any(name in guard_named(error) for name in ("alert_change", "alert_standing", "alert_incident")):
            raise AlreadyChanged(ALREADY) from error
        raise


def _join(row: AlertStanding, incident: Incident, rule: Rule, *, worse: bool) -> None:
    """Make the rule's state part of another rule's incident; a more severe rule leads it from now on."""
    row.incident = incident
    if worse:
        _lead_by(incident, rule, row.instance)


def _lead_by(incident: Incident, rule: Rule, instance: str) -> None:
    """Make a more severe rule the incident's leading one."""
    incident.rule_key, incident.instance, incident.cause = rule.key, instance, cause_of(rule, instance)
    incident.title, incident.metric, incident.severity = rule.title, rule.metric, rule.severity
    incident.sentence, incident.fire_at, incident.worst = (
        rule.sentence or sentences.fires_when(rule),
        rule.fire_at,
        None,
    )


def _open(session: Session, row: AlertStanding, rule: Rule, reading: Reading, at: datetime) -> Incident:
    incident = Incident(
        rule_key=rule.key,
        title=rule.title,
        metric=rule.metric,
        sentence=rule.sentence or sentences.fires_when(rule),
        instance=row.instance,
        severity=rule.severity,
        fire_at=rule.fire_at,
        worst=row.value,
        detail=row.detail,
        opened_at=at,
        cause=cause_of(rule, row.instance),
    )
    incident_grouping.name_lead(incident, reading.lead)
    row.incident = incident
    _flush(session)
    return incident


def _end(session: Session, row: AlertStanding, incident: Incident, *, by: Actor, webhook: bool, now: datetime) -> None:
    change = _leave(session, row, incident, by=by, now=now)
    incident.closed_at, incident.closed_by = now, by.staff_id
    if incident.told_at is not None:
        _notify(session, change, incident, webhook=webhook, now=now)


def _leave(session: Session, row: AlertStanding, incident: Incident, *, by: Actor, now: datetime) -> AlertChange:
    """Set a rule to normal by hand and detach it. What happens once keeps its state, or it would fire anew."""
    before, row.number = State(row.state), row.number + 1
    if not incident_grouping.is_once(session, row):
        row.state, row.since, row.silent_since = State.NORMAL, now, None
    change = _change(session, row, before, metric=incident.metric, fire_at=incident.fire_at, by=by, at=now)
    row.incident, change.incident_id, change.after = None, incident.id, State.NORMAL
    return change


def _should_notify(
    session: Session, rule: Rule, effect: _Effect, before: State, after: State, *, now: datetime
) -> bool:
    """Whether a notification is due: it opens, becomes more severe, is repeated or resolves, within the limit an hour."""
    incident, joins = effect.incident, effect.joined is not None
    if after is State.NORMAL:  # who heard that it began hears that it resolved
        heard = incident is not None and incident.told_at is not None and not incident_grouping.happens_once(incident)
        return effect.closes and heard
    if after not in (State.FIRING, State.NO_DATA) or before is State.RECOVERING:
        return False  # pending and recovering notify nobody, nor does a value that wavers
    if (joins or before is after) and not effect.worse and not _is_due_again(rule, incident, now):
        return False  # the incident is known already, and is no worse than it was
    lately = (
        select(func.count())
        .select_from(AlertChange)
        .where(
            AlertChange.rule_key == rule.key,
            AlertChange.at > now - timedelta(hours=1),
            AlertChange.told,
            AlertChange.after != State.NORMAL,
        )
    )
    return (session.scalar(lately) or 0) < MAX_NOTICES_AN_HOUR


def _is_due_again(rule: Rule, incident: Incident | None, now: datetime) -> bool:
    """Whether a reminder is due: the first was held back so far, or `repeat` has passed and nobody has acknowledged."""
    if incident is None or incident.acknowledged_at is not None:
        return False
    return incident.told_at is None or (rule.repeat is not None and now - incident.told_at >= rule.repeat)


def _notify(session: Session, change: AlertChange, incident: Incident, *, webhook: bool, now: datetime) -> None:
    """Queue the notifications: to every admin but who made the change, and to the webhook."""
    admins = session.scalars(
        select(Account).where(Account.role == Role.ADMIN, Account.disabled_at.is_(None)).order_by(Account.id)
    )
    for account in admins:
        if account.id != change.account_id:
            messages.add_alert(session, change.id, account, now=now)
    if webhook:
        messages.add_alert(session, change.id, None, now=now)
    change.told, incident.told_at, incident.told_change_id = True, now, change.id
