"""A day's hours as people write them: "9–12, 2–7 pm"."""

import re
from collections.abc import Iterable

from core.errors import Invalid
from core.schedule.availability import DAY_MIN
from core.schedule.hours import WEEKDAYS, WeekWindow
from core.words import time_of_day

TIME = r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?"
RANGE = re.compile(rf"\s*{TIME}\s*(?:-|–|—|to|until)\s*(?:{TIME}|(midnight))\s*", re.IGNORECASE)


def read_hours(text: str, weekday: int) -> list[WeekWindow]:
    """
    The windows of one day, in the order they were written; none for an empty text.

    Times without am or pm count to 24, unless the end says pm: "2–7 pm" is the afternoon. Raises Invalid.
    """
    windows = []
    for part in filter(None, (part.strip() for part in re.split(r",|;|\band\b|\+", text, flags=re.IGNORECASE))):
        found = RANGE.fullmatch(part)
        if found is None:
            raise _unreadable(weekday)
        windows.append(_window(found, weekday))
    return windows


def written_hours(windows: Iterable[WeekWindow]) -> str:
    """The same the other way round: "9 am–12 pm, 2 pm–7 pm"."""
    return ", ".join(f"{_written(window.start_min)}–{_written(window.end_min)}" for window in windows)


def _window(found: re.Match[str], weekday: int) -> WeekWindow:
    start_hour, start_minute, start_half, end_hour, end_minute, end_half, midnight = found.groups()
    end_min = DAY_MIN if midnight else _minutes(end_hour, end_minute, end_half, weekday)
    if end_min == 0:
        end_min = DAY_MIN
    start_min = _minutes(start_hour, start_minute, start_half or _half(end_half, start_hour), weekday)
    if start_min >= end_min and not start_half:
        start_min = _minutes(start_hour, start_minute, None, weekday)
    return WeekWindow(weekday, start_min, end_min)


def _half(end_half: str | None, start_hour: str) -> str | None:
    """Which half of the day is meant where only the end says it."""
    return end_half if end_half and 1 <= int(start_hour) <= 12 else None


def _minutes(hour: str, minute: str | None, half: str | None, weekday: int) -> int:
    hours, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            raise _unreadable(weekday)
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    if minutes > 59 or hours * 60 + minutes > DAY_MIN:
        raise _unreadable(weekday)
    return hours * 60 + minutes


def _written(minute: int) -> str:
    if minute == DAY_MIN:
        return "midnight"
    return time_of_day(minute // 60, minute % 60).replace(":00", "")


def _unreadable(weekday: int) -> Invalid:
    return Invalid({"windows": f"{WEEKDAYS[weekday]}: please write hours like 9–12, 2–7 pm, or leave it empty."})
