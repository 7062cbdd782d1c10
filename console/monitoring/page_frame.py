"""
Frame of every monitoring page: admin guard, range, comparison and auto-refresh, all kept in the address.

All panels of a page show the same window: the instant it ends at is read once a refresh. While auto-refresh is off, or a
part of a chart is selected, that instant is fixed.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from analytics import latency
from analytics.data_sources import missing_files
from analytics.time_window import EXACT_UPTO, RANGES, Window, last
from console.monitoring.cached_queries import cached
from console.monitoring.criticals import criticals
from console.monitoring.navigation import MONITOR
from console.widgets.change_polling import reset_refresh_timer
from console.widgets.markdown import inert
from console.widgets.session import admin, services
from core.errors import SpiritError
from core.platform import clock

REFRESH_EVERY_S = 30
GRAIN_S = 10  # windows end on multiples of it, so that sessions share cached results
FREE, DEFAULT = "free", "24h"
MAX_RANGE = timedelta(days=400)
WORDS = {name: name for name in RANGES if name != "13mo"} | {"13 months": "13mo", FREE: FREE}
PREVIOUS, WEEK_BEFORE, NOTHING = "the time before", "the same weekday", "nothing"
HELD = "window_held"  # session state: whether the window's end is fixed
MAX_NAMED = 3


@dataclass(frozen=True)
class View:
    """The window that a page shows, and how."""

    window: Window
    compared: Window | None  # the window to compare with
    word: str  # what it is compared with, in words
    scheme: str  # "light" or "dark"
    is_live: bool  # the page refreshes by itself
    is_free: bool = False  # the range was chosen by its two ends

    def until(self) -> datetime:
        """The end of the range for error counts: on a page that refreshes, now."""
        is_now = self.is_live and not self.is_free and not st.session_state.get(HELD)
        return max(self.window.end, clock.now()) if is_now else self.window.end


def monitoring_page(title: str, draw: Callable[[View], None], *, compares: bool = True, ranges: bool = True) -> None:
    """
    Draw a monitoring page: title, controls, and `draw`, which runs again every half minute while auto-refresh is on.

    Raises:
        NotAllowed: the person is no admin.
    """
    admin(MONITOR)
    st.set_page_config(layout="wide")
    st.title(inert(title))
    name, is_live = _range_and_refresh(ranges)
    compared_with = _comparison(compares)
    free = _free_range() if name == FREE else None
    if is_live:
        criticals()
    body = st.fragment(_body, run_every=REFRESH_EVERY_S if is_live else None)
    body(draw, name, free, compared_with, is_live)


def fix_window(is_held: bool) -> None:
    """Fix the end of the window, while a part of a chart is selected; or let it move again."""
    st.session_state[HELD] = is_held


def zoom(start: datetime, end: datetime) -> None:
    """Zoom the page to this window, and put it into the address. A button's callback."""
    zone = services().settings.zone
    st.session_state["range"] = FREE
    st.session_state["from"] = start.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    st.session_state["to"] = (
        (end + timedelta(seconds=59)).astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    )
    fix_window(is_held=False)


