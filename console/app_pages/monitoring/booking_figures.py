"""Page Booking figures: the booking funnel, outcomes over time, answer times, fill rate, attendance."""

from functools import partial
from typing import Any, Literal

import pyarrow as pa
import streamlit as st

from analytics import bookings, charts, latency
from analytics.bookings import FORM, WEEK, WEEKDAYS, Asked
from analytics.latency import FAMILIES, THIN
from console.monitoring.cached_queries import cached, cached_gym
from console.monitoring.chart_panel import change, chart, exports, nothing, panel, rate, share, waiting_time
from console.monitoring.page_frame import View, monitoring_page
from console.widgets.markdown import inert

BECAME = ("approved", "denied", "expired", "cancelled", "waiting")
MAX_COACHES = 25
Counts = dict[str, Any]


def draw(view: View) -> None:
    panel(partial(_asked, view))
    panel(partial(_fill, view))
    panel(partial(_taught, view))


def _asked(view: View) -> None:
    figures: Asked = cached_gym(bookings.asked, view.window, now=view.window.end)
    if not figures.all:
        nothing("Nobody asked for a lesson in this range.")
        return
    before = cached_gym(bookings.asked, view.compared, now=view.window.end).all if view.compared else {}
    _cards(view, figures.all, before)
    chart(
        charts.bars(
            _funnel(view, figures.all), scheme=view.scheme, label="step", value="n", unit="how many", digits=","
        ),
        key="funnel",
        title="From a look at the free times to a lesson",
    )
    st.caption(
        "Looks are pages that families were shown, so one may look often; search engines and previews are not counted. Lessons taught are those whose time has come."
    )
    chart(
        charts.lines(_became(figures, view), view.window, scheme=view.scheme, unit="requests"),
        key="became",
        title="What became of the requests, by when they were made",
    )
    st.header("Who answers how soon", anchor=False)
    st.dataframe([_coach_line(row) for row in figures.by_coach.to_pylist()], hide_index=True, width="stretch")
    exports(figures.by_coach, name="answers-by-coach", key="answers")


def _cards(view: View, now: Counts, before: Counts) -> None:
    cards: tuple[tuple[str, str, str | None, Literal["normal", "inverse"]], ...] = (
        ("Requests", f"{now['requests']:,}", change(now["requests"], before.get("requests")), "normal"),
        ("Half are answered within", waiting_time(now["answer_p50_min"], n=now["answered"]),
         change(now["answer_p50_min"], before.get("answer_p50_min")), "inverse"),
        ("Expired without an answer", share(rate(now["expired"], now["asked"])),
         change(rate(now["expired"], now["asked"]), rate(before.get("expired", 0), before.get("asked", 0))), "inverse"),
        ("Cancelled", share(rate(now["cancelled"], now["requests"])),
         change(rate(now["cancelled"], now["requests"]), rate(before.get("cancelled", 0), before.get("requests", 0))), "inverse"),
    )  # fmt: skip
    columns = st.columns(2)
    for number, (label, value, delta, color) in enumerate(cards):
        columns[number % 2].metric(
            inert(label),
            value,
            delta,
            delta_color=color,
            delta_description=f"than {view.word}" if delta else None,
            border=True,
        )


def _funnel(view: View, now: Counts) -> list[dict[str, object]]:
    seen = {row.route: row.n for row in cached(latency.by_route, view.window, FAMILIES)}
    steps = (
        ("looked at free times", seen.get(WEEK, 0)),
        ("opened the form", seen.get(FORM, 0)),
        ("asked", now["requests"]),
        ("approved", now["approved"]),
        ("taught", now["taught"]),
    )
    return [{"step": word, "n": n} for word, n in steps]


def _became(figures: Asked, view: View) -> list[dict[str, object]]:
    counted = {(row["step_us"], row["became"]): row["n"] for row in figures.over_time.to_pylist()}
    there = [word for word in BECAME if any(word == became for _, became in counted)]
    return [
        {"at_us": step, "series": word, "value": n, "n": n, "thin": False}
        for step in view.window.step_table().column("step_us").to_pylist()
        for word in there
        for n in [counted.get((step, word), 0)]
    ]


def _coach_line(row: Counts) -> dict[str, object]:
    return {
        "coach": row["coach"],
        "requests": row["requests"],
        "had to be asked": row["asked"],
        "half answered within": waiting_time(row["answer_p50_min"], n=row["answered"]),
        "95 of 100 within": waiting_time(row["answer_p95_min"], n=row["answered"]),
        "expired": share(rate(row["expired"], row["asked"])),
        "denied": share(rate(row["denied"], row["asked"])),
        "cancelled": share(rate(row["cancelled"], row["requests"])),
    }


def _fill(view: View) -> None:
    figures = cached_gym(bookings.fill, view.window)
    if not figures:
        return
    st.header("How full the offered hours are", anchor=False)
    names = list(dict.fromkeys(cell.coach for cell in figures))
    rows = [
        {"coach": cell.coach, "day": WEEKDAYS[cell.weekday], "filled": cell.share, "n": cell.offered_h}
        for cell in figures
    ]
    if len(names) > MAX_COACHES:
        st.caption(f"The first {MAX_COACHES} of {len(names)} coaches; all of them in the export.")
    shown = [row for row in rows if row["coach"] in names[:MAX_COACHES]]
    picture = charts.heat(shown, scheme=view.scheme, columns=WEEKDAYS, x="day", y="coach", value="filled")
    chart(picture, key="fill", title="Hours booked of hours offered, by coach and weekday")
    st.caption("Offered are the hours as they are set now, single days included; what a week was before is not kept.")
    exports(pa.Table.from_pylist(rows), name="fill", key="fill-export")


def _taught(view: View) -> None:
    figures = cached_gym(bookings.taught, view.window, now=view.window.end)
    rows = figures.to_pylist()
    if not rows:
        return
    st.header("Whether they came", anchor=False)
    lessons, noted, missed = (sum(row[name] for row in rows) for name in ("lessons", "noted", "no_shows"))
    late = sum(row["cancelled_late"] for row in rows)
    thin = " (thin)" if noted < THIN else ""
    st.markdown(
        f"**{lessons:,}** lessons, of {noted:,} somebody noted whether they came: **{share(rate(missed, noted))}**{thin} did not. "
        f"**{late:,}** were cancelled late."
    )
    st.dataframe(
        [
            {
                "coach": row["coach"],
                "lessons": row["lessons"],
                "noted": row["noted"],
                "did not come": row["no_shows"],
                "cancelled": row["cancelled"],
                "of them late": row["cancelled_late"],
            }
            for row in rows
        ],
        hide_index=True,
        width="stretch",
    )
    exports(figures, name="lessons", key="lessons-export")


monitoring_page("Booking figures", draw)
