"""
Altair charts: a table in, a chart out, in the gym's colors.

Tables have a row a step and a series, some hundred at most: DuckDB has counted before. Times are the gym's
(analytics/chart_times.py). A step that is not over yet, or with fewer than 20 behind a percentile, is drawn
hollow; the tooltip says how many there were. Channels are written out (`alt.Y2("high")`): from a mere text Altair looks
through its whole schema for them, each time.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any

import altair as alt
import pyarrow as pa
from altair.utils.schemapi import disable_debug_mode

from analytics.chart_times import inline, time_axis, timed, when
from analytics.deploy_markers import Marker
from analytics.latency import THIN
from analytics.time_window import Window
from core.platform import theme
from core.platform.clock import microseconds

disable_debug_mode()  # it would check each part when it is made and with every copy; the tests check the whole

PERCENTILES = {"p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99"}
MAX_SERIES = 6  # more lines cannot be told apart
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [10, 4], [4, 2, 1, 2])
HEIGHT_PX = 240
BRUSH = "part"  # name of the selection
PADDING_PX = {"right": 44, "left": 4, "top": 4, "bottom": 4}  # the names of lines stand on the right
WORDS_APART = 0.15  # of a chart's width; a mark without a word has it in its tooltip
AT_THE_END = 5  # letters; longer names stand above the chart
Chart = alt.Chart | alt.LayerChart | alt.FacetChart


def latency(table: pa.Table, window: Window, *, scheme: str, markers: Sequence[Marker] = ()) -> Chart:
    """Line chart of latency percentiles, from latency.over_time: one line each, named at its end."""
    rows = []
    for step in _every_step(table, window):
        rows += [
            {"at_us": step["at_us"], "series": word, "value": step[name], "n": step["n"], "thin": step["thin"]}
            for name, word in PERCENTILES.items()
        ]
    return lines(rows, window, scheme=scheme, unit="ms", markers=markers)


def counts(table: pa.Table, window: Window, *, scheme: str, brush: bool = False) -> Chart:
    """Stacked columns of throughput by step, failed requests on top in red. brush: a range can be selected (BRUSH)."""
    rows = [
        {"at_us": step["at_us"], "until_us": step["until_us"], "kind": kind, "low": low, "high": high}
        | {"n": high - low, "share": _share(step)}
        for step in _every_step(table, window)
        for kind, low, high in (
            ("answered", 0, step["n"] - step["errors"]),
            ("failed", step["n"] - step["errors"], step["n"]),
        )
        if high > low
    ]
    colors = [theme.CHART_COLORS[scheme][0], theme.COLORS[scheme]["bad"]]
    chart = (
        alt.Chart(timed(rows, window, "kind", "low", "high", "n", "share"), height=HEIGHT_PX * 2 // 3)
        .mark_rect(stroke=theme.COLORS[scheme]["paper"], strokeWidth=0.5)
        .encode(
            x=time_axis(window),
            x2=alt.X2("until"),
            y=alt.Y("low:Q", title="how many", scale=alt.Scale(zero=True)),
            y2=alt.Y2("high"),
            color=alt.Color(
                "kind:N", scale=_scale(["answered", "failed"], colors), title=None, legend=alt.Legend(orient="top")
            ),
            tooltip=[
                when(),
                alt.Tooltip("kind:N"),
                alt.Tooltip("n:Q", format=","),
                alt.Tooltip("share:N", title="failed"),
            ],
        )
    )
    if brush:
        chart = chart.add_params(alt.selection_interval(name=BRUSH, encodings=["x"]))
    return themed(chart, scheme, description="How many by step of time, and how many of them failed")


def lines(
    rows: Sequence[dict[str, Any]],
    window: Window,
    *,
    scheme: str,
    unit: str,
    markers: Sequence[Marker] = (),
) -> Chart:
    """Line chart of rows (at_us, series, value, n, thin), at most six lines, each named at its end and dashed its own way."""
    names = list(dict.fromkeys(row["series"] for row in rows))[:MAX_SERIES]
    drawn = [row for row in rows if row["series"] in names]
    data = timed(drawn, window, "series", "value", "n", "thin")
    fits = all(len(name) <= AT_THE_END for name in names)
    legend = (
        None
        if fits
        else alt.Legend(orient="top", title=None, columns=2, labelLimit=280, symbolType="stroke", symbolSize=300)
    )
    base = alt.Chart().encode(
        x=time_axis(window),
        y=alt.Y("value:Q", title=unit, scale=alt.Scale(zero=True, nice=True)),
        color=alt.Color("series:N", scale=_scale(names, theme.CHART_COLORS[scheme]), legend=legend),
    )
    tooltip = [
        when(),
        alt.Tooltip("series:N"),
        alt.Tooltip("value:Q", title=unit, format=",.4~g"),
        alt.Tooltip("n:Q", format=","),
    ]
    line = base.mark_line(strokeWidth=2, interpolate="linear").encode(
        strokeDash=alt.StrokeDash("series:N", scale=_scale(names, DASHES), legend=legend)
    )
    points = base.mark_point(size=30, strokeWidth=1.5).encode(
        opacity=alt.OpacityValue(0, condition={"test": "datum.thin", "value": 1}), tooltip=tooltip
    )
    labels = [_names(drawn, names, window, scheme)] if fits else []
    chart = alt.layer(line, points, *labels, *_rules(markers, window, scheme), data=data, height=HEIGHT_PX)
    return themed(chart, scheme, description=f"{', '.join(names)} over time, in {unit}")


def columns(rows: Sequence[dict[str, Any]], window: Window, *, scheme: str, unit: str) -> Chart:
    """Column chart of rows (at_us, n), counted by step of the window."""
    steps = window.steps()
    starts = [microseconds(step) for step in steps]
    counted: Counter[int] = Counter()
    for row in rows:
        counted[max(0, bisect_right(starts, row["at_us"]) - 1)] += row["n"]
    ends = [*starts[1:], window.end_us]
    drawn = [
        {"at_us": starts[step], "until_us": ends[step], "low": 0, "high": n, "n": n}
        for step, n in sorted(counted.items())
    ]
    chart = (
        alt.Chart(timed(drawn, window, "low", "high", "n"), height=HEIGHT_PX * 2 // 3)
        .mark_rect(color=theme.CHART_COLORS[scheme][0], stroke=theme.COLORS[scheme]["paper"], strokeWidth=0.5)
        .encode(
            x=time_axis(window),
            x2=alt.X2("until"),
            y=alt.Y("low:Q", title=unit, scale=alt.Scale(zero=True)),
            y2=alt.Y2("high"),
            tooltip=[when(), alt.Tooltip("n:Q", title=unit, format=",")],
        )
    )
    return themed(chart, scheme, description=f"{unit} by step of time")


def bars(
    rows: Sequence[dict[str, Any]],
    *,
    scheme: str,
    label: str,
    value: str,
    unit: str,
    digits: str = ",.4~g",
) -> Chart:
    """Horizontal bar chart, a bar a row in their order, its value at its end."""
    are_counts = all(isinstance(row[value], int) for row in rows)
    steps = alt.Axis(tickMinStep=1) if are_counts else alt.Axis()
    base = alt.Chart(_data(rows, label, value), height=max(60, 28 * len(rows))).encode(
        y=alt.Y(f"{label}:N", sort=None, title=None, axis=alt.Axis(labelLimit=220)),
        x=alt.X(f"{value}:Q", title=unit, scale=alt.Scale(zero=True), axis=steps),
        tooltip=[alt.Tooltip(f"{label}:N"), alt.Tooltip(f"{value}:Q", title=unit, format=digits)],
    )
    numbers = base.mark_text(align="left", dx=4, color=theme.COLORS[scheme]["ink"]).encode(
        text=alt.Text(f"{value}:Q", format=digits)
    )
    return themed(
        base.mark_bar(color=theme.CHART_COLORS[scheme][0]) + numbers, scheme, description=f"{unit} by {label}"
    )


def heat(rows: Sequence[dict[str, Any]], *, scheme: str, columns: Sequence[str], x: str, y: str, value: str) -> Chart:
    """Heat map: a cell for each pair, darker for more, with its value in it. value: 0 to 1; None is left empty."""
    data = _data([row | {"n": row.get("n", 0)} for row in rows], x, y, value, "n")
    base = alt.Chart(data, height=max(80, 30 * len({row[y] for row in rows}))).encode(
        x=alt.X(f"{x}:N", sort=list(columns), title=None, axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y(f"{y}:N", title=None, axis=alt.Axis(labelLimit=160)),
        tooltip=[
            alt.Tooltip(f"{y}:N", title="who"), alt.Tooltip(f"{x}:N", title="day"),
            alt.Tooltip(f"{value}:Q", title="filled", format=".0%"), alt.Tooltip("n:Q", title="hours offered", format=",.1f"),
        ],
    )  # fmt: skip
    colors = theme.COLORS[scheme]
    cells = base.mark_rect(stroke=colors["paper"], strokeWidth=2, cornerRadius=2).encode(
        color=alt.Color(
            f"{value}:Q",
            scale=alt.Scale(domain=[0, 1], range=[colors["card"], theme.CHART_COLORS[scheme][0]]),
            legend=None,
        )
    )
    numbers = base.mark_text(fontSize=12).encode(
        text=alt.Text(f"{value}:Q", format=".0%"),
        color=alt.ColorValue(colors["ink"], condition={"test": f"datum.{value} > 0.5", "value": colors["paper"]}),
    )
    return themed(cells + numbers, scheme, description=f"{value} by {y} and {x}")


def themed(chart: Chart, scheme: str, *, description: str) -> Chart:
    """Apply the gym's theme. description: the text alternative."""
    colors = theme.COLORS[scheme]
    fit = {"autosize": {"type": "fit", "contains": "padding"}, "padding": PADDING_PX}
    drawn: Chart = (
        chart.properties(width="container", description=description, **fit).configure(
            font=theme.FONT,
            background="transparent",
            view={"stroke": None},
            title={"color": colors["navy"], "fontSize": 15, "fontWeight": 600, "anchor": "start", "offset": 10},
            axis={
                "labelColor": colors["soft"], "titleColor": colors["soft"], "gridColor": colors["line"],
                "domainColor": colors["line"], "tickColor": colors["line"], "labelFontSize": 12, "titleFontSize": 12,
                "titleFontWeight": "normal", "gridOpacity": 0.6,
            },
            legend={"labelColor": colors["ink"], "labelFontSize": 12, "symbolType": "square"},
            range={"category": list(theme.CHART_COLORS[scheme])},
        )
    )  # fmt: skip
    return drawn


