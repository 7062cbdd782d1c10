"""What can be measured, and when it is bad: a fixed catalogue of metrics, and the rules a gym begins with."""

import enum
from dataclasses import dataclass
from datetime import timedelta

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OBJECTIVE = 0.995  # of the site's requests are answered well; the burn rate is counted against it


class Severity(enum.StrEnum):
    WARNING = "warning"
    CRITICAL = "critical"


class NoData(enum.StrEnum):
    """What it means that nothing was there to measure: nothing bad, nothing new, or something bad of its own."""

    OK = "ok"
    KEEP = "keep"
    ALERT = "alert"


class Unit(enum.StrEnum):
    SHARE = "share"  # 0.0 to 1.0, said in percent
    MILLISECONDS = "milliseconds"
    SECONDS = "seconds"
    COUNT = "count"
    TIMES = "times"


@dataclass(frozen=True)
class Metric:
    """
    One thing that can be measured.

    samples: what min_samples counts, in words. bad_below: a small number is the bad one.
    at_once: as it is at that instant; a rule's window means nothing here.
    """

    says: str
    unit: Unit
    samples: str = ""
    bad_below: bool = False
    at_once: bool = False


METRICS = {
    "requests.error_share": Metric("requests that came to nothing", Unit.SHARE, "requests"),
    "requests.p95_ms": Metric("what 95 % of the requests stayed within", Unit.MILLISECONDS, "requests"),
    "requests.burn_times": Metric("how fast the allowance of lost requests is used up", Unit.TIMES, "lost requests"),
    "statements.slow_share": Metric("database statements that were slow", Unit.SHARE, "statements"),
    "outbox.oldest_due_s": Metric("how long the oldest due message has waited", Unit.SECONDS, at_once=True),
    "mail.troubled_count": Metric("messages given up, or tried in vain more than once", Unit.COUNT),
    "worker.silent_s": Metric("how long ago the worker looked after everything", Unit.SECONDS, at_once=True),
    "disk.used_share": Metric("the disk that is in use", Unit.SHARE, at_once=True),
    "monitor.lost_count": Metric("monitoring events that were lost", Unit.COUNT),
    "monitor.silent_s": Metric("how long ago anything was recorded", Unit.SECONDS, at_once=True),
    "bookings.usual_share": Metric("requests for lessons, of the usual", Unit.SHARE, "usual requests", bad_below=True),
}


@dataclass(frozen=True)
class Filter:
    """Which requests count: kind (http, script, task), one service or one route, or all."""

    kind: str = "http"
    service: str = ""
    route: str = ""


@dataclass(frozen=True)
class Rule:
    """
    When to wake somebody.

    fire_at, recover_at: the limit, and the limit of its end, so that a number that wavers does not ring twice.
    window: what the number is taken over. short_window: of a burn rate, the second window that must be as bad.
    after: how long it must be bad. keep_firing: how long it must be good again.
    min_samples: of fewer nothing begins; what has begun does not end for want of them.
    no_data_after: how long nothing must be there before that is an incident (NoData.ALERT).
    repeat: said again after this long while nobody has acknowledged it; None: once.
    quiet: hours of every day in which nothing is said, minutes from midnight at the gym, such as (1320, 360).
    """

    key: str
    title: str
    sentence: str
    metric: str
    fire_at: float
    recover_at: float
    severity: Severity = Severity.WARNING
    filter: Filter = Filter()
    window: timedelta = 5 * MINUTE
    short_window: timedelta | None = None
    after: timedelta = timedelta()
    keep_firing: timedelta = 5 * MINUTE
    min_samples: int = 0
    no_data: NoData = NoData.OK
    no_data_after: timedelta = 10 * MINUTE
    repeat: timedelta | None = 4 * HOUR
    enabled: bool = True
    quiet: tuple[int, int] | None = None

    @property
    def measured(self) -> Metric:
        return METRICS[self.metric]

    def is_bad(self, value: float) -> bool:
        return value <= self.fire_at if self.measured.bad_below else value >= self.fire_at

    def is_good(self, value: float) -> bool:
        """Well enough to end what has begun."""
        return value > self.recover_at if self.measured.bad_below else value < self.recover_at


