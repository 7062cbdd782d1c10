"""Hours, written as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.schedule.hours import WeekWindow
from core.schedule.hours_parsing import is_guessed, read_hours, written_hours

HOUR = 60


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("", []),
        ("9–12", [(9 * HOUR, 12 * HOUR)]),
        ("9-12, 14-19", [(9 * HOUR, 12 * HOUR), (14 * HOUR, 19 * HOUR)]),
        ("9 am–12 pm, 2–7 pm", [(9 * HOUR, 12 * HOUR), (14 * HOUR, 19 * HOUR)]),
        ("9–5 pm", [(9 * HOUR, 17 * HOUR)]),
        ("11–1 pm", [(11 * HOUR, 13 * HOUR)]),
        ("9:30 to 10:45 and 4:15 PM until 6 PM", [(570, 645), (975, 1080)]),
        ("18.30–midnight", [(1110, 1440)]),
        ("8 pm–12 am", [(1200, 1440)]),
        ("0–24", [(0, 1440)]),
        ("12 am–6 am", [(0, 360)]),
        ("2-7", [(14 * HOUR, 19 * HOUR)]),
        ("9–5", [(9 * HOUR, 17 * HOUR)]),
        ("9 to 5", [(9 * HOUR, 17 * HOUR)]),
        ("10-1", [(10 * HOUR, 13 * HOUR)]),
        ("9-12, 2-7", [(9 * HOUR, 12 * HOUR), (14 * HOUR, 19 * HOUR)]),
        ("9-12/2-7", [(9 * HOUR, 12 * HOUR), (14 * HOUR, 19 * HOUR)]),
        ("9–noon & 1:30–6", [(9 * HOUR, 12 * HOUR), (810, 18 * HOUR)]),
        ("noon-7", [(12 * HOUR, 19 * HOUR)]),
        ("Noon to midnight", [(12 * HOUR, 24 * HOUR)]),
        ("midnight-6 am", [(0, 6 * HOUR)]),
        ("12-2", [(12 * HOUR, 14 * HOUR)]),
        ("8-8", [(8 * HOUR, 20 * HOUR)]),
        ("6-2", [(6 * HOUR, 14 * HOUR)]),
        ("6-8", [(18 * HOUR, 20 * HOUR)]),
        ("9 am - 5", [(9 * HOUR, 17 * HOUR)]),
        ("2pm-7", [(14 * HOUR, 19 * HOUR)]),
        ("8 pm–12", [(20 * HOUR, 24 * HOUR)]),
        ("9 a.m. – 5 p.m.", [(9 * HOUR, 17 * HOUR)]),
        ("9a-5p", [(9 * HOUR, 17 * HOUR)]),
        ("from 9 till 5", [(9 * HOUR, 17 * HOUR)]),
        ("09:00-17:00", [(9 * HOUR, 17 * HOUR)]),
        ("02:00-07:00", [(2 * HOUR, 7 * HOUR)]),
        ("9h30-12h", [(570, 12 * HOUR)]),
        ("5–12 pm", [(5 * HOUR, 12 * HOUR)]),
    ],
)
def test_what_is_written_is_what_is_meant(text: str, windows: list[tuple[int, int]]) -> None:
    assert [(window.start_min, window.end_min) for window in read_hours(text, 1)] == windows


@pytest.mark.parametrize(
    "text", ["nine to five", "9", "9–", "9–25", "13 pm–14 pm", "9:75–10", "9–12 14–19", "–", "9am"]
)
def test_what_cannot_be_read_names_its_day(text: str) -> None:
    with pytest.raises(Invalid, match="Wednesday: please write hours like 9–12"):
        read_hours(text, 2)


@pytest.mark.parametrize(
    ("text", "guessed"),
    [
        ("2-7", True),
        ("9–5", True),
        ("2–7 pm", False),
        ("14-19", False),
        ("9am-5", False),
        ("noon-7", False),
        ("", False),
    ],
)
def test_what_was_guessed_is_known(text: str, guessed: bool) -> None:
    assert is_guessed(text, 0) is guessed


@given(st.lists(st.tuples(st.integers(0, 287), st.integers(1, 288)), max_size=4))
def test_what_is_shown_can_be_written_back(pairs: list[tuple[int, int]]) -> None:
    windows = [WeekWindow(4, start * 5, end * 5) for start, end in pairs if start < end]
    assert read_hours(written_hours(windows), 4) == windows
