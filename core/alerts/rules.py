"""What can be measured, and when it is bad: a fixed catalogue of metrics, and what a rule about one of them says."""

import enum
from dataclasses import dataclass
from datetime import timedelta

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
OWN = "own-"  # begins the key of a rule that an admin has added
OBJECTIVE = 0.995  # of the site's requests are answered well; the burn rate is counted against it

Quiet = tuple[tuple[int, int], ...]


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

    says: what it is. rings: when a rule about it rings, with {limit}, {last} and {short_last} for its windows, and {these} or
    {each} for what its filter lets through, together or one by one.
    samples: what min_samples counts, in words. bad_below: a small number is the bad one.
    at_once: as it is at that instant; a rule's window means nothing here. longest: the longest window.
    one_by_one: each route by itself, and only while it is asked for, so that silence cannot ring.
    filters: what a rule may narrow it by. replayable: what it was at an instant of the past can still be told.
    cause: metrics that have the same one speak of the same trouble, and share an incident; "": the metric's own name.
    once: something that happens and is not over later: one notice, and none of an end.
    """

    says: str
    rings: str
    unit: Unit
    samples: str = ""
    bad_below: bool = False
    at_once: bool = False
    one_by_one: bool = False
    longest: timedelta = DAY
    filters: tuple[str, ...] = ()
    replayable: bool = True
    cause: str = ""
    once: bool = False


BY_ROUTE = ("kind", "service", "route")
METRICS = {
    "requests.error_share": Metric(
        "requests that came to nothing",
        "of {these} in the last {last}, {limit} came to nothing",
        Unit.SHARE,
        "requests",
        longest=WEEK,
        filters=BY_ROUTE,
        cause="requests.failing",
    ),
    "requests.p95_ms": Metric(
        "what 95 % of the requests stayed within",
        "of {each} in the last {last}, one in twenty took {limit}",
        Unit.MILLISECONDS,
        "requests",
        one_by_one=True,
        filters=BY_ROUTE,
    ),
    "requests.burn_times": Metric(
        "how fast the allowance of lost requests is used up",
        "in the last {last}, and in the last {short_last} as well, {these} failed so often that their allowance is used up "
        "{limit} as fast as it lasts",
        Unit.TIMES,
        "requests",
        longest=WEEK,
        filters=BY_ROUTE,
        cause="requests.failing",
    ),
    "tasks.failing_share": Metric(
        "runs of the task that fails most",
        "of the runs of one task in the last {last}, {limit} failed",
        Unit.SHARE,
        "runs",
    ),
    "errors.new_count": Metric(
        "errors that never happened before",
        "an error happens that never happened before",
        Unit.COUNT,
        one_by_one=True,
        replayable=False,
        once=True,
    ),
    "errors.back_count": Metric(
        "errors that are back",
        "an error happens again that was resolved, or ignored for a while",
        Unit.COUNT,
        one_by_one=True,
        replayable=False,
        once=True,
    ),
    "statements.slow_share": Metric(
        "database statements that were slow",
        "of the database statements of {these} in the last {last}, {limit} were slow",
        Unit.SHARE,
        "statements",
        filters=("service", "route"),
    ),
    "outbox.oldest_due_s": Metric(
        "how long the oldest due message has waited",
        "the oldest due message has waited for {limit}",
        Unit.SECONDS,
        at_once=True,
        replayable=False,
        cause="mail",
    ),
    "mail.troubled_count": Metric(
        "messages given up, or tried in vain more than once",
        "{limit} messages were given up in the last {last}, or wait after more than one try",
        Unit.COUNT,
        longest=WEEK,
        replayable=False,
        cause="mail",
    ),
    "worker.silent_s": Metric(
        "how long ago the worker looked after everything",
        "the worker has looked after nothing for {limit}",
        Unit.SECONDS,
        at_once=True,
        replayable=False,
        cause="service.silent worker",
    ),
    "service.silent_s": Metric(
        "how long a process has given no sign of life, or has hung",
        "site, console or worker has given no sign of life, or has hung, for {limit}, and was not stopped",
        Unit.SECONDS,
        at_once=True,
        one_by_one=True,
        replayable=False,
        cause="service.silent",
    ),
    "disk.used_share": Metric(
        "the disk that is in use",
        "{limit} of the disk is in use (of a large one, of its last 100 GB)",
        Unit.SHARE,
        at_once=True,
        replayable=False,
    ),
    "media.used_share": Metric(
        "the room for pictures that is in use",
        "{limit} of the room for pictures is in use",
        Unit.SHARE,
        at_once=True,
        replayable=False,
    ),
    "monitor.blind_count": Metric(
        "rules that cannot be measured",
        "{limit} rules cannot be measured",
        Unit.COUNT,
        at_once=True,
        replayable=False,
    ),
    "monitor.lost_count": Metric(
        "monitoring events that were lost", "{limit} monitoring events were lost in the last {last}", Unit.COUNT
    ),
    "monitor.silent_s": Metric(
        "how long ago anything was recorded",
        "nothing has been recorded for {limit}",
        Unit.SECONDS,
        at_once=True,
        replayable=False,
    ),
    "bookings.usual_share": Metric(
        "requests for lessons, of the usual",
        "in the last {last} {limit} of the usual requests for lessons came",
        Unit.SHARE,
        "usual requests",
        bad_below=True,
        longest=WEEK,
    ),
}
VISIT = "visit"
KINDS = {
    VISIT: "requests of families",
    "http": "requests",
    "script": "runs of console pages",
    "task": "tasks of the worker",
}
SERVICES = ("site", "console", "worker")


@dataclass(frozen=True)
class Filter:
    """
    Which requests count: kind, one service or one route, or all.

    kind: visit (what families asked the site for), http (any request, probes and programs too), script, task.
    """

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
    quiet: hours of every day in which nothing is said, minutes from midnight at the gym, such as ((1320, 360),).
    sentence: why it matters, in words that hold while nothing of it is changed; "" otherwise.
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
    quiet: Quiet = ()

    @property
    def is_own(self) -> bool:
        """Added by an admin; the others came with the gym."""
        return self.key.startswith(OWN)

    @property
    def measured(self) -> Metric:
        return METRICS[self.metric]

    def is_bad(self, value: float) -> bool:
        return value <= self.fire_at if self.measured.bad_below else value >= self.fire_at

    def is_good(self, value: float) -> bool:
        """Well enough to end what has begun."""
        return value > self.recover_at if self.measured.bad_below else value < self.recover_at


def cause_of(rule: Rule, instance: str) -> str:
    """What the rule's incident is about: rules about one thing share one open incident, whatever their limits are."""
    narrowed = (rule.filter.kind, rule.filter.service, rule.filter.route) if rule.measured.filters else ()
    return " ".join(part for part in (rule.measured.cause or rule.metric, *narrowed, instance) if part)
