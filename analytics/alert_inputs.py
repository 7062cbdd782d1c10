"""Inputs of the alert metrics at one instant: database, disk and telemetry, with a memo of what rules share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analytics.data_sources import Monitor
from analytics.time_window import Window
from core.alerts.rules import Filter, Rule
from core.alerts.state_machine import Lead, Reading
from core.platform.services import Services

Readings = dict[str, Reading]
Count = tuple[int, int]
NOTHING = Reading()
TILED_FROM = timedelta(hours=24)  # longer windows are read by whole hours
COUNTED = ("requests.error_share", "requests.burn_times")  # several windows of them are counted in one query


@dataclass(frozen=True)
class MetricInputs:
    """Data sources of one evaluation, and a memo of counts, since several rules ask for the same."""

    services: Services
    monitor: Monitor
    rules: Sequence[Rule] = ()  # that are measured together
    counts: dict[Filter, dict[timedelta, Count]] = field(default_factory=dict)  # memo: requests and errors by window
    leads: dict[Filter, Lead | None] = field(default_factory=dict)  # memo
    problems: dict[str, str] = field(default_factory=dict)  # title of a rule that could not be measured → why

    def windows(self, which: Filter) -> set[timedelta]:
        """Windows over which requests of a filter are counted row by row."""
        found = {
            window
            for rule in self.rules
            for window in (rule.window, rule.short_window)
            if rule.metric in COUNTED and rule.filter == which and window is not None
        }
        return {window for window in found if window < TILED_FROM or which.route}

    def window(self, rule: Rule, at: datetime) -> Window:
        """The rule's window, ending at this instant."""
        return Window(at - rule.window, at, self.services.settings.zone)


def seconds_since(then: datetime, at: datetime) -> float:
    """Seconds between two instants; 0.0 where the first lies ahead."""
    return max(0.0, (at - then).total_seconds())
