"""What is open, what was, and where every rule stands."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.alerts.models import AlertChange, AlertStanding, Incident
from core.alerts.rules import Severity
from core.alerts.state_machine import State


def open_incidents(session: Session) -> list[Incident]:
    """Critical ones first, then the oldest."""
    found = session.scalars(select(Incident).where(Incident.closed_at.is_(None)).order_by(Incident.opened_at))
    return sorted(found, key=lambda incident: incident.severity != Severity.CRITICAL)


def count_open(session: Session) -> int:
    """How many incidents are open."""
    return session.scalar(select(func.count()).where(Incident.closed_at.is_(None))) or 0


def past_incidents(session: Session, *, limit: int = 50) -> list[Incident]:
    """Those that are over, the latest first."""
    query = select(Incident).where(Incident.closed_at.is_not(None)).order_by(Incident.closed_at.desc()).limit(limit)
    return list(session.scalars(query))


def incidents_between(session: Session, start: datetime, end: datetime) -> list[Incident]:
    """Those that were open at some instant of [start, end), the oldest first: for a chart's marks."""
    query = (
        select(Incident)
        .where(Incident.opened_at < end, Incident.closed_at.is_(None) | (Incident.closed_at >= start))
        .order_by(Incident.opened_at)
    )
    return list(session.scalars(query))


def changes_of(session: Session, incidents: Sequence[Incident]) -> dict[int, list[AlertChange]]:
    """Each incident's changes, oldest first."""
    found: dict[int, list[AlertChange]] = {incident.id: [] for incident in incidents}
    query = select(AlertChange).where(AlertChange.incident_id.in_(found)).order_by(AlertChange.id)
    for change in session.scalars(query):
        assert change.incident_id is not None
        found[change.incident_id].append(change)
    return found


def standings(session: Session) -> list[AlertStanding]:
    """Where each rule stands, for each instance that was measured lately."""
    return list(session.scalars(select(AlertStanding).order_by(AlertStanding.rule_key, AlertStanding.instance)))


def leading(rows: Sequence[AlertStanding]) -> dict[int, AlertStanding]:
    """For each open incident where the rule stands that it is named after."""
    found: dict[int, AlertStanding] = {}
    for row in rows:
        incident = row.incident
        if incident is not None and (row.rule_key, row.instance) == (incident.rule_key, incident.instance):
            found[incident.id] = row
    return found


def forget_unmeasured(session: Session, *, at: datetime, after: timedelta = timedelta(hours=1)) -> None:
    """A route that nobody asked for lately stands nowhere, if nothing is open about it."""
    for row in standings(session):
        if row.state == State.NORMAL and row.number == 0 and row.measured_at < at - after:
            session.delete(row)
