"""Trace of one request by its id: statements, mails, tasks and errors, in order of time."""

import streamlit as st

from analytics import request_rows
from console.monitoring.cached_queries import cached, monitor
from console.monitoring.chart_panel import exports, ms, nothing
from console.monitoring.navigation import FOLDER
from console.monitoring.url_state import opened, set_opened
from console.widgets.markdown import inert
from console.widgets.session import services
from core.platform.clock import instant
from core.platform.number_parsing import whole_number
from core.telemetry import error_queries

CHOSEN, AT = "request", "at"
MAX_AT_US = 10**16  # in the year 2286: what a date can hold


def show_trace(request_id: str, at_us: int) -> None:
    """Draw the trace of a request. at_us: roughly when it ran, epoch microseconds; narrows the search."""
    st.header("One request", anchor=False)
    steps = cached(request_rows.story, request_id, around_us=at_us)
    if not steps.num_rows:
        nothing("Its rows are not kept any more: requests stay for 90 days, then only their histograms.")
        return
    st.caption(inert(request_id))
    zone = services().settings.zone
    first_us = steps.column("at_us")[0].as_py()
    for row in steps.to_pylist():
        after = f"+{(row['at_us'] - first_us) / 1000:,.0f} ms"
        clock = (
            instant(row["at_us"]).astimezone(zone).strftime("%b %d, %H:%M:%S") if row["at_us"] == first_us else after
        )
        took = f", {ms(row['ms'])}" if row["ms"] is not None else ""
        with st.container(border=True):
            st.text(f"{clock}  {row['service']}  {row['what']}: {row['name']}\n{row['detail']}{took}")
    for event in error_queries.list_events_of_request(monitor().store, request_id):
        st.page_link(
            FOLDER / "errors.py",
            label=inert(f"What went wrong: {event.message}"),
            query_params={"group": str(event.group_id)},
        )
    exports(steps, name=f"request-{request_id[:12]}", key="story")


def remember(request_id: str, at_us: int) -> None:
    """Open a request's trace on this page, and in its address, so that it can be sent to a colleague."""
    set_opened(CHOSEN, request_id)
    set_opened(AT, str(at_us))


def remembered() -> tuple[str, int] | None:
    """The open request: its id, and roughly when it ran in epoch microseconds; None where none is open."""
    request_id, at = opened(CHOSEN), opened(AT)
    at_us = whole_number(at, most=MAX_AT_US)
    return (request_id, at_us) if request_id and at_us is not None else None


def forget() -> None:
    """Close the open trace."""
    for name in (CHOSEN, AT):
        set_opened(name, "")
