"""Incidents: the open ones with value, history, Acknowledge and Resolve; and the past ones."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import streamlit as st

import tasks
from console.widgets.acting import act
from console.widgets.markdown import inert
from console.widgets.session import Staff, services
from core.alerts import console_links, incidents, lists, sentences
from core.alerts.models import AlertChange, AlertStanding, Incident
from core.alerts.rules import Severity
from core.platform import clock
from core.wording import spoken_instant, spoken_length

COLORS = {Severity.CRITICAL: "red", Severity.WARNING: "orange"}
PAGE = Path(__file__).parent.parent / "app_pages" / "alerts.py"
Changes = Mapping[int, Sequence[AlertChange]]


def count_open() -> int:
    """The number of open incidents."""
    with services().database.read() as session:
        return lists.count_open(session)


def link_to_alerts(count: int) -> None:
    """Draw a link to the page Alerts in the sidebar, while incidents are open: the navigation may be folded."""
    if count:
        st.page_link(PAGE, label=f":red[{_are_open(count)}]")


def show_open(rows: Sequence[Incident], changes: Changes, standings: Sequence[AlertStanding], staff: Staff) -> None:
    """Draw the open incidents, in the order given: critical ones first."""
    if not rows:
        st.markdown("Nothing is wrong at this moment.")
        return
    st.header(_are_open(len(rows)), anchor=False)
    stands = lists.leading(standings)
    for incident in rows:
        with st.container(border=True, key=f"incident-{incident.id}"):
            _title(incident)
            _now(incident, stands.get(incident.id))
            _links(incident)
            _buttons(incident, staff)
            with st.expander("What happened", key=f"story-{incident.id}"):
                _story(incident, changes[incident.id])


def show_past(rows: Sequence[Incident], changes: Changes) -> None:
    """Draw past incidents, in the order given: the latest first."""
    st.header("Past incidents", anchor=False)
    if not rows:
        st.markdown("No incident yet.")
    zone = services().settings.zone
    for incident in rows:
        assert incident.closed_at is not None
        lasted = spoken_length(incident.closed_at - incident.opened_at)
        label = f"{sentences.headline(incident)}, {lasted}, {spoken_instant(incident.opened_at, zone)}"
        with st.expander(inert(label), key=f"past-{incident.id}"):
            _links(incident)
            _story(incident, changes[incident.id])


def _are_open(count: int) -> str:
    return "One incident is open" if count == 1 else f"{count} incidents are open"


def _title(incident: Incident) -> None:
    severity = Severity(incident.severity)
    st.markdown(f":{COLORS[severity]}-badge[{severity.value}] **{inert(sentences.headline(incident))}**")


def _now(incident: Incident, row: AlertStanding | None) -> None:
    metric, now = sentences.metric_of(incident), clock.now()
    unit = metric.unit
    value = sentences.format_value(row.value if row is not None else None, unit)
    lasted = f"for {spoken_length(now - incident.opened_at)}"
    numbers = [
        f"{metric.label}: {value}, limit {sentences.limit(metric, incident.fire_at)}",
        f"{lasted}, at worst {sentences.format_value(incident.worst, unit)}",
    ]
    lines = [
        *([lasted] if metric.once else numbers),
        sentences.lead(incident),
        incident.detail,
        f"{incident.acknowledger.name} looks after it" if incident.acknowledger is not None else "",
        "No notification was sent: the rule was muted, or had sent enough of them" if incident.told_at is None else "",
    ]
    st.text("\n".join(line[:1].upper() + line[1:] for line in lines if line))


def _links(incident: Incident) -> None:
    """Links to the error that the incident names, and to the requests around its start."""
    error, requests = console_links.of_error(incident), console_links.of_requests(incident, services().settings.zone)
    links = [
        f'<a href="{escape(address)}" target="_self">{text}</a>'
        for text, address in (("Open the error", error), ("See the requests", requests))
        if address
    ]
    if links:
        st.html(" · ".join(links))


def _buttons(incident: Incident, staff: Staff) -> None:
    left, right = st.columns(2)
    if incident.acknowledged_at is None:
        left.button(
            "I look after it",
            key=f"acknowledge-{incident.id}",
            type="primary",
            width="stretch",
            help="No more notifications until it resolves.",
            on_click=_acknowledge,
            args=(incident, staff),
        )
    right.button(
        "Resolve",
        key=f"resolve-{incident.id}",
        width="stretch",
        help="Close it by hand. If it is still bad, it fires anew.",
        on_click=_resolve,
        args=(incident, staff),
    )


def _acknowledge(incident: Incident, staff: Staff) -> None:
    act(
        staff,
        lambda tx: incidents.acknowledge(tx.session, incident.id, by=tx.by, now=tx.now),
        done="It is yours. Nobody is reminded of it until it resolves.",
    )


def _resolve(incident: Incident, staff: Staff) -> None:
    webhook = bool(services().settings.alert_webhook_url.get_secret_value())
    if act(
        staff,
        lambda tx: incidents.resolve(tx.session, incident.id, by=tx.by, webhook=webhook, now=tx.now),
        done="It is resolved, and the other admins are notified.",
    ):
        tasks.nudge_from_thread(services(), tasks.deliver_mail)


def _story(incident: Incident, changes: Sequence[AlertChange]) -> None:
    zone = services().settings.zone
    lines = [
        f"{spoken_instant(change.at, zone)}: {sentences.of_rule(change, incident)}{sentences.became(change)} "
        f"({sentences.format_value(change.value, sentences.metric_of_change(change, incident).unit)})"
        + ("; the admins were notified" if change.told else "")
        for change in changes
    ]
    if incident.acknowledged_at is not None and incident.acknowledger is not None:
        lines.append(f"{spoken_instant(incident.acknowledged_at, zone)}: {incident.acknowledger.name} looks after it")
    if incident.closer is not None:
        lines.append(f"Resolved by {incident.closer.name}")
    st.text("\n".join(lines))
