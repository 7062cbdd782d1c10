"""Parse and format a day's hours as people write them: "9–12, 2–7", "9 to 5", "noon–7 pm & 8–10 pm"."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import Invalid
from core.schedule.availability import DAY_MIN
from core.schedule.hours import WEEKDAYS, WeekWindow
from core.wording import time_of_day

# One time: 9, 9:30, 9h30, 9 a.m., noon. Four groups: hour, minute, a or p, a word.
TIME = r"(?:(\d{1,2})(?:[:.h](\d{2})|h)?\s*(?:(a|p)\.?(?:m\.?)?)?|(noon|midday|midnight))"
RANGE = re.compile(rf"\s*(?:from\s+)?{TIME}\s*(?:-|–|—|to|until|till)\s*{TIME}\s*", re.IGNORECASE)
BETWEEN = re.compile(r"[,;+&/\n]|\band\b", re.IGNORECASE)
NOON_MIN = DAY_MIN // 2
FIRST_MORNING_HOUR = 7  # a gym's 7 to 11 is the morning, its 1 to 6 the afternoon, where nobody says which


@dataclass(frozen=True)
class _Time:
    """A time as it was written, which may mean two minutes of the day."""

    minute: int  # since midnight, as written; on a clock of twelve hours where is_certain is False
    half: str  # "a", "p", or "" where nothing says which
    is_certain: bool  # only one minute of the day is meant

    def candidates(self) -> list[int]:
        """The minutes of the day that can be meant, the morning's first."""
        if self.is_certain:
            return [self.minute]
        return [self.minute % NOON_MIN, self.minute % NOON_MIN + NOON_MIN]


def read_hours(text: str, weekday: int) -> list[WeekWindow]:
    """
    Parse the windows of one day, in the order they were written; none for an empty text. Raises Invalid.

    What says neither am nor pm is read as a gym means it: "2–7" is the afternoon, "9–5" and "10–1" begin in the morning.
    With an hour above 12, a zero in front or a 0 the part counts to 24. `is_guessed` says whether that was a guess.
    """
    return [_window(part, weekday) for part in _parts(text)]


def is_guessed(text: str, weekday: int) -> bool:
    """Whether `read_hours` had to guess am or pm somewhere. Raises Invalid."""
    return any(not (start.half or end.half) and not start.is_certain for start, end in _times(text, weekday))


def written_hours(windows: Iterable[WeekWindow]) -> str:
    """Format windows as text that `read_hours` reads: "9 am–12 pm, 2 pm–7 pm"."""
    return ", ".join(f"{_written(window.start_min)}–{_written(window.end_min)}" for window in windows)


def _parts(text: str) -> list[str]:
    return [part for part in (part.strip() for part in BETWEEN.split(text)) if part]


def _times(text: str, weekday: int) -> list[tuple[_Time, _Time]]:
    return [_range(part, weekday) for part in _parts(text)]


def _window(part: str, weekday: int) -> WeekWindow:
    start, end = _range(part, weekday)
    if end.is_certain:
        end_min = end.minute or DAY_MIN  # 0, 12 am and midnight at the end are the day's end
        return WeekWindow(weekday, _start_before(start, end_min, end.half), end_min)
    start_min = _usual(start)
    later = _first_after(start_min, end)
    if later is None and not start.is_certain:
        start_min = start.candidates()[0]
        later = _first_after(start_min, end)
    return WeekWindow(weekday, start_min, later if later is not None else end.minute)


def _start_before(start: _Time, end_min: int, half: str) -> int:
    """The start before a certain end: in the end's half of the day, else as a gym means it, else in the morning."""
    same_half = [start.candidates()[half == "p"]] if half and not start.is_certain else []
    wanted = [*same_half, _usual(start), start.candidates()[0]]
    return next((minute for minute in wanted if minute < end_min), wanted[-1])


def _usual(time: _Time) -> int:
    """The likely meaning of an uncertain time: from FIRST_MORNING_HOUR on the morning, else the afternoon."""
    if time.is_certain:
        return time.minute
    morning, afternoon = time.candidates()
    return morning if morning >= FIRST_MORNING_HOUR * 60 else afternoon


def _first_after(start_min: int, end: _Time) -> int | None:
    """The first candidate of an end after the start; midnight is the day's end. None if there is none."""
    times = sorted({*end.candidates(), *([DAY_MIN] if 0 in end.candidates() else [])})
    return next((minute for minute in times if minute > start_min), None)


def _range(part: str, weekday: int) -> tuple[_Time, _Time]:
    found = RANGE.fullmatch(part)
    if found is None:
        raise _unreadable(weekday)
    groups = found.groups()
    counts_to_24 = any(_counts_to_24(hour) for hour in (groups[0], groups[4]))
    return _time(groups[:4], counts_to_24, weekday), _time(groups[4:], counts_to_24, weekday)


def _counts_to_24(hour: str | None) -> bool:
    return hour is not None and (int(hour) > 12 or hour.startswith("0"))


def _time(written: tuple[str | None, ...], counts_to_24: bool, weekday: int) -> _Time:
    hour, minute, half, word = written
    if hour is None:
        return _Time(0 if (word or "").lower() == "midnight" else NOON_MIN, "", is_certain=True)
    hours, minutes = int(hour), int(minute or 0)
    half = (half or "").lower()
    if half and not 1 <= hours <= 12:
        raise _unreadable(weekday)
    if half:
        hours = hours % 12 + (12 if half == "p" else 0)
    if minutes > 59 or hours * 60 + minutes > DAY_MIN:
        raise _unreadable(weekday)
    return _Time(hours * 60 + minutes, half, is_certain=bool(half) or counts_to_24)


def _written(minute: int) -> str:
    if minute == DAY_MIN:
        return "midnight"
    return time_of_day(minute // 60, minute % 60).replace(":00", "")


def _unreadable(weekday: int) -> Invalid:
    return Invalid({"windows": f"{WEEKDAYS[weekday]}: please write hours like 9–12, 2–7 pm, or leave it empty."})
