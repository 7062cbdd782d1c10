"""Charts have the gym's colours, few marks, and times on the gym's wall."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from analytics import chart_times, charts
from analytics.deploy_markers import Marker
from analytics.time_window import Window
from core.platform import theme
from core.platform.clock import microseconds

GYM = ZoneInfo("America/Los_Angeles")
END = datetime(2026, 11, 26, 20, tzinfo=UTC)
DAY = Window(END - timedelta(hours=24), END, GYM)


def values(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Every row that a chart brings along: those of its marks once, then the names of its lines, then its rules."""
    found: list[dict[str, Any]] = []
    for layer in spec.get("layer", [spec]):
        if (rows := layer.get("data", spec.get("data", {})).get("values", [])) and rows[0] not in found:
            found += rows
    return found


def steps(window: Window, *, n: int = 50) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "step_us": microseconds(at),
                "n": n,
                "errors": 1,
                "p50_ms": 5.0,
                "p95_ms": 20.0,
                "p99_ms": 90.0,
                "max_ms": 200.0,
            }
            for at in window.steps()[1:-1]
        ]
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_chart_has_the_gym_s_colours_and_type(scheme: str) -> None:
    spec = charts.latency(steps(DAY), DAY, scheme=scheme).to_dict()
    config = spec["config"]
    assert config["range"]["category"] == list(theme.CHART_COLORS[scheme])
    assert config["axis"]["gridColor"] == theme.COLORS[scheme]["line"]
    assert config["axis"]["labelColor"] == theme.COLORS[scheme]["soft"]
    assert config["title"]["color"] == theme.COLORS[scheme]["navy"]
    assert config["font"] == theme.FONT
    colors = spec["layer"][0]["encoding"]["color"]["scale"]["range"]
    assert colors == list(theme.CHART_COLORS[scheme][:3])
    failed = charts.counts(steps(DAY), DAY, scheme=scheme).to_dict()["encoding"]["color"]["scale"]["range"][1]
    assert failed == theme.COLORS[scheme]["bad"]


def test_every_line_has_dashes_of_its_own_and_every_chart_words_for_who_does_not_see_it() -> None:
    spec = charts.latency(steps(DAY), DAY, scheme="light").to_dict()
    dashes = spec["layer"][0]["encoding"]["strokeDash"]["scale"]["range"]
    assert len({tuple(dash) for dash in dashes}) == 3
    assert spec["description"] == "p50, p95, p99 over time, in ms"


@pytest.mark.parametrize("days", [0.01, 1, 31, 90, 396])
def test_a_chart_has_a_few_hundred_marks_at_most(days: float) -> None:
    window = Window(END - timedelta(days=days), END, GYM)
    spec = charts.latency(steps(window), window, scheme="light").to_dict()
    assert 10 < len(values(spec)) <= 500


def test_a_step_that_is_thin_or_not_over_is_drawn_hollow() -> None:
    window = Window(END - timedelta(hours=1), END - timedelta(seconds=30), GYM)
    table = steps(window)
    rows = [row for row in values(charts.latency(table, window, scheme="light").to_dict()) if "thin" in row]
    assert rows[-1]["thin"] and rows[-1]["n"] == 0 and not rows[5]["thin"]
    thin = values(charts.latency(steps(window, n=19), window, scheme="light").to_dict())
    assert all(row["thin"] for row in thin if "thin" in row)


def test_a_release_is_a_thin_rule_with_a_word() -> None:
    spec = charts.latency(
        steps(DAY), DAY, scheme="light", markers=[Marker(END - timedelta(hours=3), "2026.11.1")]
    ).to_dict()
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["line", "point", "text", "rule", "text"]
    assert any(row.get("word") == "2026.11.1" for row in values(spec))


@pytest.mark.parametrize(
    ("at", "wall"),
    [
        (datetime(2026, 7, 1, 19, 30, tzinfo=UTC), datetime(2026, 7, 1, 12, 30, tzinfo=UTC)),
        (datetime(2026, 11, 26, 20, tzinfo=UTC), datetime(2026, 11, 26, 12, tzinfo=UTC)),
    ],
)
def test_a_part_that_was_dragged_over_is_the_same_instants_again(at: datetime, wall: datetime) -> None:
    at_us = microseconds(at)
    shown = chart_times.wall_ms(at_us, GYM)
    assert shown == microseconds(wall) // 1000
    assert chart_times.instants([shown + 60_000, shown], GYM) == (at_us, at_us + 60_000_000)


def test_the_hour_that_comes_twice_is_meant_both_times() -> None:
    one = chart_times.wall_ms(microseconds(datetime(2026, 11, 1, 8, 15, tzinfo=UTC)), GYM)
    again = chart_times.wall_ms(microseconds(datetime(2026, 11, 1, 9, 45, tzinfo=UTC)), GYM)
    start_us, end_us = chart_times.instants([one, again], GYM)
    assert (end_us - start_us) == 90 * 60_000_000


def test_names_at_the_ends_of_lines_stand_apart() -> None:
    rows = [
        {"at_us": DAY.start_us + i, "series": name, "value": 10.0 + i / 100, "n": 50, "thin": False}
        for name in ("one", "two", "three")
        for i in (0, 1)
    ]
    spec = charts.lines(rows, DAY, scheme="light", unit="ms").to_dict()
    places = sorted(row["place"] for row in values(spec) if "place" in row)
    assert places[1] - places[0] > 0.6 and places[2] - places[1] > 0.6
