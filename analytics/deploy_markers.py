"""Deploy markers for charts: releases first seen running in a window."""

from dataclasses import dataclass
from datetime import datetime

from analytics.data_sources import Monitor
from analytics.request_store import open_log
from analytics.time_window import Window
from core.platform.clock import instant

MAX_MARKERS = 12


@dataclass(frozen=True)
class Marker:
    """A vertical rule on a chart."""

    at: datetime
    word: str  # its label


def deploys(monitor: Monitor, window: Window) -> list[Marker]:
    """Releases of the window at their first start there, oldest first; the latest dozen."""
    with open_log(
        monitor.store, monitor.folder, start_us=window.start_us, end_us=window.end_us, tables=["event_log"]
    ) as log:
        found = log.ask("deploys", {"most": MAX_MARKERS}).to_pylist()
    return [Marker(instant(row["at_us"]), row["name"]) for row in reversed(found)]
