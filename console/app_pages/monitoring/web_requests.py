"""Page Web requests: latency percentiles and error rate by route; a brushed interval, its rows, one request's trace."""

from dataclasses import replace
from functools import partial

import pyarrow as pa
import streamlit as st

from analytics import chart_times, charts, deploy_markers, latency, request_rows
from analytics.latency import RouteLatency, Scope
from analytics.time_window import Window
from console.monitoring.cached_queries import cached
from console.monitoring.chart_panel import brushed, cached_chart, chart, exports, ms, nothing, panel, share
from console.monitoring.page_frame import View, fix_window, monitoring_page, zoom
from console.monitoring.request_trace import forget, remember, remembered, show_trace
from console.monitoring.traffic_filter import chosen_category
from console.widgets.markdown import inert
from core.platform.clock import instant

KINDS = {"requests": "http", "console pages": "script"}  # an address says what the page says
WORDS = {kind: word for word, kind in KINDS.items()}
EVERY, PICKED = "every route", "picked_request"


def draw(view: View) -> None:
    scope = _scope(view)
    panel(partial(_charts, view, scope))
    panel(partial(_routes, view, scope))


def _scope(view: View) -> Scope:
    """The scope from the controls: a kind of request, then a service and route of it."""
    left, middle, right = st.columns([1, 1, 2])
    word = left.segmented_control("Of", list(KINDS), default="requests", required=True, key="kind", bind="query-params")
    kind = KINDS[word or "requests"]
    of_kind = Scope(kind=kind, category=chosen_category(middle) if kind == "http" else "")
    routes = [f"{row.service} {row.route}" for row in cached(latency.by_route, view.window, of_kind)]
    linked = st.query_params.get("route", EVERY)
    options = [EVERY, *sorted({*routes, *([linked] if linked != EVERY else [])})]
    chosen = right.selectbox("Route", options, key="route", bind="query-params")
    if chosen in (None, EVERY):
        return of_kind
    service, _, route = chosen.partition(" ")
    return replace(of_kind, service=service, route=route)


def _charts(view: View, scope: Scope) -> None:
    window = view.window
    steps = cached(latency.over_time, window, scope)
    if not steps.num_rows:
        nothing()
    else:
        _verdict(view, scope)
        picture = cached_chart(_latency, window, scope, scheme=view.scheme)
        chart(picture, key="latency", title="How long answers took")
        part = brushed(
            cached_chart(_counts, window, scope, scheme=view.scheme),
            key=f"counts-{scope}-{st.session_state.get('range')}",
            title="How many; drag over a part to see its rows",
            name=charts.BRUSH,
        )
        fix_window(part is not None)
        if part is not None:
            start_us, end_us = chart_times.instants(part, window.zone)
            _rows(Window(instant(start_us), instant(end_us), window.zone), scope)
    if (open_request := remembered()) is not None:
        show_trace(*open_request)
        st.button("Close this request", on_click=forget)


def _latency(window: Window, scope: Scope, scheme: str) -> charts.Chart:
    deploys = cached(deploy_markers.deploys, window)
    return charts.latency(cached(latency.over_time, window, scope), window, scheme=scheme, markers=deploys)


def _counts(window: Window, scope: Scope, scheme: str) -> charts.Chart:
    return charts.counts(cached(latency.over_time, window, scope), window, scheme=scheme, brush=True)


def _verdict(view: View, scope: Scope) -> None:
    """The percentiles and the error rate in a sentence, and those of the window to compare with."""
    now = cached(latency.overall, view.window, scope)
    if now is None:
        return
    sentence = f"**{now.n:,}** {WORDS[scope.kind]}: half within **{ms(now.p50_ms, n=now.n)}**, 95 of 100 within **{ms(now.p95_ms, n=now.n)}**, "
    sentence += (
        f"99 of 100 within **{ms(now.p99_ms, n=now.n)}**, the slowest {ms(now.max_ms)}; {share(now.error_rate)} failed."
    )
    st.markdown(sentence)
    before = cached(latency.overall, view.compared, scope) if view.compared else None
    if view.compared:
        st.caption(
            f"{inert(view.word.capitalize())}: {before.n:,}, half within {ms(before.p50_ms, n=before.n)}, 95 of 100 within "
            f"{ms(before.p95_ms, n=before.n)}; {share(before.error_rate)} failed."
            if before
            else f"{inert(view.word.capitalize())}: nothing was recorded."
        )


