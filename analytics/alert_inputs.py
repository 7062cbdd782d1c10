"""What the alert rules measure, at one instant: the gym's database, its disk, and the monitor's store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analytics.data_sources import Monitor
from analytics.window import Window
from core.alerts.rules import Filter, Rule
from core.alerts.state_machine import Lead, Reading
from core.platform.services import Services

Readings = dict[str, Reading]
Count = tuple[int, int]
NOTHING = Reading()
TILED_FROM = timedelta(hours=24)  # longer windows are read by whole hours
COUNTED = ("requests.error_share", "requests.burn_times")


@dataclass(frozen=True)
class House:
    """
    Services, the monitor, and the rules that are measured together.

    counts, leads: what was counted already, since several rules ask for the same.
    problems: rules that could not be measured, and why; filled in by whoever measures.
    """

    services: Services
    monitor: Monitor
    rules: Sequence[Rule] = ()
    counts: dict[Filter, dict[timedelta, Count]] = field(default_factory=dict)
    leads: dict[Filter, Lead | None] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def windows(self, which: Filter) -> set[timedelta]:
        """Over which of these requests are counted row by row."""
        found = {
            window
            for rule in self.rules
            for window in (rule.window, rule.short_window)
            if rule.metric in COUNTED and rule.filter == which and window is not None
        }
        return {window for window in found if window < TILED_FROM or which.route}

    def window(self, rule: Rule, at: datetime) -> Window:
        """The rule's own, ending at this instant."""
        return Window(at - rule.window, at, self.services.settings.zone)


def seconds_since(then: datetime, at: datetime) -> float:
    return max(0.0, (at - then).total_seconds())
