"""
State machine of an alert rule. Pure: value and time are arguments; nothing is read and nothing is written here.

    normal ──bad──► pending ──bad for `after`──► firing ──good──► recovering ──good for `keep_firing`──► normal
                       └──not bad──► normal        ▲─────not good──────┘
    normal, pending ──nothing to measure for `no_data_after`──► no data ──something──► normal or firing

Hysteresis: pending ends when the value is not bad any more; firing only when it is good, which is less. So a value that
wavers between the two limits neither fires nor fires twice.
"""

import enum
from dataclasses import dataclass, replace
from datetime import datetime

from core.alerts.rules import NoData, Rule


class State(enum.StrEnum):
    """State of a rule, for one instance."""

    NORMAL = "normal"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    NO_DATA = "no data"


OPEN = (State.FIRING, State.RECOVERING, State.NO_DATA)  # states in which an incident is open


@dataclass(frozen=True)
class Lead:
    """Where to level first: the route or task that fails most, and the error group that most of it falls into."""

    service: str = ""
    route: str = ""
    error_id: int = 0  # of the group; 0 for none
    error_title: str = ""  # shortened


@dataclass(frozen=True)
class Reading:
    """One measurement of a rule's metric."""

    value: float | None = None  # None: there was nothing to measure
    samples: int = 0  # that the value was made of
    detail: str = ""  # the numbers behind it, in words
    problem: str = ""  # why it could not be measured, in words; then the state stays
    is_certain: bool = False  # clear enough though the samples are few
    lead: Lead | None = None  # where to level, if it is bad


@dataclass(frozen=True)
class Standing:
    """A rule's state, and since when."""

    state: State
    since: datetime  # the instant of its last change
    silent_since: datetime | None = None  # since when there is nothing to measure

    def become(self, state: State, at: datetime) -> "Standing":
        """The standing after a transition; itself where the state is the same."""
        return self if state is self.state else replace(self, state=state, since=at)


class _Level(enum.Enum):
    GOOD, BETWEEN, BAD = range(3)


def step(rule: Rule, standing: Standing, reading: Reading, *, at: datetime) -> Standing:
    """Transition: the rule's standing after this reading, taken at `at`."""
    if reading.problem:  # a fault of the measuring says nothing about what is measured
        return standing
    if reading.value is None:
        return _with_nothing(rule, standing, at)
    return _next(rule, replace(standing, silent_since=None), _level(rule, reading.value, reading), at)


def _level(rule: Rule, value: float, reading: Reading) -> _Level:
    if rule.is_bad(value) and (reading.is_certain or reading.samples >= rule.min_samples):
        return _Level.BAD
    return _Level.GOOD if rule.is_good(value) else _Level.BETWEEN


def _next(rule: Rule, standing: Standing, level: _Level, at: datetime) -> Standing:
    been = at - standing.since
    match standing.state:
        case State.NORMAL if level is _Level.BAD:
            return standing.become(State.PENDING if rule.after else State.FIRING, at)
        case State.PENDING if level is not _Level.BAD:
            return standing.become(State.NORMAL, at)
        case State.PENDING if been >= rule.after:
            return standing.become(State.FIRING, at)
        case State.FIRING if level is _Level.GOOD:
            return standing.become(State.RECOVERING if rule.keep_firing else State.NORMAL, at)
        case State.RECOVERING if level is not _Level.GOOD:
            return standing.become(State.FIRING, at)
        case State.RECOVERING if been >= rule.keep_firing:
            return standing.become(State.NORMAL, at)
        case State.NO_DATA:
            return standing.become(State.FIRING if level is _Level.BAD else State.NORMAL, at)
    return standing


def _with_nothing(rule: Rule, standing: Standing, at: datetime) -> Standing:
    """Transition where there was nothing to measure."""
    if rule.no_data is NoData.OK:
        return _next(rule, standing, _Level.GOOD, at)
    if rule.no_data is NoData.KEEP:
        return standing
    silent = replace(standing, silent_since=standing.silent_since or at)
    assert silent.silent_since is not None
    began = standing.state in (State.NORMAL, State.PENDING)
    if began and at - silent.silent_since >= rule.no_data_after:
        return silent.become(State.NO_DATA, at)
    return silent
