"""
Backtest of an alert rule: the same metrics at instants of the past, through the same state machine.

It is evaluated not every minute, but at steps; what is shorter than a step counts as long as one. As much of the past is
covered as can be in a few seconds, the newest first.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analytics.alert_inputs import MetricInputs, Readings
from analytics.alert_metrics import measure
from analytics.data_sources import Monitor
from analytics.evaluator import SETTLE
from core.alerts.rules import Rule
from core.alerts.state_machine import OPEN, Reading, Standing, State, step
from core.platform.services import Services

WITHIN_S = 8.0  # an admin waits for it
MIN_STEP = timedelta(minutes=5)
MIN_STEPS, MAX_STEPS = 48, 336  # half hours of a day; half hours of a week


@dataclass(frozen=True)
class Replay:
    """Outcome of a backtest."""

    began: int  # incidents
    lasted: timedelta  # how long an incident was open, all of them together
    latest: Readings  # what is measured now
    since: datetime  # how far back it went
    every: timedelta  # length of a step


def step_of(rule: Rule, back: timedelta) -> timedelta:
    """Length of a step: the rule's window, so that each request counts; shorter where that makes few steps."""
    return max(MIN_STEP, min(rule.window, back / MIN_STEPS))


def can_replay(rule: Rule, back: timedelta) -> bool:
    """Whether the metric can be computed for the past, and so far back within a few seconds."""
    return rule.measured.replayable and back / step_of(rule, back) <= MAX_STEPS


def replay(services: Services, monitor: Monitor, rule: Rule, *, back: timedelta, now: datetime) -> Replay:
    """Run the backtest. Raises whatever a database or a file raises."""
    every = step_of(rule, back)
    seen: list[tuple[datetime, Readings]] = []
    stop_at = time.monotonic() + WITHIN_S
    for number in range(int(back / every) + 1):
        at = now - SETTLE - number * every
        seen.append((at, measure(MetricInputs(services, monitor, (rule,)), rule, at=at)))
        if time.monotonic() > stop_at:
            break
    began, steps = _walk(_coarse(rule, every), seen[::-1])
    return Replay(began, steps * every, seen[0][1], seen[-1][0], every)


def _coarse(rule: Rule, every: timedelta) -> Rule:
    """The rule at the resolution of steps: what lasts for one step has lasted long enough, if the rule asks for less."""
    return replace(
        rule,
        after=rule.after if rule.after > every else timedelta(),
        keep_firing=rule.keep_firing if rule.keep_firing > every else timedelta(),
    )


def _walk(rule: Rule, seen: Sequence[tuple[datetime, Readings]]) -> tuple[int, int]:
    """(incidents, steps with an open incident). seen: oldest first."""
    stood: dict[str, Standing] = {}
    began = open_steps = 0
    for at, readings in seen:
        for instance in {*stood, *readings}:
            before = stood.get(instance, Standing(State.NORMAL, at))
            after = stood[instance] = step(rule, before, readings.get(instance, Reading()), at=at)
            began += after.state in OPEN and before.state not in OPEN
        open_steps += any(standing.state in OPEN for standing in stood.values())
    return began, open_steps
