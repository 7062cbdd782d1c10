"""Panels of the monitoring pages, each with an error boundary of its own; charts, exports, number formats."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import streamlit as st
import structlog
from sqlalchemy.exc import SQLAlchemyError

from analytics.charts import Chart
from analytics.latency import THIN
from analytics.request_store import LogUnreadable, QuestionTooSlow
from analytics.table_export import as_csv, as_parquet
from console.monitoring.cached_queries import CACHE, monitor, watermark
from console.monitoring.navigation import MONITOR
from console.web.file_downloads import download
from console.widgets.markdown import inert
from console.widgets.session import Staff, admins_only, services, signed_in
from core.errors import SpiritError, StoreNewer
from core.platform.disk import is_full

Spec = dict[str, Any]

log = structlog.get_logger()


def panel(draw: Callable[[], None]) -> None:
    """Draw a panel inside an error boundary: an error is shown in its place, and the rest of the page is drawn."""
    try:
        draw()
    except (QuestionTooSlow, LogUnreadable) as error:
        st.warning(inert(str(error)))
    except (SpiritError, SQLAlchemyError, OSError) as error:
        log.warning("panel failed", exc_info=error)
        st.warning(inert(why_unreadable(error)))


def why_unreadable(error: Exception) -> str:
    """The sentence for a panel whose data cannot be read: the cause, and what an admin can do."""
    folder = services().settings.data_dir
    if is_full(folder):
        return (
            f"The disk is full, so the monitoring data cannot be read. Make room on the disk of {folder}; what was "
            "recorded is still there, and what happens meanwhile is counted."
        )
    if isinstance(error, StoreNewer):
        return str(error)
    return "This part cannot be read at the moment. The monitoring data may be busy or away; the rest stands."


def chart(picture: Chart | Spec, *, key: str, title: str) -> None:
    """Draw a chart. title: what it shows."""
    st.markdown(f"**{inert(title)}**")
    st.vega_lite_chart(spec=_spec(picture), theme=None, key=key, width="stretch")


def brushed(picture: Chart | Spec, *, key: str, title: str, name: str) -> list[float] | None:
    """Draw a chart with a brush, and return the selected interval: local wall-clock ms (chart_times); None without one."""
    st.markdown(f"**{inert(title)}**")
    chosen = st.vega_lite_chart(spec=_spec(picture), theme=None, key=key, width="stretch", on_select="rerun")
    part = dict(chosen.get("selection", {})).get(name, {})
    ends = part.get("at") if isinstance(part, dict) else None
    return [float(at) for at in ends] if ends and len(ends) == 2 and ends[0] != ends[1] else None


def cached_chart(draw: Callable[..., Chart], *about: Any, **options: Any) -> Spec:
    """The cached Vega spec of `draw(*about, **options)`: building it takes longer than the query. Hashable arguments only."""
    where = (str(monitor().folder), draw.__code__.co_filename, draw.__qualname__)
    key = ("drawn", *where, about, tuple(sorted(options.items())), watermark())
    return CACHE.of(key, lambda: _spec(draw(*about, **options)))


def _spec(picture: Chart | Spec) -> Spec:
    """The chart's Vega spec, without validation, which the tests do."""
    if isinstance(picture, dict):
        return picture
    spec: Spec = picture.to_dict(validate=False)
    return spec


def exports(table: pa.Table, *, name: str, key: str) -> None:
    """Draw the export menu of a table: CSV and Parquet; nothing for an empty one."""
    if not table.num_rows:
        return
    staff = signed_in()
    with st.popover("Export"):
        for label, made, ending, mime in (
            ("CSV, for a spreadsheet", as_csv, "csv", "text/csv"),
            ("Parquet, for a program", as_parquet, "parquet", "application/vnd.apache.parquet"),
        ):
            download(
                label,
                partial(_as_file, made, table),
                staff,
                file_name=f"{name}.{ending}",
                mime=mime,
                key=f"{key}-{ending}",
            )


def _as_file(made: Callable[[pa.Table], bytes], table: pa.Table, staff: Staff) -> bytes:
    """Raises NotAllowed for who is no admin by now."""
    admins_only(staff, MONITOR)
    return made(table)


def ms(value: float | None, *, n: int = THIN) -> str:
    """Format a duration of milliseconds; "–" for None, marked as thin below THIN samples."""
    if value is None:
        return "–"
    thin = "" if n >= THIN else " (thin)"
    if value < 10:
        return f"{value:.1f} ms{thin}"
    return f"{value:,.0f} ms{thin}" if value < 1000 else f"{value / 1000:,.1f} s{thin}"


def share(value: float | None) -> str:
    """Format a ratio of 0.0 to 1.0 in percent; "–" for None."""
    return "–" if value is None else f"{value * 100:.2f} %" if value < 0.1 else f"{value * 100:.0f} %"


def change(now: float | None, before: float | None) -> str | None:
    """The relative change since before, as "+12 %"; None where either is missing, or before is 0."""
    if now is None or not before:
        return None
    percent = (now - before) / before * 100
    return f"{percent:+,.0f} %" if abs(percent) >= 0.5 else "0 %"


def nothing(words: str = "Nothing was recorded in this range.") -> None:
    """Draw the empty state of a panel."""
    st.info(inert(words))


def rate(part: int, whole: int) -> float | None:
    """The ratio part / whole, 0.0 to 1.0; None where whole is 0."""
    return part / whole if whole else None


def waiting_time(minutes: float | None, *, n: int) -> str:
    """Format a duration of minutes; "–" for None, in hours from two on, marked as thin below THIN samples."""
    if minutes is None:
        return "–"
    thin = "" if n >= THIN else " (thin)"
    return f"{minutes:.0f} min{thin}" if minutes < 120 else f"{minutes / 60:.1f} h{thin}"
