"""Parts of a page of the monitor: each fails, or is slow, alone."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import streamlit as st
import structlog
from sqlalchemy.exc import SQLAlchemyError

from analytics.charts import Chart
from analytics.export import as_csv, as_parquet
from analytics.latency import THIN
from analytics.request_store import LogUnreadable, QuestionTooSlow
from console.monitoring.cached_queries import ANSWERS, mark, monitor
from console.monitoring.navigation import MONITOR
from console.web.downloads import download
from console.widgets.markdown import inert
from console.widgets.session import Staff, admins_only, services, signed_in
from core.errors import SpiritError, StoreNewer
from core.platform.disk import is_full

Spec = dict[str, Any]

log = structlog.get_logger()


def panel(draw: Callable[[], None]) -> None:
    """Draws it. What goes wrong in it is said in its place, and the rest of the page stands."""
    try:
        draw()
    except (QuestionTooSlow, LogUnreadable) as error:
        st.warning(inert(str(error)))
    except (SpiritError, SQLAlchemyError, OSError) as error:
        log.warning("panel failed", exc_info=error)
        st.warning(inert(why_unreadable(error)))


def why_unreadable(error: Exception) -> str:
    """What an admin can do about a part that cannot be read."""
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
    """A chart to look at. title: what it shows, or the question that it answers."""
    st.markdown(f"**{inert(title)}**")
    st.vega_lite_chart(spec=_spec(picture), theme=None, key=key, width="stretch")


def brushed(picture: Chart | Spec, *, key: str, title: str, name: str) -> list[float] | None:
    """A chart that can be dragged over: the part of its time that was, ms on the wall; None for none."""
    st.markdown(f"**{inert(title)}**")
    chosen = st.vega_lite_chart(spec=_spec(picture), theme=None, key=key, width="stretch", on_select="rerun")
    part = dict(chosen.get("selection", {})).get(name, {})
    found = part.get("at") if isinstance(part, dict) else None
    return [float(at) for at in found] if found and len(found) == 2 and found[0] != found[1] else None


def drawn(draw: Callable[..., Chart], *about: Any, **options: Any) -> Spec:
    """The chart that `draw` makes, kept like an answer: drawing takes longer than asking. about: must be hashable."""
    where = (str(monitor().folder), draw.__code__.co_filename, draw.__qualname__)
    key = ("drawn", *where, about, tuple(sorted(options.items())), mark())
    return ANSWERS.of(key, lambda: _spec(draw(*about, **options)))


def _spec(picture: Chart | Spec) -> Spec:
    """Checked by the tests, and not once more for each who looks."""
    if isinstance(picture, dict):
        return picture
    spec: Spec = picture.to_dict(validate=False)
    return spec


def exports(table: pa.Table, *, name: str, key: str) -> None:
    """The same numbers as a file."""
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
    """A duration; with a mark when too few stand behind it."""
    if value is None:
        return "–"
    thin = "" if n >= THIN else " (thin)"
    if value < 10:
        return f"{value:.1f} ms{thin}"
    return f"{value:,.0f} ms{thin}" if value < 1000 else f"{value / 1000:,.1f} s{thin}"


def share(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.2f} %" if value < 0.1 else f"{value * 100:.0f} %"


def change(now: float | None, before: float | None) -> str | None:
    """ "+12 %" since before; None where one of them is missing or nothing."""
    if now is None or not before:
        return None
    percent = (now - before) / before * 100
    return f"{percent:+,.0f} %" if abs(percent) >= 0.5 else "0 %"


def nothing(words: str = "Nothing was recorded in this range.") -> None:
    st.info(inert(words))


def rate(part: int, whole: int) -> float | None:
    """0.0 to 1.0; None of nothing."""
    return part / whole if whole else None


def waiting_time(minutes: float | None, *, n: int) -> str:
    """A stretch of minutes or hours; with a mark when too few stand behind it."""
    if minutes is None:
        return "–"
    thin = "" if n >= THIN else " (thin)"
    return f"{minutes:.0f} min{thin}" if minutes < 120 else f"{minutes / 60:.1f} h{thin}"
