"""Deep links from an incident into the console: its error group, and the requests of its time. Paths below the console's address."""

from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from core.alerts.models import Incident
from core.alerts.rules import METRICS

BEFORE, AFTER = timedelta(minutes=15), timedelta(minutes=5)  # what led to it, and that it is over
MAX_RANGE = timedelta(hours=24)  # a range of a day is read from rows, not from histograms
TYPED = "%Y-%m-%dT%H:%M"  # as the page's own range stands in its address


def of_error(incident: Incident) -> str:
    """Path of the error group that the incident names; "" without one."""
    return f"/errors?{urlencode({'group': incident.lead_error_id})}" if incident.lead_error_id else ""


def of_requests(incident: Incident, zone: ZoneInfo) -> str:
    """Path of the requests around its start, of the route that it names; "" for what is not about requests."""
    metric = METRICS.get(incident.metric)
    if metric is None or "route" not in metric.filters or not incident.lead_route:
        return ""
    start = incident.opened_at - BEFORE
    end = min(incident.closed_at or incident.opened_at, start + MAX_RANGE) + AFTER
    chosen = {
        "range": "free",
        "from": _typed(start, zone),
        "to": _typed(end, zone),
        "route": f"{incident.lead_service} {incident.lead_route}",
    }
    return f"/web-requests?{urlencode(chosen)}"


def _typed(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).replace(second=0, microsecond=0).strftime(TYPED)
