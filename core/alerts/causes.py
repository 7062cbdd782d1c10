"""Which open incident a rule belongs to: several rules about one thing share one, and the most severe gives it its name."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.alerts.defaults import BY_KEY
from core.alerts.models import AlertStanding, Incident, RuleChoice
from core.alerts.rules import METRICS, Rule, Severity, cause_of
from core.alerts.state_machine import Lead


def find_open(session: Session, rule: Rule, instance: str, lead: Lead | None) -> Incident | None:
    """The open incident of the same cause; else the one that names the same error, for a failing page is often a new error."""
    is_open = select(Incident).where(Incident.closed_at.is_(None))
    found = session.scalars(is_open.where(Incident.cause == cause_of(rule, instance))).first()
    if found is not None or lead is None or not lead.error_id:
        return found
    same_error = is_open.where(Incident.lead_error_id == lead.error_id).order_by(Incident.id)
    return session.scalars(same_error).first()


def rank(metric: str, severity: str) -> int:
    """How much it matters. What happens once ranks below what goes on, so that the latter takes its incident over."""
    if metric in METRICS and METRICS[metric].once:
        return 0
    return 2 if severity == Severity.CRITICAL else 1


def rank_of(incident: Incident) -> int:
    return rank(incident.metric, incident.severity)


def happens_once(incident: Incident) -> bool:
    """Nobody waits to hear that it is over."""
    return rank_of(incident) == 0


def standings_of(session: Session, incident: Incident) -> Sequence[AlertStanding]:
    """Of every rule that is in it, the one that gives it its name first."""
    found = session.scalars(select(AlertStanding).where(AlertStanding.incident_id == incident.id)).unique().all()
    own = incident.rule_key, incident.instance
    return sorted(found, key=lambda row: ((row.rule_key, row.instance) != own, row.rule_key, row.instance))


def is_last(session: Session, rule: Rule, instance: str, incident: Incident) -> bool:
    """Whether no other rule holds the incident open. A new error does not: it is part of what went on."""
    others = [row for row in standings_of(session, incident) if (row.rule_key, row.instance) != (rule.key, instance)]
    if rule.measured.once:
        return not others
    return all(is_once(session, row) for row in others)


def let_go(session: Session, incident: Incident) -> None:
    """It is over: whatever is in it still stands by itself."""
    for row in standings_of(session, incident):
        row.incident = None


def name_lead(incident: Incident, lead: Lead | None) -> None:
    """Note what fails most, as it is known now; an error that was named is not forgotten for want of a newer one."""
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
