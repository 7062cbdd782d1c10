"""Page Explorer: ad-hoc query of a measure with a split, a filter, a range and a chart type; saved views."""

from functools import partial
from typing import Any

import pyarrow as pa
import streamlit as st

from analytics import charts, explorer
from analytics.explorer import CATALOGUE, WHOLE, Question
from analytics.latency import THIN
from console.monitoring.cached_queries import cached
from console.monitoring.chart_panel import chart, exports, nothing, panel
from console.monitoring.page_frame import View, monitoring_page
from console.monitoring.saved_views import saved_views
from console.widgets.flash import show_messages
from console.widgets.markdown import inert
from core.platform.clock import instant

LINES, BARS, TABLE = "lines", "bars", "table"
NOTHING = "nothing"
MAX_LISTED = 400
Row = dict[str, Any]
KEYS = {measure.label: key for key, measure in CATALOGUE.items()}  # an address says what the page says


def draw(view: View) -> None:
    show_messages()
    question = _question(view)
    kind = (
        st.segmented_control(
            "As",
            (LINES, BARS, TABLE),
            default=LINES,
            required=True,
            key="chart",
            bind="query-params",
            persist_state="page",
        )
        or LINES
    )
    panel(partial(_answer, view, question, kind))
    chosen = {"measure": question.about.label, "split": question.split or NOTHING, "chart": kind}
    if question.only is not None:
        chosen |= {"only": question.only[0], "value": question.only[1]}
    saved_views("explorer", chosen)


def _question(view: View) -> Question:
    """The query from the controls; parameters of the address that the catalogue does not know are left out."""
    left, middle, right, last = st.columns(4)
    label = left.selectbox(
        "Measure", list(KEYS), index=list(KEYS).index(CATALOGUE["p95"].label), key="measure", bind="query-params"
    )
    measure = KEYS.get(label or "", "p95")
    splits = list(CATALOGUE[measure].splits)
    split = middle.selectbox("Split by", [NOTHING, *splits], key="split", bind="query-params")
    only = right.selectbox("Only one", [NOTHING, *splits], key="only", bind="query-params")
    if only in (None, NOTHING):
        return Question(measure, "" if split in (None, NOTHING) else split)
    values = cached(explorer.choices, view.window, measure, only)
    linked = st.query_params.get("value", "")
    value = last.selectbox(
        "Which", list(dict.fromkeys([*([linked] if linked else []), *values])), key="value", bind="query-params"
    )
    return Question(measure, "" if split in (None, NOTHING) else split, (only, value) if value else None)


def _answer(view: View, question: Question, kind: str) -> None:
    about = question.about
    table = cached(explorer.whole if kind == BARS else explorer.over_time, view.window, question)
    if not table.num_rows:
        nothing()
        return
    title = f"{about.label}{f', by {question.split}' if question.split else ''}{f', only {question.only[1]}' if question.only else ''}"
    rows = table.to_pylist()
    if kind == BARS:
        bars = [{"part": row["series"], "value": row["value"]} for row in rows]
        chart(
            charts.bars(bars, scheme=view.scheme, label="part", value="value", unit=about.unit),
            key="explorer-bars",
            title=title,
        )
    elif kind == LINES:
        picture = charts.lines(_lines(rows, view, question), view.window, scheme=view.scheme, unit=about.unit)
        chart(picture, key="explorer-lines", title=title)
    else:
        st.markdown(f"**{inert(title)}**")
        st.dataframe(_listed(rows, view, about.unit), hide_index=True, width="stretch")
    if about.is_of_many and any(row["n"] < THIN for row in rows):
        st.caption(f"Hollow, or marked as thin: fewer than {THIN} stand behind it.")
    exports(_with_times(table, view), name=f"explorer-{question.measure}", key="explorer-export")


def _lines(rows: list[Row], view: View, question: Question) -> list[Row]:
    """Chart rows, the largest series first; a step without a row is 0 for a count, a gap for a percentile."""
    row_at = {(row["step_us"], row["series"]): row for row in rows}
    names = sorted({str(row["series"]) for row in rows}, key=lambda name: (name == "other", -_sum(rows, name)))
    empty = None if question.about.is_of_many or question.about.source == "metric_log" else 0
    return [
        {
            "at_us": step,
            "series": name or "none",
            "value": row["value"] if row else empty,
            "n": row["n"] if row else 0,
            "thin": row is not None and question.about.is_of_many and row["n"] < THIN,
        }
        for step in view.window.step_table().column("step_us").to_pylist()
        for name in names
        for row in [row_at.get((step, name))]
    ]


def _sum(rows: list[Row], name: str) -> int:
    return sum(row["n"] for row in rows if row["series"] == name)


def _listed(rows: list[Row], view: View, unit: str) -> list[Row]:
    return [
        {
            "from": f"{instant(row['step_us']).astimezone(view.window.zone):%Y-%m-%d %H:%M}",
            "part": row["series"],
            unit: row["value"],
            "of how many": row["n"],
        }
        for row in rows[:MAX_LISTED]
    ]


def _with_times(table: pa.Table, view: View) -> pa.Table:
    times = [
        instant(at_us).astimezone(view.window.zone).isoformat() if at_us else WHOLE
        for at_us in table.column("step_us").to_pylist()
    ]
    return table.append_column("from", pa.array(times, type=pa.string()))


monitoring_page("Explorer", draw, compares=False)
