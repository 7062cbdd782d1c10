"""Page Overview: open incidents, health of each part, key figures with a comparison, latency and counts over time."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import streamlit as st
from sqlalchemy.orm import Session

from analytics import charts, deploy_markers, gym_counts, health, latency
from analytics.deploy_markers import Marker
from analytics.health import Part, State
from analytics.latency import Scope
from analytics.time_window import Window
from console.monitoring.cached_queries import cached, cached_gym, monitor
from console.monitoring.chart_panel import cached_chart, change, chart, ms, nothing, panel, share
from console.monitoring.page_frame import View, monitoring_page
from console.monitoring.traffic_filter import chosen_category, word_of
from console.widgets.markdown import inert
from console.widgets.session import services
from core.alerts import lists, sentences
from core.alerts.rules import Severity
from core.ops import duties
from core.schedule.availability import DAY_MIN, at_wall_time
from core.wording import spoken_instant

ALERTS = Path(__file__).parent.parent / "alerts.py"
MAX_MARKS = 12
WORST_FIRST = [State.BAD, State.LOOK, State.UNKNOWN, State.WELL]


def draw(view: View) -> None:
    panel(_alerts)
    panel(partial(_health, view))
    scope = Scope(category=chosen_category())
    panel(partial(_cards, view, scope))
    panel(partial(_over_time, view, scope))


def _health(view: View) -> None:
    parts = cached_gym(_parts, view.window.end, view.window.zone)
    st.header(_verdict([part.state for part in parts]), anchor=False)
    for part in sorted(parts, key=lambda part: WORST_FIRST.index(part.state)):
        st.markdown(
            f":{health.COLORS[part.state]}-badge[{part.state.value}] **{inert(part.name)}** {inert(part.words)}"
        )


def _alerts() -> None:
    """Open incidents."""
    with services().database.read() as session:
        incidents = lists.open_incidents(session)
    for incident in incidents:
        draw_alert = st.error if incident.severity == Severity.CRITICAL else st.warning
        since = spoken_instant(incident.opened_at, services().settings.zone)
        draw_alert(inert(f"{sentences.headline(incident)}, since {since}"))
    if incidents:
        st.page_link(ALERTS, label="Look after them on the page Alerts")


def _incidents(session: Session, window: Window) -> list[Marker]:
    opened = lists.incidents_between(session, window.start, window.end)
    return [Marker(incident.opened_at, sentences.headline(incident)) for incident in opened][-MAX_MARKS:]


def _parts(session: Session, now: datetime, zone: ZoneInfo) -> list[Part]:
    """The health of each part, and a line for each periodic duty that is overdue."""
    late = duties.overdue(session, services().settings)
    return [
        *health.parts(monitor(), session, now=now, zone=zone),
        *(Part("Periodic work", State.BAD, f"{sentence}.") for sentence in late),
    ]


def _verdict(states: list[State]) -> str:
    if State.BAD in states:
        return "Something needs you now"
    if State.LOOK in states:
        return "Well, but have a look"
    return "All is well" if State.WELL in states else "Nothing is known yet"


def _cards(view: View, scope: Scope) -> None:
    window, before = view.window, view.compared
    now, was = cached(latency.overall, window, scope), cached(latency.overall, before, scope) if before else None
    steps = cached(latency.over_time, window, scope)
    left, right = st.columns(2)
    with left:
        slower = change(now.p95_ms if now else None, was.p95_ms if was else None)
        _card(
            view, "95 of 100 answers within", ms(now.p95_ms, n=now.n) if now else "–", slower, _series(steps, "p95_ms")
        )
    with right:
        points = _points(now.error_rate if now else None, was.error_rate if was else None)
        _card(view, "Failed requests", share(now.error_rate if now else None), points, _series(steps, "errors"))
    with left:
        more = change(now.n if now else None, was.n if was else None)
        _card(
            view,
            f"Requests, {word_of(scope.category)}",
            f"{now.n if now else 0:,}",
            more,
            _series(steps, "n"),
            color="off",
        )
    with right:
        _bookings_today(view)
    staff = cached_gym(gym_counts.active_staff, window.start, window.end)
    st.caption(f"Staff sessions in use: {staff:,d}. A number from fewer than 20 is marked as thin.")


def _card(
    view: View,
    label: str,
    value: str,
    delta: str | None,
    series: list[float] | None,
    *,
    color: Literal["inverse", "off"] = "inverse",
) -> None:
    st.metric(
        inert(label),
        value,
        delta,
        delta_color=color,
        delta_description=f"than {view.word}" if delta else None,
        chart_data=series,
        border=True,
    )


def _bookings_today(view: View) -> None:
    """Today's bookings, compared with the same weekday a week ago up to the same time of day."""
    zone = services().settings.zone
    now = view.window.end.astimezone(zone)
    day = now.date()
    week_ago = day.fromordinal(day.toordinal() - 7)
    minute = now.hour * 60 + now.minute
    count = cached_gym(gym_counts.bookings_on, day, zone, upto=view.window.end)
    before = cached_gym(gym_counts.bookings_on, week_ago, zone, upto=at_wall_time(week_ago, min(minute, DAY_MIN), zone))
    st.metric(
        "Bookings asked for today",
        f"{count:,}",
        f"{count - before:+}",
        delta_description=f"than last {now:%A} by {now:%H:%M}",
        border=True,
    )


def _over_time(view: View, scope: Scope) -> None:
    steps = cached(latency.over_time, view.window, scope)
    if not steps.num_rows:
        nothing()
        return
    marks = (*cached(deploy_markers.deploys, view.window), *cached_gym(_incidents, view.window))
    picture = cached_chart(_latency, view.window, scope, marks, scheme=view.scheme)
    chart(picture, key="overview-latency", title="How long answers took")
    counted = cached_chart(_counts, view.window, scope, scheme=view.scheme)
    chart(counted, key="overview-counts", title="How many were asked for, and how many of them failed")


def _latency(window: Window, scope: Scope, marks: tuple[Marker, ...], scheme: str) -> charts.Chart:
    return charts.latency(cached(latency.over_time, window, scope), window, scheme=scheme, markers=marks)


def _counts(window: Window, scope: Scope, scheme: str) -> charts.Chart:
    return charts.counts(cached(latency.over_time, window, scope), window, scheme=scheme)


def _series(table: pa.Table, name: str) -> list[float] | None:
    values = [value for value in table.column(name).to_pylist() if value is not None]
    return values if len(values) > 1 else None


def _points(now: float | None, before: float | None) -> str | None:
    """The change of a ratio in percentage points: "+0.40 points"; None where either is missing."""
    if now is None or before is None:
        return None
    return f"{(now - before) * 100:+.2f} points"


monitoring_page("Overview", draw)
