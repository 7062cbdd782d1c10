"""One error group in full: counts, trend, actions, state changes, and its recorded events with stack and breadcrumbs."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from analytics import charts
from console.monitoring.cached_queries import monitor
from console.monitoring.chart_panel import chart
from console.monitoring.navigation import MONITOR
from console.monitoring.page_frame import View
from console.widgets.acting import run_as
from console.widgets.flash import add_error
from console.widgets.markdown import inert
from console.widgets.session import Staff, admins_only, services, signed_in
from core.errors import SpiritError
from core.people.models import Account
from core.platform import clock
from core.platform.actor import Actor
from core.platform.clock import microseconds
from core.telemetry import error_queries
from core.telemetry.error_groups import IGNORED, RESOLVED
from core.telemetry.error_queries import Change, ErrorEvent, ErrorGroup
from core.wording import spoken_instant

STATES = {
    "open": ("red", "open"),
    "regressed": ("red", "back again"),
    "ignored": ("gray", "ignored for now"),
    "resolved": ("green", "resolved"),
}


def show_group(group_id: int, view: View) -> None:
    """Draw an error group. Raises NotFound where there is none."""
    store = monitor().store
    group = error_queries.get_group(store, group_id)
    color, word = STATES[group.state]
    st.header(inert(group.title), anchor=False)
    st.markdown(f":{color}-badge[{word}] {inert(group.level.lower())}, at {inert(group.culprit)}")
    st.text(_facts(group))
    _what_can_be_done(group)
    hours = error_queries.trend(store, group_id, start=view.window.start, end=view.until())
    if hours:
        rows = [{"at_us": microseconds(at), "n": count} for at, count in hours]
        picture = charts.columns(rows, view.window, scheme=view.scheme, unit="times")
        chart(picture, key="group-trend", title="How often in this range")
    _changes(error_queries.list_changes(store, group_id))
    _events(error_queries.list_events(store, group_id))


def _facts(group: ErrorGroup) -> str:
    zone = services().settings.zone
    people = f", {group.people:,} people met it" if group.people else ""
    lines = [
        f"{group.count:,} times{people}",
        f"First {spoken_instant(group.first_seen_at, zone)}, in {group.first_release or 'an unknown release'}",
        f"Last {spoken_instant(group.last_seen_at, zone)}, in {group.last_release or 'an unknown release'}",
    ]
    if group.resolved_at is not None:
        lines.append(f"Resolved {spoken_instant(group.resolved_at, zone)} in {group.resolved_in}")
    if group.state == IGNORED:
        until = [
            *([spoken_instant(group.ignored_until_at, zone)] if group.ignored_until_at else []),
            *([f"{group.ignored_until_count:,} times"] if group.ignored_until_count else []),
            *([f"{group.ignored_until_people:,} people"] if group.ignored_until_people else []),
        ]
        lines.append(f"Ignored until {' or '.join(until)}")
    return "\n".join(lines)


def _what_can_be_done(group: ErrorGroup) -> None:
    staff = signed_in()
    row = st.container(horizontal=True)
    if group.state != RESOLVED:
        row.button(
            "Resolve",
            type="primary",
            on_click=_resolve,
            args=(staff, group.id),
            help="It is mended, in the release that runs now. It comes back if it happens again.",
        )
        with row.popover("Ignore until"):
            _ignore(group.id, staff)
    if group.state in (RESOLVED, IGNORED):
        row.button("Open again", on_click=_reopen, args=(staff, group.id))


def _ignore(group_id: int, staff: Staff) -> None:
    with st.form(f"ignore-{group_id}", border=False):
        days = st.number_input("So many days are over", 0, 365, 7, key=f"days-{group_id}")
        more = st.number_input("It happened so many more times", 0, 1_000_000, 0, key=f"more-{group_id}")
        people = st.number_input("So many more people met it", 0, 1_000_000, 0, key=f"people-{group_id}")
        st.caption("Whichever comes first. Leave what should not count at 0.")
        if st.form_submit_button("Ignore until then"):
            until = clock.now() + timedelta(days=int(days)) if days else None
            store, now = monitor().store, clock.now()
            _act(
                staff,
                lambda by: error_queries.ignore(
                    store,
                    group_id,
                    by=by,
                    until=until,
                    more=int(more) or None,
                    more_people=int(people) or None,
                    now=now,
                ),
            )
            st.rerun()


def _resolve(shown_to: Staff, group_id: int) -> None:
    store, now = monitor().store, clock.now()
    _act(shown_to, lambda by: error_queries.resolve(store, group_id, by=by, now=now))


def _reopen(shown_to: Staff, group_id: int) -> None:
    store, now = monitor().store, clock.now()
    _act(shown_to, lambda by: error_queries.reopen(store, group_id, by=by, now=now))


def _act(shown_to: Staff, command: Callable[[Actor], object]) -> None:
    """The command, by the admin to whom it was shown. What the rules refuse is said."""
    try:
        admins_only(shown_to, MONITOR)
        run_as(shown_to, command)
    except SpiritError as error:
        add_error(error)


def _changes(changes: Sequence[Change]) -> None:
    if len(changes) < 2:
        return
    st.header("What became of it", anchor=False)
    zone = services().settings.zone
    with services().database.read() as session:
        names = {change.by: session.get_one(Account, change.by).name for change in changes if change.by}
    for change in changes:
        by = f" by {names[change.by]}" if change.by else ""
        st.text(f"{spoken_instant(change.at, zone)}: {STATES[change.state][1]}{by}, {change.release}")


def _events(events: Sequence[ErrorEvent]) -> None:
    if not events:
        st.info("No story of it is kept any more. The counts stay.")
        return
    st.header("One of its stories", anchor=False)
    zone = services().settings.zone
    picked = st.selectbox(
        "Which",
        range(len(events)),
        format_func=lambda index: (
            f"{_when(events[index].at.astimezone(zone))}, {events[index].service} {events[index].route}"
        ),
    )
    event = events[picked or 0]
    st.text(event.message)
    st.caption(inert(f"Release {event.release or 'unknown'}, request {event.request_id or 'none'}"))
    for exception in event.body.get("exceptions", []):
        _exception(exception)
    _trail(event.body)


def _exception(exception: dict[str, Any]) -> None:
    st.markdown(f"**{inert(exception['type'])}** {inert(exception['text'])}")
    frames = exception["frames"]
    own = [frame for frame in frames if frame["own"]]
    for frame in reversed(frames):
        label = f"{frame['module']} {frame['function']}, line {frame['line']}"
        with st.expander(inert(label), expanded=bool(own) and frame is own[-1]):
            _source(frame)
            if frame["locals"]:
                st.dataframe(
                    [
                        {"name": name, "type": kind, "value": value or "not kept"}
                        for name, kind, value in frame["locals"]
                    ],
                    hide_index=True,
                )


def _source(frame: dict[str, Any]) -> None:
    lines = [
        f"{'>' if number == frame['line'] else ' '} {number:4} {text}"
        for number, text in enumerate(frame["source"], frame["first"])
    ]
    if lines:
        st.code("\n".join(lines), language=None)
    else:
        st.caption("A library’s; its lines are not kept.")


def _trail(body: dict[str, Any]) -> None:
    if trail := body.get("trail"):
        st.markdown("**What led to it**")
        st.code(
            "\n".join(f"{after_us / 1000:8.1f} ms  {kind}  {text}" for after_us, kind, text in trail), language=None
        )
    if log_fields := body.get("log"):
        st.markdown("**What was said with it**")
        st.json(log_fields)


def _when(at: datetime) -> str:
    return f"{at:%b} {at.day}, {at:%H:%M:%S}"