def _every_step(table: pa.Table, window: Window) -> list[dict[str, Any]]:
    """A row for each step of the window, in order; a step without anything has n 0 and no percentile."""
    found = {row["step_us"]: row for row in table.to_pylist()}
    steps = [microseconds(step) for step in window.steps()]
    ends = [*steps[1:], max(window.end_us, steps[-1] + (window.step_us or 0)) if steps else 0]
    rows = []
    for at_us, until_us in zip(steps, ends, strict=True):
        row = found.get(at_us, {"n": 0, "errors": 0, **dict.fromkeys(PERCENTILES)})
        is_part = at_us < window.start_us or until_us > window.end_us
        rows.append(row | {"at_us": at_us, "until_us": until_us, "thin": row["n"] < THIN or is_part})
    return rows


def _share(step: dict[str, Any]) -> str:
    return f"{step['errors']:,} of {step['n']:,}" if step["n"] else "none"


def _scale(names: Sequence[str], values: Sequence[Any]) -> alt.Scale:
    return alt.Scale(domain=list(names), range=list(values[: len(names)]))


def _names(rows: Sequence[dict[str, Any]], names: Sequence[str], window: Window, scheme: str) -> alt.Chart:
    """Each line's name, at its end."""
    ends = {row["series"]: row for row in rows if row["value"] is not None}
    named: alt.Chart = (
        alt.Chart(timed(_apart(list(ends.values())), window, "series", "value", "place"))
        .mark_text(align="left", dx=7, fontSize=12)
        .encode(
            x=alt.X("at:T"),
            y=alt.Y("place:Q"),
            text=alt.Text("series:N"),
            color=alt.Color("series:N", scale=_scale(names, theme.CHART_COLORS[scheme]), legend=None),
        )
    )
    return named


