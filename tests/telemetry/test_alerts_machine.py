"""A rule's states, with the number and the time as arguments: a clock is stepped through every way there is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.alerts import sentences
from core.alerts.default_rules import BY_KEY, DEFAULT_RULES
from core.alerts.rules import METRICS, MINUTE, NoData, Rule
from core.alerts.state_machine import Reading, Standing, State, step

NOON = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
RULE = Rule(
    "errors",
    "Requests fail",
    "…",
    "requests.error_share",
    fire_at=0.02,
    recover_at=0.01,
    after=2 * MINUTE,
    keep_firing=5 * MINUTE,
    min_samples=20,
)
BAD, BETWEEN, GOOD = Reading(0.05, 100), Reading(0.015, 100), Reading(0.0, 100)
THIN, NOTHING = Reading(0.5, 19), Reading()
BROKEN = Reading(problem="could not be measured")


def walk(*readings: Reading, rule: Rule = RULE, state: State = State.NORMAL) -> list[str]:
    """The state after each reading, a minute apart."""
    standing, states = Standing(state, NOON), []
    for minute, reading in enumerate(readings):
        standing = step(rule, standing, reading, at=NOON + minute * MINUTE)
        states.append(standing.state.value)
    return states


def test_it_fires_when_it_was_bad_for_long_enough_and_is_over_when_it_was_good_for_long_enough() -> None:
    states = walk(GOOD, BAD, BAD, BAD, BAD, GOOD, GOOD, GOOD, GOOD, GOOD, GOOD)
    assert states == ["normal", "pending", "pending", "firing", "firing", *["recovering"] * 5, "normal"]


def test_a_short_peak_is_nothing() -> None:
    assert walk(BAD, BAD, BETWEEN, BAD) == ["pending", "pending", "normal", "pending"]


def test_what_wavers_between_the_limits_neither_begins_nor_ends() -> None:
    assert walk(BETWEEN, BETWEEN) == ["normal", "normal"]
    assert walk(BETWEEN, GOOD, BETWEEN, GOOD, state=State.FIRING) == ["firing", "recovering", "firing", "recovering"]


def test_what_flaps_stays_one_incident() -> None:
    flapping = [BAD, GOOD] * 20
    states = walk(*flapping, state=State.FIRING)
    assert "normal" not in states and states == ["firing", "recovering"] * 20


def test_without_patience_it_fires_and_ends_at_once() -> None:
    at_once = replace(RULE, after=timedelta(), keep_firing=timedelta())
    assert walk(BAD, BAD, GOOD, rule=at_once) == ["firing", "firing", "normal"]


def test_too_few_samples_begin_nothing_and_end_nothing() -> None:
    assert walk(THIN, THIN, THIN, THIN) == ["normal"] * 4
    assert walk(BAD, THIN) == ["pending", "normal"]
    assert walk(THIN, THIN, state=State.FIRING) == ["firing", "firing"]
    assert walk(Reading(0.0, 3), state=State.FIRING) == ["recovering"], "few and all good is good"


@pytest.mark.parametrize(
    ("policy", "from_normal", "from_firing"),
    [
        (NoData.OK, ["normal"] * 5, ["recovering"] * 5),
        (NoData.KEEP, ["normal"] * 5, ["firing"] * 5),
        (NoData.ALERT, ["normal"] * 3 + ["no data"] * 2, ["firing"] * 5),
    ],
)
def test_nothing_to_measure_means_what_the_rule_says(
    policy: NoData, from_normal: list[str], from_firing: list[str]
) -> None:
    rule = replace(RULE, no_data=policy, no_data_after=3 * MINUTE)
    assert walk(*[NOTHING] * 5, rule=rule) == from_normal
    assert walk(*[NOTHING] * 5, rule=rule, state=State.FIRING) == from_firing


def test_no_data_ends_with_the_first_number_good_or_bad() -> None:
    rule = replace(RULE, no_data=NoData.ALERT, no_data_after=MINUTE)
    assert walk(NOTHING, NOTHING, GOOD, rule=rule) == ["normal", "no data", "normal"]
    assert walk(NOTHING, NOTHING, BAD, rule=rule) == ["normal", "no data", "firing"]
    assert walk(NOTHING, GOOD, NOTHING, GOOD, NOTHING, rule=rule) == ["normal"] * 5, "each silence counts anew"


def test_what_could_not_be_measured_changes_nothing() -> None:
    for state in State:
        assert walk(BROKEN, BROKEN, BROKEN, state=state) == [state.value] * 3


def test_a_rule_may_mind_too_little() -> None:
    rule = replace(RULE, metric="bookings.usual_share", fire_at=0.3, recover_at=0.6, after=timedelta(), min_samples=8)
    assert walk(Reading(0.3, 10), Reading(0.5, 10), Reading(0.7, 10), rule=rule) == ["firing", "firing", "recovering"]
    assert walk(Reading(0.0, 7), rule=rule) == ["normal"], "closed hours are no incident"


def test_a_clock_that_is_set_back_breaks_nothing() -> None:
    pending = Standing(State.PENDING, NOON)
    assert step(RULE, pending, BAD, at=NOON - timedelta(hours=1)) == pending


def test_every_rule_that_comes_with_the_gym_makes_sense() -> None:
    assert len(BY_KEY) == len(DEFAULT_RULES)
    for rule in DEFAULT_RULES:
        assert rule.metric in METRICS and rule.sentence.endswith(".") and rule.title
        assert rule.is_bad(rule.fire_at) and not rule.is_good(rule.fire_at)
        beyond = rule.recover_at * (1.01 if rule.measured.bad_below else 0.99)
        assert rule.is_good(beyond) and not rule.is_bad(beyond)
        assert (rule.short_window is not None) == (rule.metric == "requests.burn_times")


def test_the_page_for_admins_tells_every_rule_with_its_limits() -> None:
    told = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
    for rule in DEFAULT_RULES:
        over = sentences.format_value(rule.recover_at, rule.measured.unit)
        row = next(line for line in told.splitlines() if line.startswith(f"| {rule.title} |"))
        assert (
            f"| {rule.severity.value} |" in row
            and f"| {sentences.limit(rule.measured, rule.fire_at)} | {over} |" in row
        ), rule.key
