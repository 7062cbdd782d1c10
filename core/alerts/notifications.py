"""A notification about an incident: its content for mail and webhook, and whether it is still due."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core.alerts import console_links, sentences
from core.alerts.models import AlertChange, Incident
from core.alerts.rules import Metric
from core.alerts.state_machine import State


@dataclass(frozen=True)
class Notice:
    """A change that admins are notified of, with its incident as it is now."""

    change: AlertChange
    incident: Incident

    @property
    def metric(self) -> Metric:
        """The metric of the change's value."""
        return sentences.metric_of_change(self.change, self.incident)

    @property
    def event(self) -> str:
        """Stable name for programs: firing, worse, still_firing, no_data, still_no_data, recovered or resolved."""
        again = "still_" if self.change.before == self.change.after else ""
        match self.change.after:
            case State.FIRING if self.change.worse:
                return "worse"
            case State.FIRING:
                return f"{again}firing"
            case State.NO_DATA:
                return f"{again}no_data"
        return "recovered" if self.change.account_id is None else "resolved"

    def why_needless(self) -> str | None:
        """The reason to drop it, in words; None while it is the latest notification, and true."""
        if self.change.after != State.NORMAL and not self.incident.is_open:
            return "the incident was over before this was sent"
        if self.change.id != self.incident.told_change_id:
            return "there was a newer notification of the incident before this was sent"
        if self.event.startswith("still_") and self.incident.acknowledged_at is not None:
            return "somebody was looking after it before this was sent"
        return None

    def sentence(self) -> str:
        """ "Requests fail: 6.2 % (limit: 2 % or more)"."""
        headline = sentences.headline(self.incident)
        if self.change.after == State.NORMAL:
            return f"Resolved: {headline}"
        if self.change.after == State.NO_DATA:
            return f"{headline}: there is nothing to measure"
        if self.metric.once:
            return headline
        value = sentences.format_value(self.change.value, self.metric.unit)
        return f"{headline}: {value} (limit: {sentences.limit(self.metric, self.change.fire_at)})"

    def payload(self, *, gym: str, console_url: str, delivery: str, zone: ZoneInfo) -> dict[str, Any]:
        """The webhook's JSON. `text` alone is enough for a chat; `delivery` is its idempotency key, the same when sent twice."""
        incident = self.incident
        lead = sentences.lead(incident)
        return {
            "text": f"{gym}: {self.sentence()}" + (f". {lead}" if lead and incident.is_open else ""),
            "event": self.event,
            "delivery": delivery,
            "at": _instant(self.change.at),
            "incident": {
                "id": incident.id,
                "rule": incident.rule_key,
                "title": sentences.headline(incident),
                "instance": incident.instance,
                "severity": incident.severity,
                "openedAt": _instant(incident.opened_at),
                "closedAt": _instant(incident.closed_at),
                "cause": incident.cause,
            },
            "metric": incident.metric,
            "unit": self.metric.unit.value,
            "value": self.change.value,
            "limit": self.change.fire_at,
            "detail": incident.detail,
            "route": incident.lead_route or None,
            "error": {
                "id": incident.lead_error_id,
                "title": incident.lead_error,
                "url": f"{console_url}{console_links.of_error(incident)}",
            }
            if incident.lead_error_id
            else None,
            "requestsUrl": f"{console_url}{requests}"
            if (requests := console_links.of_requests(incident, zone))
            else None,
            "url": f"{console_url}/alerts",
        }


def find_notice(session: Session, change_id: int | None) -> Notice | None:
    """The notice of an outbox message's change; None for a message that is about something else."""
    if change_id is None:
        return None
    change = session.get_one(AlertChange, change_id)
    return Notice(change, session.get_one(Incident, change.incident_id))


def _instant(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z" if at is not None else None
