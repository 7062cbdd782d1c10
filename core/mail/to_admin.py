"""Facts of mails to an admin: an incident that fires, goes on or resolves."""

from zoneinfo import ZoneInfo

from core.alerts import console_links, sentences
from core.alerts.notifications import Notice
from core.alerts.state_machine import State
from core.mail.facts import Action, Facts, facts_of
from core.mail.links import Links, unlinked
from core.mail.mail_context import MailContext
from core.outbox.kinds import MessageKind
from core.wording import spoken_instant, spoken_length


@facts_of(MessageKind.ALERT)
def alert(context: MailContext, links: Links) -> Facts:
    """An incident as it is now, in the gym's own time zone."""
    notice, zone = context.notice, context.gym_zone
    if notice is None:
        raise ValueError("an alert mail needs its notice")
    over = notice.change.after == State.NORMAL
    return Facts(
        rows=_over(notice, zone) if over else _now(notice, zone),
        actions=_actions(notice, links, zone, over=over),
        words={
            "headline": sentences.headline(notice.incident),
            "event": notice.event,
            "critical": notice.incident.severity == "critical",
            "value": sentences.format_value(notice.change.value, notice.metric.unit),
            "limit": sentences.limit(notice.metric, notice.change.fire_at),
            "lasted": spoken_length(notice.change.at - notice.incident.opened_at),
            "sentence": notice.incident.sentence,
            "happens_once": notice.metric.once,
            "resolver": notice.incident.closer.name if notice.incident.closer else "",
        },
    )


def _actions(notice: Notice, links: Links, zone: ZoneInfo, *, over: bool) -> list[Action]:
    """To the incident; and to what shows the reason."""
    error, requests = console_links.of_error(notice.incident), console_links.of_requests(notice.incident, zone)
    found = [Action("Open the alerts", links.alerts, primary=not over)]
    if error:
        found.append(Action("Open the error", f"{links.console}{error}", primary=False))
    if requests:
        found.append(Action("See the requests", f"{links.console}{requests}", primary=False))
    return found


def _now(notice: Notice, zone: ZoneInfo) -> list[tuple[str, str]]:
    incident = notice.incident
    if notice.metric.once:
        return [("Since", spoken_instant(incident.opened_at, zone)), *_about(notice)]
    rows = [
        ("Measured", notice.metric.label),
        ("Now", sentences.format_value(notice.change.value, notice.metric.unit)),
        ("Limit", sentences.limit(notice.metric, notice.change.fire_at)),
        ("Since", spoken_instant(incident.opened_at, zone)),
    ]
    return [*rows, *_about(notice)]


def _over(notice: Notice, zone: ZoneInfo) -> list[tuple[str, str]]:
    incident, unit = notice.incident, notice.metric.unit
    rows = [
        ("Measured", notice.metric.label),
        ("Worst", sentences.format_value(incident.worst, unit)),
        ("Now", sentences.format_value(notice.change.value, unit)),
        ("Began", spoken_instant(incident.opened_at, zone)),
        ("Ended", spoken_instant(notice.change.at, zone)),
    ]
    if incident.acknowledger is not None:
        rows.append(("Looked after by", incident.acknowledger.name))
    return [*rows, *_about(notice)]


def _about(notice: Notice) -> list[tuple[str, str]]:
    """What fails most, and the numbers behind it. Titles of errors may hold what somebody outside wrote."""
    incident = notice.incident
    rows = [
        ("Fails most", incident.lead_route),
        ("Error", unlinked(incident.lead_error) if incident.lead_error_id else ""),
        ("More", incident.detail),
    ]
    return [(name, text) for name, text in rows if text]
