"""Page Errors: error groups of a range, with trend and search; or one group in full."""

from collections.abc import Sequence
from functools import partial

import pyarrow as pa
import streamlit as st

from analytics import charts
from console.monitoring.cached_queries import monitor
from console.monitoring.chart_panel import chart, exports, nothing, panel
from console.monitoring.error_group_page import STATES, show_group
from console.monitoring.page_frame import View, monitoring_page
from console.monitoring.url_state import opened, set_opened
from console.widgets.flash import show_messages
from console.widgets.markdown import inert
from core.platform.clock import microseconds
from core.platform.number_parsing import whole_number
from core.telemetry import error_queries
from core.telemetry.error_queries import ErrorGroup

GROUP = "group"
SHOWN = {"not solved": error_queries.UNSOLVED, "ignored": ("ignored",), "resolved": ("resolved",), "all": ()}
LEVELS = ["every level", "CRITICAL", "ERROR", "WARNING"]


def draw(view: View) -> None:
    show_messages()
    if (group_id := _open_group()) is not None:
        st.button("All errors", on_click=_open, args=(None,))
        panel(partial(show_group, group_id, view))
        return
    panel(partial(_list, view))


def _list(view: View) -> None:
    left, middle, right = st.columns([2, 1, 2], vertical_alignment="bottom")
    shown = left.segmented_control(
        "Show", list(SHOWN), default="not solved", required=True, key="state", bind="query-params", wrap=True
    )
    level = middle.selectbox("Level", LEVELS, key="level", bind="query-params")
    text = right.text_input("Search", placeholder="A word of the error, or a module", key="q", bind="query-params")
    store = monitor().store
    end = view.until()
    if (counted := error_queries.counted_from(store)) is None or view.window.start < counted:
        st.caption("This range is counted by whole hours: single moments are kept for a month.")
    trend = error_queries.trend(store, None, start=view.window.start, end=end)
    if trend:
        hours = [{"at_us": microseconds(at), "n": n} for at, n in trend]
        picture = charts.columns(hours, view.window, scheme=view.scheme, unit="errors")
        chart(picture, key="errors-trend", title="All errors of this range")
    groups = error_queries.list_groups(
        store,
        start=view.window.start,
        end=end,
        states=SHOWN[shown or "all"],
        level=level if level in LEVELS[1:] else None,
        search=text,
    )
    if not groups:
        nothing("Nothing went wrong in this range." if not text and shown == "not solved" else "Nothing was found.")
        return
    for group in groups:
        _line(group, view)
    exports(pa.Table.from_pylist(_exported(groups)), name="errors", key="errors-export")


def _line(group: ErrorGroup, view: View) -> None:
    color, word = STATES[group.state]
    last = group.last_seen_at.astimezone(view.window.zone)
    met = f", {group.people:,} people" if group.people else ""
    with st.container(border=True, key=f"group-{group.id}"):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.markdown(f":{color}-badge[{word}] {inert(group.level.lower())}")
        left.text(f"{group.title}\n{group.culprit}")
        left.caption(
            f"{group.count_in_range:,} times in this range of {group.count:,}{met}; last {last:%b} {last.day}, {last:%H:%M}"
        )
        right.button(
            "Open", key=f"open-{group.id}", on_click=_open, args=(group.id,), width="stretch", help=inert(group.title)
        )


def _exported(groups: Sequence[ErrorGroup]) -> list[dict[str, object]]:
    return [
        {
            "title": group.title, "culprit": group.culprit, "level": group.level, "state": group.state,
            "count_in_range": group.count_in_range, "count": group.count, "people": group.people,
            "first_seen_at": group.first_seen_at, "last_seen_at": group.last_seen_at, "release": group.last_release,
        }
        for group in groups
    ]  # fmt: skip


def _open_group() -> int | None:
    """The id of the open group; None in the list."""
    return whole_number(opened(GROUP), least=1)


def _open(group_id: int | None) -> None:
    set_opened(GROUP, "" if group_id is None else str(group_id))


monitoring_page("Errors", draw, compares=False)
