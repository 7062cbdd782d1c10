"""Times and money, as people say them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.wording import clock_time, money, spoken_day, spoken_instant, spoken_length, spoken_time, time_left

CALIFORNIA, BERLIN = ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year, month, day, hour, minute


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (utc(2026, 11, 25, 0), "Tuesday, November 24, 4:00–5:00 pm (Pacific)"),
        (utc(2026, 11, 24, 17, 30), "Tuesday, November 24, 9:30–10:30 am (Pacific)"),
        (utc(2026, 11, 24, 19, 30), "Tuesday, November 24, 11:30 am–12:30 pm (Pacific)"),
        (utc(2026, 11, 24, 20), "Tuesday, November 24, 12:00–1:00 pm (Pacific)"),
        (utc(2026, 11, 25, 7), "Tuesday, November 24, 11:00 pm–midnight (Pacific)"),
        (utc(2026, 11, 25, 7, 30), "Tuesday, November 24, 11:30 pm – Wednesday, November 25, 12:30 am (Pacific)"),
    ],
)
def test_a_lesson_is_said_with_its_day_its_times_and_its_zone(start: datetime, said: str) -> None:
    assert spoken_time(start, start + HOUR, CALIFORNIA) == said


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (utc(2026, 3, 8, 9, 30), "Sunday, March 8, 1:30 am PST–3:30 am PDT (Pacific)"),
        (utc(2026, 11, 1, 8, 30), "Sunday, November 1, 1:30 am PDT–1:30 am PST (Pacific)"),
        (utc(2026, 11, 1, 9, 0), "Sunday, November 1, 1:00 am PST–2:00 am PST (Pacific)"),
        (utc(2026, 11, 1, 17), "Sunday, November 1, 9:00–10:00 am (Pacific)"),
    ],
)
def test_where_the_clocks_change_each_side_says_which_hour_is_meant(start: datetime, said: str) -> None:
    assert spoken_time(start, start + HOUR, CALIFORNIA) == said


def test_a_deadline_is_said_with_its_zone() -> None:
    assert spoken_instant(utc(2026, 11, 24, 23), CALIFORNIA) == "Tuesday, November 24, 3:00 pm (Pacific)"
    assert spoken_instant(utc(2026, 11, 25, 8), CALIFORNIA) == "Wednesday, November 25, 12:00 am (Pacific)"


def test_a_deadline_in_an_hour_that_comes_twice_says_which_one() -> None:
    assert spoken_instant(utc(2026, 11, 1, 8, 30), CALIFORNIA) == "Sunday, November 1, 1:30 am PDT (Pacific)"
    assert spoken_instant(utc(2026, 11, 1, 9, 30), CALIFORNIA) == "Sunday, November 1, 1:30 am PST (Pacific)"


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("America/Los_Angeles", "Pacific"),
        ("America/New_York", "Eastern"),
        ("Europe/Berlin", "Central European"),
        ("Asia/Kolkata", "India"),
        ("UTC", "UTC"),
        ("Etc/GMT+5", "GMT-05:00"),
    ],
)
def test_a_zone_has_the_name_that_people_use_all_year(zone: str, said: str) -> None:
    assert spoken_instant(utc(2026, 1, 7, 12), ZoneInfo(zone)).endswith(f" ({said})")
    assert spoken_instant(utc(2026, 7, 7, 12), ZoneInfo(zone)).endswith(f" ({said})")


def test_a_time_of_day_and_a_day_can_be_said_alone() -> None:
    assert clock_time(utc(2026, 11, 25, 0), CALIFORNIA) == "4:00 pm"
    assert clock_time(utc(2026, 11, 25, 0), BERLIN) == "1:00 am"
    assert spoken_day(date(2026, 11, 24)) == "Tuesday, November 24"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(1, "1 minute"), (45, "45 minutes"), (60, "1 hour"), (120, "2 hours"), (60 * 48, "2 days")],
)
def test_what_is_left_is_said_in_one_unit(minutes: int, said: str) -> None:
    assert spoken_length(timedelta(minutes=minutes)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 minute"),
        (45 * 60 + 59, "45 minutes"),
        (91 * 60 + 50, "1 hour 31 minutes"),
        (120 * 60 - 1, "1 hour 59 minutes"),
        (120 * 60, "2 hours"),
        (160 * 60, "2 hours 40 minutes"),
        (24 * 3600 - 1, "23 hours 59 minutes"),
        (47 * 3600 + 3599, "1 day 23 hours"),
        (48 * 3600 + 60, "2 days"),
    ],
)
def test_a_time_that_runs_out_is_never_said_to_be_longer_than_it_is(seconds: int, said: str) -> None:
    assert time_left(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("cents", "said"), [(8500, "$85"), (8550, "$85.50"), (0, "$0"), (5, "$0.05"), (123456700, "$1,234,567")]
)
def test_a_price_shows_cents_only_if_there_are_any(cents: int, said: str) -> None:
    assert money(cents) == said
