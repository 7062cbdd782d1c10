"""Overview: how each part does, the numbers that matter beside those before, and how it went over time."""

from datetime import datetime
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa
import streamlit as st
from sqlalchemy.orm import Session

from analytics import charts, health, latency, markers, today
from analytics.health import Part, State
from console.monitoring.asked import ask, ask_gym, monitor
from console.monitoring.frame import View, monitoring_page
from console.monitoring.panel import change, chart, ms, nothing, panel, share
from console.session import services
from core.schedule.availability import DAY_MIN, at_wall_time

WORST_FIRST = [State.BAD, State.LOOK, State.UNKNOWN, State.WELL]


def draw(view: View) -> None:
    panel(partial(_health, view))
    panel(partial(_cards, view))
    panel(partial(_over_time, view))


def _health(view: View) -> None:
    parts = ask_gym(_parts, view.window.end, view.window.zone)
    st.header(_verdict([part.state for part in parts]), anchor=False)
    for part in sorted(parts, key=lambda part: WORST_FIRST.index(part.state)):
        st.markdown(f":{health.COLORS[part.state]}-badge[{part.state.value}] **{part.name}** {part.words}")


def _parts(session: Session, now: datetime, zone: ZoneInfo) -> list[Part]:
    return health.parts(monitor(), session, now=now, zone=zone)


def _verdict(states: list[State]) -> str:
    if State.BAD in states:
        return "Something needs you now"
    if State.LOOK in states:
        return "Well, but have a look"
    return "All is well" if State.WELL in states else "Nothing is known yet"


def _cards(view: View) -> None:
    window, before = view.window, view.compared
    now, was = ask(latency.overall, window), ask(latency.overall, before) if before else None
    steps = ask(latency.over_time, window)
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
        _card(view, "Requests", f"{now.n if now else 0:,}", more, _series(steps, "n"), color="off")
    with right:
        _bookings_today(view)
    staff = ask_gym(today.active_staff, window.start, window.end)
    st.caption(f"Staff sessions in use: {staff}. A number from fewer than 20 is marked as thin.")


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
        label,
        value,
        delta,
        delta_color=color,
        delta_description=f"than {view.word}" if delta else None,
        chart_data=series,
        border=True,
    )


def _bookings_today(view: View) -> None:
    """Against the same weekday a week ago, up to the same time of the day."""
    zone = services().settings.zone
    now = view.window.end.astimezone(zone)
    day = now.date()
    week_ago = day.fromordinal(day.toordinal() - 7)
    minute = now.hour * 60 + now.minute
    count = ask_gym(today.bookings_on, day, zone, upto=view.window.end)
    before = ask_gym(today.bookings_on, week_ago, zone, upto=at_wall_time(week_ago, min(minute, DAY_MIN), zone))
    st.metric(
        "Bookings asked for today",
        f"{count:,}",
        f"{count - before:+}",
        delta_description=f"than last {now:%A} by {now:%H:%M}",
        border=True,
    )


def _over_time(view: View) -> None:
    steps = ask(latency.over_time, view.window)
    if not steps.num_rows:
        nothing()
        return
    deploys = ask(markers.deploys, view.window)
    picture = charts.latency(steps, view.window, scheme=view.scheme, markers=deploys)
    chart(picture, key="overview-latency", title="How long answers took")
    counted = charts.counts(steps, view.window, scheme=view.scheme)
    chart(counted, key="overview-counts", title="How many were asked for, and how many of them failed")


def _series(table: pa.Table, name: str) -> list[float] | None:
    values = [value for value in table.column(name).to_pylist() if value is not None]
    return values if len(values) > 1 else None


def _points(now: float | None, before: float | None) -> str | None:
    """ "+0.4 points"."""
    if now is None or before is None:
        return None
    return f"{(now - before) * 100:+.2f} points"


monitoring_page("Overview", draw)
