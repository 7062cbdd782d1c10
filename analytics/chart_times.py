"""
Wall-clock time of the gym on a chart's axis, whatever the browser's zone: Vega knows no other zones than UTC and its own.

`wall_ms` encodes local time as if it were UTC, for an axis in UTC, and `instants` decodes a selected range.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import altair as alt

from analytics.time_window import Window
from core.platform.clock import instant, microseconds


def wall_ms(at_us: int, zone: ZoneInfo) -> int:
    """Local wall-clock time of an instant, encoded as UTC epoch milliseconds."""
    wall = instant(at_us).astimezone(zone).replace(tzinfo=UTC)
    return microseconds(wall) // 1000


def instants(part: Sequence[float], zone: ZoneInfo) -> tuple[int, int]:
    """Decode a selected range to instants, µs. Of an hour that comes twice both are in it."""
    ends = []
    for at_ms, fold in zip(sorted(part), (0, 1), strict=True):
        wall = instant(round(at_ms * 1000)).replace(tzinfo=zone, fold=fold)
        ends.append(microseconds(wall.astimezone(UTC)))
    return ends[0], ends[1]


def time_axis(window: Window) -> alt.X:
    """The x axis of a window."""
    domain = [_vega_time(window.start, window.zone), _vega_time(window.end, window.zone)]
    scale = alt.Scale(type="utc", domain=domain, nice=False)
    return alt.X("at:T", title=None, scale=scale, axis=alt.Axis(labelOverlap=True, tickCount=6))


def _vega_time(at: datetime, zone: ZoneInfo) -> alt.DateTime:
    """An end of an axis; as a number Vega would take it for a year."""
    wall = at.astimezone(zone)
    return alt.DateTime(
        year=wall.year, month=wall.month, date=wall.day, hours=wall.hour, minutes=wall.minute, seconds=wall.second, utc=True
    )  # fmt: skip


def when() -> alt.Tooltip:
    """Tooltip of a step's start, in words."""
    return alt.Tooltip("when:N", title="from")


def timed(rows: Sequence[dict[str, Any]], window: Window, *names: str) -> alt.Data:
    """Rows as chart data: `at` and `until` (from at_us and until_us) in the gym's wall-clock time, and `when` in words."""
    values = []
    for row in rows:
        at = instant(row["at_us"]).astimezone(window.zone)
        value = {"at": wall_ms(row["at_us"], window.zone), "when": f"{at:%a %b} {at.day}, {at:%H:%M}"}
        if "until_us" in row:
            value["until"] = wall_ms(row["until_us"], window.zone)
        values.append(value | {name: row.get(name) for name in names})
    return inline(values)


class Carried:
    """Opaque rows that Altair does not validate: copying each value some dozen times would take longer than the query."""

    _schema: ClassVar[dict[str, Any]] = {}  # this and to_dict are what it takes an object for one of its own by

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def to_dict(self) -> list[dict[str, Any]]:
        return self.rows


def inline(values: list[dict[str, Any]]) -> alt.Data:
    """Rows as inline data of a chart."""
    return alt.Data(values=Carried(values))  # type: ignore[no-untyped-call]  # Altair's schema classes have no types
