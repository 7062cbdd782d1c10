"""Correlation of rules: those of one cause share an open incident, and the most severe of them leads it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.alerts.default_rules import BY_KEY
from core.alerts.models import AlertStanding, Incident, RuleChoice
from core.alerts.rules import METRICS, Rule, Severity, cause_of
from core.alerts.state_machine import Lead


def find_open(session: Session, rule: Rule, instance: str, lead: Lead | None) -> Incident | None:
    """
    The open incident that a firing rule joins; None where it opens its own.

    By cause first; else the one that names the same error, since a failing page often is a new error too.
    """
    is_open = select(Incident).where(Incident.closed_at.is_(None))
    found = session.scalars(is_open.where(Incident.cause == cause_of(rule, instance))).first()
    if found is not None or lead is None or not lead.error_id:
        return found
    same_error = is_open.where(Incident.lead_error_id == lead.error_id).order_by(Incident.id)
    return session.scalars(same_error).first()


def rank(metric: str, severity: str) -> int:
    """Rank of a rule within an incident: 2 critical, 1 warning, 0 for what happens once, so that any ongoing trouble leads."""
    if metric in METRICS and METRICS[metric].once:
        return 0
    return 2 if severity == Severity.CRITICAL else 1


def rank_of(incident: Incident) -> int:
    """Rank of the rule that leads it."""
    return rank(incident.metric, incident.severity)


def happens_once(incident: Incident) -> bool:
    """Whether it is an event without an end, such as a new error: no notification says that it resolved."""
    return rank_of(incident) == 0


def standings_of(session: Session, incident: Incident) -> Sequence[AlertStanding]:
    """Standings of every rule in an incident, the leading one first."""
    found = session.scalars(select(AlertStanding).where(AlertStanding.incident_id == incident.id)).unique().all()
    own = incident.rule_key, incident.instance
    return sorted(found, key=lambda row: ((row.rule_key, row.instance) != own, row.rule_key, row.instance))


def is_last(session: Session, rule: Rule, instance: str, incident: Incident) -> bool:
    """Whether no other rule holds the incident open. One about a new error does not: it is part of what went on."""
    others = [row for row in standings_of(session, incident) if (row.rule_key, row.instance) != (rule.key, instance)]
    if rule.measured.once:
        return not others
    return all(is_once(session, row) for row in others)


def detach_all(session: Session, incident: Incident) -> None:
    """Detach the rules that are still in an incident that closes."""
    for row in standings_of(session, incident):
        row.incident = None


def name_lead(incident: Incident, lead: Lead | None) -> None:
    """Update an incident's lead, what fails most; an error that was named stays until there is a newer one."""
    if lead is None:
        return
    if lead.route:
        incident.lead_service, incident.lead_route = lead.service, lead.route
    if lead.error_id:
        incident.lead_error_id, incident.lead_error = lead.error_id, lead.error_title


def is_once(session: Session, row: AlertStanding) -> bool:
    """Whether its rule is about what happens once."""
    if row.rule_key in BY_KEY:
        return BY_KEY[row.rule_key].measured.once
    choice = session.get(RuleChoice, row.rule_key)
    return choice is not None and choice.metric in METRICS and METRICS[choice.metric].once
