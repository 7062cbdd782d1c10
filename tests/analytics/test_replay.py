"""What a rule would have done: as often as it did, where it was measured every minute."""

from dataclasses import replace
from datetime import timedelta

import pytest

from analytics import replay as replaying
from analytics.replay import Replay, can_replay, replay, step_of
from core.alerts.default_rules import BY_KEY, DEFAULT_RULES
from core.alerts.rules import DAY, HOUR, WEEK, Filter, NoData, Rule
from core.alerts.state_machine import Reading
from core.platform.services import Services
from tests.analytics.alarmed import MINUTE, NOW, Watched
from tests.analytics.house import House
from tests.telemetry.alarm import hire


@pytest.fixture
def watched(services: Services, house: House) -> Watched:
    """A gym with an admin."""
    hire(services, "Ada")
    return Watched(services, house)


def pass_two_bad_stretches(watched: Watched, *, evaluated: bool = False) -> None:
    """Within an hour."""
    for failed in (0, *(6 * [10]), *(18 * [0])) * 2:
        watched.pass_a_minute(20, failed)
        if evaluated:
            watched.evaluate()


def looked_back(watched: Watched, rule: Rule, back: timedelta = HOUR) -> Replay:
    return replay(watched.services, watched.monitor, rule, back=back, now=watched.now)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_it_tells_what_the_evaluator_did(watched: Watched) -> None:
    pass_two_bad_stretches(watched, evaluated=True)
    assert watched.changes("errors-critical").count("fires!") == 2
    found = looked_back(watched, BY_KEY["errors-critical"])
    assert found.began == 2 and 15 * MINUTE <= found.lasted <= 40 * MINUTE
    assert found.latest[""].value == 0.0 and found.every == 5 * MINUTE
    assert found.since == watched.now - timedelta(seconds=15) - HOUR


def test_other_limits_would_have_done_otherwise(watched: Watched) -> None:
    pass_two_bad_stretches(watched)
    assert looked_back(watched, replace(BY_KEY["errors"], fire_at=0.9, recover_at=0.8)).began == 0
    assert looked_back(watched, replace(BY_KEY["errors"], filter=Filter(route="/nowhere"))).began == 0
    patient = replace(BY_KEY["errors-critical"], after=30 * MINUTE)
    assert looked_back(watched, patient).began == 0, "neither lasted so long"
    silent = replace(patient, filter=Filter(route="/nowhere"), no_data=NoData.ALERT)
    assert looked_back(watched, silent).began == 1


def test_each_route_counts_on_its_own(watched: Watched) -> None:
    pass_two_bad_stretches(watched)
    rule = replace(BY_KEY["slow-route"], fire_at=0.001, recover_at=0.000_9, min_samples=1)
    found = looked_back(watched, rule)
    assert set(found.latest) == {"/"} and found.began == 1


def test_it_looks_back_for_a_few_seconds_only(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "WITHIN_S", -1.0)
    found = looked_back(watched, BY_KEY["errors"], DAY)
    assert found.since == watched.now - timedelta(seconds=15), "the newest is looked at first"


def test_it_is_offered_where_the_past_can_be_told() -> None:
    offered = {rule.key for rule in DEFAULT_RULES if can_replay(rule, DAY)}
    assert {"errors", "slow-route", "bookings-low", "burn-slow", "lost"} <= offered
    assert not {"disk", "worker-silent", "mail-waits", "mail-fails", "recorder-silent"} & offered
    assert can_replay(BY_KEY["burn-slow"], WEEK) and not can_replay(BY_KEY["errors"], WEEK), "too many steps"
    assert step_of(BY_KEY["errors"], DAY) == 5 * MINUTE and step_of(BY_KEY["burn-slow"], DAY) == 30 * MINUTE


def test_nothing_was_recorded_is_nothing_to_tell(services: Services, house: House) -> None:
    found = replay(services, Watched(services, house).monitor, BY_KEY["errors"], back=HOUR, now=NOW)
    assert (found.began, found.lasted, found.latest) == (0, timedelta(), {"": Reading()})
