"""Page Jobs and mail: tasks by wait time, duration and outcome; mail by outcome and delay; the oldest due mail."""

from functools import partial

import pyarrow as pa
import streamlit as st

from analytics import charts, health, jobs, mails
from analytics.latency import THIN
from console.monitoring.cached_queries import cached, cached_gym
from console.monitoring.chart_panel import chart, exports, ms, nothing, panel
from console.monitoring.page_frame import View, monitoring_page
from console.widgets.markdown import inert

OLDEST = "outbox.oldest_due_s"


def draw(view: View) -> None:
    panel(partial(_now, view))
    panel(partial(_tasks, view))
    panel(partial(_mail, view))
    panel(partial(_overdue, view))


def _now(view: View) -> None:
    part = cached_gym(health.mail_part, now=view.window.end)
    st.markdown(f":{health.COLORS[part.state]}-badge[{part.state.value}] **{inert(part.name)}** {inert(part.words)}")


def _tasks(view: View) -> None:
    st.header("Tasks", anchor=False)
    table = cached(jobs.by_task, view.window)
    if jobs.read_part(view.window) != view.window:
        st.caption("Tasks are counted one by one: of this range, its newest 31 days.")
    if not table.num_rows:
        nothing("No task ran in this range.")
        return
    rows = [
        {
            "task": row["task"].replace("_", " "),
            "ran": row["n"],
            "waited p50": ms(row["wait_p50_ms"], n=row["n"]),
            "waited p95": ms(row["wait_p95_ms"], n=row["n"]),
            "took p50": ms(row["run_p50_ms"], n=row["n"]),
            "took p95": ms(row["run_p95_ms"], n=row["n"]),
            "longest": ms(row["run_max_ms"]),
            "failed": row["failed"],
            "tried again": row["retried"],
            "interrupted": row["interrupted"],
            "too late": row["expired"],
            "killed": row["lost"],
        }
        for row in table.to_pylist()
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
    exports(table, name="tasks", key="tasks-export")


def _mail(view: View) -> None:
    st.header("Mail", anchor=False)
    figures = cached_gym(mails.mails, view.window)
    if not figures.by_kind.num_rows:
        nothing("No mail went out in this range.")
        return
    rows = [
        {
            "mail": row["kind"].replace("_", " "),
            "in all": row["n"],
            "sent": row["sent"],
            "no longer true": row["dropped"],
            "given up": row["dead"],
            "tried again": row["tried_again"],
            "left within, p50": ms(row["wait_p50_ms"], n=row["sent"]),
            "left within, p95": ms(row["wait_p95_ms"], n=row["sent"]),
        }
        for row in figures.by_kind.to_pylist()
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
    exports(figures.by_kind, name="mails", key="mails-export")
    picture = charts.lines(_mail_lines(figures.over_time, view), view.window, scheme=view.scheme, unit="mails")
    chart(picture, key="mail-over-time", title="What became of the mails")


def _mail_lines(table: pa.Table, view: View) -> list[dict[str, object]]:
    counts = {(row["step_us"], row["state"]): row["n"] for row in table.to_pylist()}
    states = [state for state in ("sent", "dropped", "dead") if any(state == name for _, name in counts)]
    words = {"sent": "sent", "dropped": "no longer true", "dead": "given up"}
    steps = view.window.step_table().column("step_us").to_pylist()
    return [
        {"at_us": step, "series": words[state], "value": n, "n": n, "thin": False}
        for step in steps
        for state in states
        for n in [counts.get((step, state), 0)]
    ]


def _overdue(view: View) -> None:
    table = cached(jobs.measure_over_time, view.window, OLDEST)
    if not table.num_rows:
        return
    worst: dict[int, float] = {}
    for row in table.to_pylist():
        worst[row["step_us"]] = max(row["value"], worst.get(row["step_us"], 0.0))
    rows = [{"at_us": at, "series": "wait", "value": value / 60, "n": 1, "thin": False} for at, value in worst.items()]
    picture = charts.lines(rows, view.window, scheme=view.scheme, unit="minutes")
    chart(picture, key="overdue", title="How long the oldest due mail waited, at most")
    st.caption(f"Percentiles of fewer than {THIN} are marked as thin.")


monitoring_page("Jobs and mail", draw, compares=False)