def colour_scheme() -> str:
    """The browser's color scheme: "light" or "dark"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def _body(
    draw: Callable[[View], None], name: str, free: tuple[datetime, datetime] | None, compared_with: str, is_live: bool
) -> None:
    admin(MONITOR)
    if is_live:
        reset_refresh_timer()
    zone = services().settings.zone
    if free is None and name == FREE:
        st.info("Choose where the range begins and where it ends.")
        return
    requested = Window(*free, zone) if free is not None else last(name, now=_rendered_at(name, is_live), zone=zone)
    window = _readable(requested)
    compared = {PREVIOUS: window.previous, WEEK_BEFORE: window.a_week_before}.get(compared_with)
    word = "the time before" if compared_with == PREVIOUS else "a week earlier"
    view = View(window, _readable(compared()) if compared else None, word, colour_scheme(), is_live, free is not None)
    st.caption(inert(_spoken(window, is_live and free is None)))
    _incomplete(window)
    draw(view)


def _incomplete(window: Window) -> None:
    """Warn of archive files that cannot be read on this host; the panels count without them."""
    missing: list[str] = []
    with suppress(SpiritError, SQLAlchemyError):
        missing = cached(missing_files, window)
    if missing:
        more = f" and {len(missing) - MAX_NAMED} more" if len(missing) > MAX_NAMED else ""
        st.warning(
            inert(
                "Monitoring is incomplete: these numbers are too small, for files of the archive cannot be read on this "
                f"machine: {', '.join(missing[:MAX_NAMED])}{more}. They lie where they were written, or in the storage "
                "of the originals, which does not answer."
            )
        )


def _readable(window: Window) -> Window:
    """The window widened to what the stored data can answer; unchanged where they cannot be read, which the panels show."""
    with suppress(SpiritError, SQLAlchemyError):
        return cached(latency.readable, window)
    return window


def _rendered_at(name: str, is_live: bool) -> datetime:
    """The end of the window. It moves with a refresh and with another range; not while it is fixed, or refresh is off."""
    now_s = int(clock.now().timestamp())
    earlier = st.session_state.get("rendered_at")
    is_fixed = (
        earlier is not None
        and earlier[0] == name
        and (st.session_state.get(HELD) or not is_live or now_s - earlier[1] < GRAIN_S)
    )
    if not is_fixed:
        st.session_state["rendered_at"] = earlier = (name, now_s // GRAIN_S * GRAIN_S)
    assert earlier is not None
    return datetime.fromtimestamp(earlier[1], tz=services().settings.zone)


def _range_and_refresh(ranges: bool) -> tuple[str, bool]:
    if not ranges:
        return DEFAULT, False
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    chosen = left.segmented_control(
        "Range",
        list(WORDS),
        default=DEFAULT,
        required=True,
        key="range",
        wrap=True,
        bind="query-params",
        persist_state="session",
        on_change=partial(fix_window, is_held=False),
    )
    is_live = right.toggle(
        "Refresh", value=True, key="refresh", bind="query-params", persist_state="session", help="Every 30 seconds."
    )
    return WORDS[chosen or DEFAULT], is_live


def _comparison(compares: bool) -> str:
    if not compares:
        return NOTHING
    return (
        st.segmented_control(
            "Compare with",
            [PREVIOUS, WEEK_BEFORE, NOTHING],
            default=PREVIOUS,
            required=True,
            key="compare",
            bind="query-params",
            persist_state="session",
        )
        or NOTHING
    )


def _free_range() -> tuple[datetime, datetime] | None:
    """The inputs From and To, in the gym's zone; None while they make no valid range."""
    zone = services().settings.zone
    now = clock.now().astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    left, right = st.columns(2)
    given = [
        column.datetime_input(
            label, value=None, key=key, bind="query-params", persist_state="session", step=60,
            min_value=now - MAX_RANGE * 2, max_value=now + timedelta(days=1),
        )
        for column, label, key in ((left, "From", "from"), (right, "To", "to"))
    ]  # fmt: skip
    start, end = (_instant(value, zone) for value in given)
    if start is None or end is None:
        return None
    if not timedelta() < end - start <= MAX_RANGE:
        st.warning("The range must end after it begins, and have at most 13 months.")
        return None
    return start, end


def _instant(value: datetime | None, zone: ZoneInfo) -> datetime | None:
    return value.replace(tzinfo=zone) if value is not None else None


def _spoken(window: Window, is_live: bool) -> str:
    start, end = (at.astimezone(window.zone) for at in (window.start, window.end))
    same_day = start.date() == end.date()
    first = f"{start:%A, %B} {start.day}, {start:%H:%M}"
    second = f"{end:%H:%M}" if same_day else f"{end:%A, %B} {end.day}, {end:%H:%M}"
    stands = " Stands still while you look at a part of it." if is_live and st.session_state.get(HELD) else ""
    return f"{first} to {second}.{stands}{_grain(window)}"


def _grain(window: Window) -> str:
    if window.by_hours:
        return " Widened to whole hours: the single requests of this range are not kept any more, or are too many."
    return " Beyond 31 days requests are counted by whole hours, from histograms." if window.length > EXACT_UPTO else ""
