"""
From one state to the next. The number and the time are arguments; nothing is read and nothing is written here.

    normal ──bad──► pending ──bad for `after`──► firing ──good──► recovering ──good for `keep_firing`──► normal
                       └──not bad──► normal        ▲─────not good──────┘
    normal, pending ──nothing to measure for `no_data_after`──► no data ──something──► normal or firing

Pending ends when it is not bad any more; firing only when it is good, which is less. So a number that wavers between the
two limits neither begins anything nor rings twice.
"""

import enum
from dataclasses import dataclass, replace
from datetime import datetime

from core.alerts.rules import NoData, Rule


class State(enum.StrEnum):
    NORMAL = "normal"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    NO_DATA = "no data"


OPEN = (State.FIRING, State.RECOVERING, State.NO_DATA)  # an incident is


@dataclass(frozen=True)
class Lead:
    """
    Where to look first: the route or task that fails most, and the group of errors that most of it falls into.

    error_id: of the group, 0 for none. Titles are shortened.
    """

    service: str = ""
    route: str = ""
    error_id: int = 0
    error_title: str = ""


@dataclass(frozen=True)
class Reading:
    """
    What was measured. value: None when there was nothing to measure; samples: of how many.

    problem: why it could not be measured, in words; then nothing is concluded.
    is_certain: clear enough though the samples are few. lead: where to look, if it is bad.
    """

    value: float | None = None
    samples: int = 0
    detail: str = ""
    problem: str = ""
    is_certain: bool = False
    lead: Lead | None = None


@dataclass(frozen=True)
class Standing:
    """Where a rule stands. since: the instant of its last change. silent_since: when there began to be nothing to measure."""

    state: State
    since: datetime
    silent_since: datetime | None = None

    def become(self, state: State, at: datetime) -> "Standing":
        return self if state is self.state else replace(self, state=state, since=at)


class _Look(enum.Enum):
    GOOD, BETWEEN, BAD = range(3)


def step(rule: Rule, standing: Standing, reading: Reading, *, at: datetime) -> Standing:
    """Where the rule stands after this reading, taken at `at`."""
    if reading.problem:
        return standing
    if reading.value is None:
        return _with_nothing(rule, standing, at)
    return _next(rule, replace(standing, silent_since=None), _look(rule, reading.value, reading), at)


def _look(rule: Rule, value: float, reading: Reading) -> _Look:
    if rule.is_bad(value) and (reading.is_certain or reading.samples >= rule.min_samples):
        return _Look.BAD
    return _Look.GOOD if rule.is_good(value) else _Look.BETWEEN


def _next(rule: Rule, standing: Standing, look: _Look, at: datetime) -> Standing:
    been = at - standing.since
    match standing.state:
        case State.NORMAL if look is _Look.BAD:
            return standing.become(State.PENDING if rule.after else State.FIRING, at)
        case State.PENDING if look is not _Look.BAD:
            return standing.become(State.NORMAL, at)
        case State.PENDING if been >= rule.after:
            return standing.become(State.FIRING, at)
        case State.FIRING if look is _Look.GOOD:
            return standing.become(State.RECOVERING if rule.keep_firing else State.NORMAL, at)
        case State.RECOVERING if look is not _Look.GOOD:
            return standing.become(State.FIRING, at)
        case State.RECOVERING if been >= rule.keep_firing:
            return standing.become(State.NORMAL, at)
        case State.NO_DATA:
            return standing.become(State.FIRING if look is _Look.BAD else State.NORMAL, at)
    return standing


def _with_nothing(rule: Rule, standing: Standing, at: datetime) -> Standing:
    if rule.no_data is NoData.OK:
        return _next(rule, standing, _Look.GOOD, at)
    if rule.no_data is NoData.KEEP:
        return standing
    silent = replace(standing, silent_since=standing.silent_since or at)
    assert silent.silent_since is not None
    began = standing.state in (State.NORMAL, State.PENDING)
    if began and at - silent.silent_since >= rule.no_data_after:
        return silent.become(State.NO_DATA, at)
    return silent