def _apart(ends: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Positions of the lines' labels: at least a label's height apart, so that none overlap."""
    tallest = max((row["value"] for row in ends), default=1) or 1
    least, below = tallest * 0.07, None
    placed = []
    for row in sorted(ends, key=lambda row: row["value"]):
        place = row["value"] if below is None else max(row["value"], below + least)
        placed.append(row | {"place": place})
        below = place
    return placed


def _rules(markers: Sequence[Marker], window: Window, scheme: str) -> list[alt.Chart]:
    if not markers:
        return []
    rows, named_us = [], window.start_us - window.end_us
    for marker in sorted(markers, key=lambda marker: marker.at):
        at_us = max(window.start_us, microseconds(marker.at))
        has_room = at_us - named_us > WORDS_APART * (window.end_us - window.start_us)
        named_us = at_us if has_room else named_us
        rows.append({"at_us": at_us, "word": marker.word, "shown": marker.word if has_room else ""})
    base = alt.Chart(timed(rows, window, "word", "shown")).encode(
        x=alt.X("at:T"), tooltip=[alt.Tooltip("word:N"), when()]
    )
    soft = theme.COLORS[scheme]["soft"]
    return [
        base.mark_rule(color=soft, strokeDash=[3, 3]),
        base.mark_text(align="right", baseline="top", dx=-3, y=0, fontSize=11, color=soft).encode(
            text=alt.Text("shown:N")
        ),
    ]


def _data(rows: Sequence[dict[str, Any]], *names: str) -> alt.Data:
    """Those columns alone."""
    return inline([{name: row.get(name) for name in names} for row in rows])