def _rows(part: Window, scope: Scope) -> None:
    start, end = part.start.astimezone(part.zone), part.end.astimezone(part.zone)
    st.header(f"{start:%b %d, %H:%M:%S} to {end:%b %d, %H:%M:%S}", anchor=False)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    order = (
        left.segmented_control("First the", list(request_rows.ORDERS), default="slowest", required=True, key="order")
        or "slowest"
    )
    failed = left.toggle("Only those that failed", key="failed")
    right.button("Look closer", on_click=zoom, args=(part.start, part.end), help="This part becomes the range.")
    result = cached(request_rows.rows, part, scope, failed_only=failed, order=order)
    if not result.n:
        nothing("No row is kept of this part. Rows stay for 90 days; before that only histograms do.")
        return
    shown = result.table.num_rows
    st.markdown(f"**{result.n:,} rows**" + (f", the {shown} {inert(order)} of them:" if shown < result.n else ":"))
    chosen = st.dataframe(
        _for_people(result.table, part),
        hide_index=True,
        height=320,
        key="rows",
        on_select="rerun",
        selection_mode="single-row",
    )
    exports(result.table, name="requests", key="rows-export")
    picked = chosen.get("selection", {}).get("rows", [])
    if picked and picked[0] < shown:
        row = result.table.slice(picked[0], 1).to_pylist()[0]
        if st.session_state.get(PICKED) != row["request_id"]:  # once, so that it can be closed
            st.session_state[PICKED] = row["request_id"]
            remember(row["request_id"], row["at_us"])


def _for_people(table: pa.Table, window: Window) -> list[dict[str, object]]:
    return [
        {
            "at": instant(row["at_us"]).astimezone(window.zone).strftime("%b %d, %H:%M:%S"),
            "route": f"{row['method']} {row['route']}".strip(),
            "status": row["status"] or row["outcome"],
            "took (ms)": round(row["ms"], 1),
            "database (ms)": round(row["db_ms"], 1),
            "statements": row["statements"],
            "service": row["service"],
            "request": row["request_id"],
        }
        for row in table.to_pylist()
    ]


def _routes(view: View, scope: Scope) -> None:
    every = replace(scope, service="", route="")
    latencies = cached(latency.by_route, view.window, every)
    if not latencies:
        return
    before = (
        {(row.service, row.route): row for row in cached(latency.by_route, view.compared, every)}
        if view.compared
        else {}
    )
    st.header("By route, the slowest first", anchor=False)
    rows = [_route_line(row, before.get((row.service, row.route)), view) for row in latencies]
    st.dataframe(rows, hide_index=True, width="stretch")
    exports(pa.Table.from_pylist([_exported(row) for row in latencies]), name="routes", key="routes-export")


def _route_line(row: RouteLatency, before: RouteLatency | None, view: View) -> dict[str, object]:
    line: dict[str, object] = {
        "route": row.route,
        "service": row.service,
        "how many": row.n,
        "failed": share(row.error_rate),
        "p50": ms(row.p50_ms, n=row.n),
        "p95": ms(row.p95_ms, n=row.n),
        "p99": ms(row.p99_ms, n=row.n),
        "slowest": ms(row.max_ms),
    }
    if view.compared:
        line[f"p95 {view.word}"] = ms(before.p95_ms, n=before.n) if before else "–"
    return line


def _exported(row: RouteLatency) -> dict[str, object]:
    return {
        "service": row.service, "route": row.route, "n": row.n, "errors": row.errors, "p50_ms": row.p50_ms,
        "p95_ms": row.p95_ms, "p99_ms": row.p99_ms, "max_ms": row.max_ms,
    }  # fmt: skip


monitoring_page("Web requests", draw)