DEFAULT_RULES = (
    Rule(
        "errors",
        "Requests fail",
        "Of the requests of five minutes, two in a hundred came to nothing because something broke here.",
        "requests.error_share",
        fire_at=0.02,
        recover_at=0.01,
        min_samples=20,
        after=MINUTE,
    ),
    Rule(
        "errors-critical",
        "Many requests fail",
        "Of the requests of five minutes, five in a hundred came to nothing because something broke here: families cannot book.",
        "requests.error_share",
        fire_at=0.05,
        recover_at=0.03,
        min_samples=20,
        severity=Severity.CRITICAL,
        repeat=HOUR,
    ),
    Rule(
        "slow-route",
        "A page is slow",
        "One in twenty requests of a page took longer than a second.",
        "requests.p95_ms",
        fire_at=1000,
        recover_at=800,
        window=10 * MINUTE,
        min_samples=20,
        after=2 * MINUTE,
        keep_firing=10 * MINUTE,
    ),
    Rule(
        "slow-statements",
        "The database is slow",
        "Two in a hundred statements took longer than a tenth of a second.",
        "statements.slow_share",
        fire_at=0.02,
        recover_at=0.01,
        window=10 * MINUTE,
        min_samples=200,
        after=2 * MINUTE,
        keep_firing=10 * MINUTE,
    ),
    Rule(
        "mail-waits",
        "Mail is not going out",
        "A message has been due for more than five minutes.",
        "outbox.oldest_due_s",
        fire_at=300,
        recover_at=60,
        severity=Severity.CRITICAL,
        repeat=HOUR,
    ),
    Rule(
        "mail-fails",
        "Mail fails",
        "Within an hour three messages were given up, or tried more than once in vain.",
        "mail.troubled_count",
        fire_at=3,
        recover_at=1,
        window=HOUR,
    ),
    Rule(
        "worker-silent",
        "The worker is silent",
        "For more than two minutes nobody expired requests or sent mail.",
        "worker.silent_s",
        fire_at=120,
        recover_at=60,
        severity=Severity.CRITICAL,
        keep_firing=MINUTE,
        repeat=HOUR,
    ),
    Rule(
        "disk",
        "The disk fills up",
        "Four fifths of the disk that holds the data are in use.",
        "disk.used_share",
        fire_at=0.80,
        recover_at=0.78,
        after=5 * MINUTE,
        repeat=DAY,
    ),
    Rule(
        "disk-critical",
        "The disk is almost full",
        "Nineteen twentieths of the disk are in use: soon nothing can be booked.",
        "disk.used_share",
        fire_at=0.95,
        recover_at=0.93,
        severity=Severity.CRITICAL,
        repeat=HOUR,
    ),
    Rule(
        "lost",
        "Monitoring loses events",
        "Something was not recorded, so these pages show less than there was.",
        "monitor.lost_count",
        fire_at=1,
        recover_at=1,
        window=15 * MINUTE,
        keep_firing=15 * MINUTE,
        repeat=DAY,
    ),
    Rule(
        "recorder-silent",
        "Nothing is recorded",
        "No process of the house has recorded a sign of life for two minutes.",
        "monitor.silent_s",
        fire_at=120,
        recover_at=60,
        after=MINUTE,  # a house that was just started has not recorded anything yet
        no_data=NoData.ALERT,
        repeat=DAY,
    ),
    Rule(
        "bookings-low",
        "Far fewer requests than usual",
        "In six hours fewer than a third as many families asked for lessons as on this weekday in the last four weeks. "
        "Hours in which nobody usually asks are no incident.",
        "bookings.usual_share",
        fire_at=0.33,
        recover_at=0.6,
        window=6 * HOUR,
        min_samples=8,
        after=30 * MINUTE,
        keep_firing=30 * MINUTE,
        repeat=DAY,
    ),
    Rule(
        "burn-fast",
        "Failing fast",
        "At this rate a month’s allowance of lost requests (one in two hundred) is gone in two days.",
        "requests.burn_times",
        fire_at=14.4,
        recover_at=7.2,
        window=HOUR,
        short_window=5 * MINUTE,
        min_samples=10,
        severity=Severity.CRITICAL,
        repeat=HOUR,
    ),
    Rule(
        "burn-steady",
        "Failing steadily",
        "At this rate a month’s allowance of lost requests is gone in five days.",
        "requests.burn_times",
        fire_at=6,
        recover_at=3,
        window=6 * HOUR,
        short_window=30 * MINUTE,
        min_samples=20,
        severity=Severity.CRITICAL,
        keep_firing=15 * MINUTE,
    ),
    Rule(
        "burn-slow",
        "Failing slowly",
        "Over three days more requests came to nothing than a month can bear.",
        "requests.burn_times",
        fire_at=1,
        recover_at=0.8,
        window=3 * DAY,
        short_window=6 * HOUR,
        min_samples=30,
        keep_firing=HOUR,
        repeat=DAY,
    ),
)
BY_KEY = {rule.key: rule for rule in DEFAULT_RULES}
