"""Page Database: its share of response time, load by route, slow statements, repeated statements (N+1)."""

from functools import partial
from typing import Any

import pyarrow as pa
import streamlit as st

from analytics import charts, database_load, overview
from analytics.latency import Scope
from console.monitoring.cached_queries import cached
from console.monitoring.chart_panel import chart, exports, ms, nothing, panel
from console.monitoring.page_frame import View, monitoring_page
from console.monitoring.request_trace import forget, remember, remembered, show_trace
from console.monitoring.traffic_filter import chosen_category
from console.widgets.markdown import inert
from core.platform.clock import instant

KINDS = {
    "slow": ("Slow statements", "100 ms or more. A value is never kept, only the statement's shape."),
    "repeated": ("Statements that ran again and again", "The same shape ten times or more in one request."),
}
MAX_STATEMENT_LENGTH = 2_000
HOW_MANY = {"slow": "how often", "repeated": "requests"}
PAGES, WORKER = "requests and pages", "the worker"
WHOSE = (PAGES, WORKER)
OF = {"http": "requests", "script": "console pages", "task": "tasks"}


def draw(view: View) -> None:
    scope = Scope(category=chosen_category())
    panel(partial(_over_time, view, scope))
    panel(partial(_by_route, view))
    of_worker = (
        st.segmented_control("Statements of", list(WHOSE), default=PAGES, required=True, key="statements_of") == WORKER
    )
    for kind in KINDS:
        panel(partial(_statements, view, kind, of_worker=of_worker))
    if (open_request := remembered()) is not None:
        panel(partial(show_trace, *open_request))
        st.button("Close this request", on_click=forget)


def _over_time(view: View, scope: Scope) -> None:
    steps = cached(overview.database_over_time, view.window, scope)
    if not steps.num_rows:
        nothing()
        return
    rows = [
        {"at_us": row["step_us"], "series": word, "value": row[name], "n": row["n"], "thin": row["n"] < 20}
        for row in steps.to_pylist()
        for name, word in (("all_ms", "whole answer"), ("db_ms", "in the database"))
    ]
    picture = charts.lines(rows, view.window, scheme=view.scheme, unit="ms each, on average")
    chart(picture, key="database-time", title="How much of an answer’s time goes to the database")


def _by_route(view: View) -> None:
    table = cached(database_load.by_route, view.window)
    if not table.num_rows:
        return
    st.header("Who keeps it busy", anchor=False)
    rows = [
        {
            "route": row["route"],
            "service": row["service"],
            "of": OF[row["kind"]],
            "how many": row["n"],
            "statements each": round(row["statements_each"], 1),
            "database each": ms(row["db_ms_each"]),
            "database in all": ms(row["db_ms"]),
        }
        for row in table.to_pylist()
    ]
    st.dataframe(rows, hide_index=True, width="stretch", height=min(320, 36 * (len(rows) + 1)))
    exports(table, name="database-by-route", key="database-routes")


def _statements(view: View, kind: str, *, of_worker: bool) -> None:
    title, words = KINDS[kind]
    table = cached(database_load.statements, view.window, kind, of_worker=of_worker)
    st.header(title, anchor=False)
    st.caption(words)
    if not table.num_rows:
        nothing("None in this range.")
        return
    rows = [_line(row, kind) for row in table.to_pylist()]
    chosen = st.dataframe(
        rows, hide_index=True, width="stretch", height=min(320, 36 * (len(rows) + 1)), key=f"statements-{kind}",
        on_select="rerun", selection_mode="single-row",
    )  # fmt: skip
    exports(table, name=f"{kind}-statements", key=f"statements-{kind}-export")
    picked = chosen.get("selection", {}).get("rows", [])
    if picked and picked[0] < len(rows):
        _one(table.slice(picked[0], 1), view)


def _line(row: dict[str, Any], kind: str) -> dict[str, object]:
    line = {"statement": str(row["shape"])[:160], "asked by": row["place"], HOW_MANY[kind]: row["n"]}
    if kind == "repeated":
        return line | {
            "times in all": row["times"],
            "most times in one": row["most_times"],
            "in all": ms(row["total_ms"]),
            "last on": row["last_route"],
        }
    return line | {
        "half within": ms(row["p50_ms"], n=row["n"]),
        "slowest": ms(row["max_ms"]),
        "in all": ms(row["total_ms"]),
    }


def _one(table: pa.Table, view: View) -> None:
    row = table.to_pylist()[0]
    st.code(row["shape"][:MAX_STATEMENT_LENGTH], language=None, wrap_lines=True)
    last = instant(row["last_us"]).astimezone(view.window.zone)
    st.caption(inert(f"Asked by {row['place']}; last on {row['last_route']}, {last:%b %d, %H:%M:%S}."))
    if row["last_request_id"]:
        st.button(
            "See that request",
            on_click=remember,
            args=(row["last_request_id"], row["last_us"]),
            key=f"see-{row['last_us']}",
        )


monitoring_page("Database", draw, compares=False)
