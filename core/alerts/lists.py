"""Queries: open and past incidents, their changes, and the standing of every rule."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.alerts.models import AlertChange, AlertStanding, Incident
from core.alerts.rules import Severity
from core.alerts.state_machine import State


def open_incidents(session: Session) -> list[Incident]:
    """Open incidents, critical ones first, then the oldest."""
    found = session.scalars(select(Incident).where(Incident.closed_at.is_(None)).order_by(Incident.opened_at))
    return sorted(found, key=lambda incident: incident.severity != Severity.CRITICAL)


def count_open(session: Session) -> int:
    """How many incidents are open."""
    return session.scalar(select(func.count()).where(Incident.closed_at.is_(None))) or 0


def past_incidents(session: Session, *, limit: int = 50) -> list[Incident]:
    """Closed incidents, the latest first."""
    query = select(Incident).where(Incident.closed_at.is_not(None)).order_by(Incident.closed_at.desc()).limit(limit)
    return list(session.scalars(query))


def incidents_between(session: Session, start: datetime, end: datetime) -> list[Incident]:
    """Incidents open at some instant of [start, end), the oldest first: for a chart's markers."""
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
    """Standings of all rules, one for each instance that was measured lately."""
    return list(session.scalars(select(AlertStanding).order_by(AlertStanding.rule_key, AlertStanding.instance)))


def leading(rows: Sequence[AlertStanding]) -> dict[int, AlertStanding]:
    """Standing of the leading rule of each open incident, by incident id."""
    found: dict[int, AlertStanding] = {}
    for row in rows:
        incident = row.incident
        if incident is not None and (row.rule_key, row.instance) == (incident.rule_key, incident.instance):
            found[incident.id] = row
    return found


def forget_unmeasured(session: Session, *, at: datetime, after: timedelta = timedelta(hours=1)) -> None:
    """Delete standings of instances that were not measured lately, such as a route without requests, unless something is open."""
    for row in standings(session):
        if row.state == State.NORMAL and row.number == 0 and row.measured_at < at - after:
            session.delete(row)
