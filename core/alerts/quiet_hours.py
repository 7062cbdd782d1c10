"""Quiet hours, in which no notification goes out: minutes from midnight on the gym's clock; parse, format, check."""

import re
from datetime import datetime

from core.alerts.rules import Quiet
from core.errors import Invalid

DAY_MIN = 24 * 60
MAX_WINDOWS = 5  # more fit no line, and leave no day
WRITTEN = re.compile(r"(\d{1,2}):(\d\d)\s*[–-]\s*(\d{1,2}):(\d\d)")


def parse_quiet(text: str) -> Quiet:
    """Parse "22:00–06:00, 12:30–13:00"; () for an empty text. Raises Invalid."""
    return tuple(_parsed(part) for part in text.split(",")) if text.strip() else ()


def spoken_quiet(quiet: Quiet) -> str:
    """Format quiet hours as they are typed; the inverse of parse_quiet."""
    return ", ".join(f"{_spoken(begins)}–{_spoken(ends)}" for begins, ends in quiet)


def check_quiet(quiet: Quiet) -> None:
    """Validate number and bounds of quiet hours. Raises Invalid."""
    if len(quiet) > MAX_WINDOWS:
        raise Invalid({"quiet": f"There can be {MAX_WINDOWS} quiet hours a day; turn the rule off if nobody needs it."})
    for begins, ends in quiet:
        if begins == ends or not all(0 <= minute < DAY_MIN for minute in (begins, ends)):
            raise Invalid({"quiet": "Quiet hours begin and end at two times of the day, such as 22:00–06:00."})


def is_quiet(quiet: Quiet, at: datetime) -> bool:
    """Whether a wall-clock time of the gym lies in quiet hours; those over midnight included."""
    minute = at.hour * 60 + at.minute
    return any(
        begins <= minute < ends if begins <= ends else minute >= begins or minute < ends for begins, ends in quiet
    )


def _parsed(text: str) -> tuple[int, int]:
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        raise Invalid({"quiet": "Quiet hours are written as 22:00–06:00, several with a comma between them."})
    begin_h, begin_min, end_h, end_min = map(int, found.groups())
    if max(begin_h, end_h) > 23 or max(begin_min, end_min) > 59:
        raise Invalid({"quiet": "Quiet hours begin and end at two times of the day, such as 22:00–06:00."})
    return begin_h * 60 + begin_min, end_h * 60 + end_min


def _spoken(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
