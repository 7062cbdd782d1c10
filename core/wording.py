"""Format times, durations, money and sizes for people, in American English. Every time has a zone, and names it."""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, format_timedelta, get_timezone_gmt, get_timezone_name
from babel.numbers import format_currency

LOCALE = "en_US"
CURRENCY = "USD"
CLOCK_TIME = re.compile(r"(?:\d{1,2}:\d\d(?: [ap]m)?–)?\d{1,2}:\d\d [ap]m")  # within text; no line should end inside it


def spoken_time(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """
    Format a lesson's time: "Tuesday, November 24, 4:00–5:00 pm (Pacific)".

    Where the clocks change, each side says which hour is meant: "1:30 am PDT–1:30 am PST".
    """
    start, end = start.astimezone(zone), end.astimezone(zone)
    return f"{spoken_day(start.date())}, {_range(start, end)} ({zone_name(start)})"


def spoken_instant(at: datetime, zone: ZoneInfo) -> str:
    """Format an instant, such as a deadline: "Tuesday, November 24, 3:00 pm (Pacific)"."""
    at = at.astimezone(zone)
    return f"{spoken_day(at.date())}, {_clock(at, exact=_comes_twice(at))} ({zone_name(at)})"


@lru_cache(maxsize=1024)  # Babel reads its pattern anew each time, and a page says a day or a time a hundred times
def spoken_day(day: date) -> str:
    """A day: "Tuesday, November 24"."""
    return format_date(day, "EEEE, MMMM d", locale=LOCALE)


def clock_time(at: datetime, zone: ZoneInfo) -> str:
    """Format a time of day: "4:00 pm"."""
    return _clock(at.astimezone(zone))


def weekday(at: datetime, zone: ZoneInfo) -> str:
    """Format a weekday: "Tuesday"."""
    return format_date(at.astimezone(zone).date(), "EEEE", locale=LOCALE)


def spoken_length(length: timedelta) -> str:
    """Format a duration, rounded, in one unit: "2 hours", "45 minutes"."""
    return format_timedelta(length, granularity="minute", threshold=1, locale=LOCALE)


def time_left(length: timedelta) -> str:
    """
    Format a remaining time, never more than there is: "2 days 3 hours", "2 hours 40 minutes", "31 minutes".

    Rounded down to the minute, and from a day on to the hour.
    """
    minutes = max(0, length // timedelta(minutes=1))
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        parts = (_counted(days, "day"), _counted(hours, "hour"))
    else:
        parts = (_counted(hours, "hour"), _counted(minutes % 60, "minute"))
    return " ".join(part for part in parts if part) or "less than a minute"


@lru_cache(maxsize=256)
def money(cents: int) -> str:
    """Format an amount: "$85", or "$85.50"."""
    pattern = "¤#,##0.00" if cents % 100 else "¤#,##0"
    return format_currency(cents / 100, CURRENCY, pattern, locale=LOCALE, currency_digits=False)


def zone_name(at: datetime) -> str:
    """Format the zone of an aware time, without the word for summer or winter: "Pacific", "Central European"."""
    name = get_timezone_name(at.tzinfo, width="long", locale=LOCALE).removesuffix(" Time")
    if not name.startswith("Unknown"):
        return name
    return "UTC" if not at.utcoffset() else get_timezone_gmt(at, locale=LOCALE)


def file_size(size_bytes: int) -> str:
    """Format a file's size: "38 kB", "4.2 MB", "5 GB"."""
    for unit, bytes_each in (("GB", 1 << 30), ("MB", 1_000_000)):
        if size_bytes >= bytes_each:
            return f"{size_bytes / bytes_each:.1f}".removesuffix(".0") + f" {unit}"
    return f"{max(1, round(size_bytes / 1000))} kB"


def _counted(number: int, unit: str) -> str:
    """A number with its unit: "1 hour", "2 hours"; empty for 0."""
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else ""


def _range(start: datetime, end: datetime) -> str:
    if start.utcoffset() != end.utcoffset() or _comes_twice(start) or _comes_twice(end):
        begins, ends = _clock(start, exact=True), _clock(end, exact=True)
    else:
        begins, ends = _clock(start), _clock(end)
    if end.date() == start.date():
        return f"{begins[:-3]}–{ends}" if begins[-3:] == ends[-3:] in (" am", " pm") else f"{begins}–{ends}"
    if end.date() == start.date() + timedelta(days=1) and (end.hour, end.minute) == (0, 0):
        return f"{begins}–midnight"
    return f"{begins} – {spoken_day(end.date())}, {ends}"


def _clock(at: datetime, *, exact: bool = False) -> str:
    spoken = time_of_day(at.hour, at.minute)
    return f"{spoken} {at.tzname()}" if exact else spoken


@lru_cache(maxsize=1440)
def time_of_day(hour: int, minute: int) -> str:
    """Format an hour and a minute: "4:00 pm", for 16 and 0."""
    return format_time(time(hour, minute), "h:mm a", locale=LOCALE).lower()


def _comes_twice(at: datetime) -> bool:
    """Whether this wall-clock time is ambiguous: it comes twice that day, where the clocks go back."""
    return at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()
