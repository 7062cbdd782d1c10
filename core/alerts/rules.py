"""Alert rules and the fixed catalogue of metrics that they are about."""

import enum
from dataclasses import dataclass
from datetime import timedelta

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
OWN = "own-"  # begins the key of a rule that an admin has added
OBJECTIVE = 0.995  # service level: this share of requests is answered well; the rest is the error budget

Quiet = tuple[tuple[int, int], ...]


class Severity(enum.StrEnum):
    """How urgent an incident is."""

    WARNING = "warning"
    CRITICAL = "critical"


class NoData(enum.StrEnum):
    """What missing data means for a rule's state."""

    OK = "ok"  # as if the value were good
    KEEP = "keep"  # the state stays
    ALERT = "alert"  # an incident of its own


class Unit(enum.StrEnum):
    """Unit of a metric's value."""

    SHARE = "share"  # 0.0 to 1.0, said in percent
    MILLISECONDS = "milliseconds"
    SECONDS = "seconds"
    COUNT = "count"
    TIMES = "times"


@dataclass(frozen=True)
class Metric:
    """
    A metric of the catalogue.

    fires_when has {limit}, {last} and {short_last} for a rule's windows, and {these} or {each} for what its filter lets
    through, together or one by one.
    """

    label: str  # its name, for people
    fires_when: str  # the condition under which a rule about it fires, for people
    unit: Unit
    samples: str = ""  # what min_samples counts, in words
    bad_below: bool = False  # a small value is the bad one
    at_once: bool = False  # a gauge: its value at that instant; a rule's window means nothing here
    one_by_one: bool = False  # an instance for each route, only while it has requests, so missing data cannot fire
    longest: timedelta = DAY  # window of a rule
    filters: tuple[str, ...] = ()  # what a rule may narrow it by
    replayable: bool = True  # its value at an instant of the past can still be computed
    cause: str = ""  # metrics with the same cause share an incident; "": the metric's own key
    once: bool = False  # an event without an end: one notification, and none that it resolved


BY_ROUTE = ("kind", "service", "route")
# The keys are stored with rules and incidents, and sent to the webhook: they never change.
METRICS = {
    "requests.error_share": Metric(
        "error rate",
        "the error rate of {these} in the last {last} is {limit}",
        Unit.SHARE,
        "requests",
        longest=WEEK,
        filters=BY_ROUTE,
        cause="requests.failing",
    ),
    "requests.p95_ms": Metric(
        "p95 latency",
        "the p95 latency of {each} in the last {last} is {limit}",
        Unit.MILLISECONDS,
        "requests",
        one_by_one=True,
        filters=BY_ROUTE,
    ),
    "requests.burn_times": Metric(
        "burn rate of the error budget",
        "the burn rate of the error budget of {these} is {limit}, over the last {last} and over the last {short_last} as well",
        Unit.TIMES,
        "requests",
        longest=WEEK,
        filters=BY_ROUTE,
        cause="requests.failing",
    ),
    "tasks.failing_share": Metric(
        "error rate of the task that fails most",
        "the error rate of one task in the last {last} is {limit}",
        Unit.SHARE,
        "runs",
    ),
    "errors.new_count": Metric(
        "new errors",
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
        "share of slow database statements",
        "the share of slow database statements of {these} in the last {last} is {limit}",
        Unit.SHARE,
        "statements",
        filters=("service", "route"),
    ),
    "outbox.oldest_due_s": Metric(
        "age of the oldest due mail",
        "the oldest due mail has waited for {limit}",
        Unit.SECONDS,
        at_once=True,
        replayable=False,
        cause="mail",
    ),
    "mail.troubled_count": Metric(
        "mails given up, or tried in vain more than once",
        "{limit} mails were given up in the last {last}, or wait after more than one try",
        Unit.COUNT,
        longest=WEEK,
        replayable=False,
        cause="mail",
    ),
    "worker.silent_s": Metric(
        "time since the worker's last sweep",
        "the worker has not swept for {limit}",
        Unit.SECONDS,
        at_once=True,
        replayable=False,
        cause="service.silent worker",
    ),
    "service.silent_s": Metric(
        "time since a process's last heartbeat, or how long it has hung",
        "site, console or worker has sent no heartbeat, or has hung, for {limit}, and was not stopped",
        Unit.SECONDS,
        at_once=True,
        one_by_one=True,
        replayable=False,
        cause="service.silent",
    ),
    "disk.used_share": Metric(
        "disk usage",
        "disk usage is {limit} (of a large disk, of its last 100 GB)",
        Unit.SHARE,
        at_once=True,
        replayable=False,
    ),
    "media.used_share": Metric(
        "photo storage usage",
        "photo storage usage is {limit}",
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
        "time since anything was recorded",
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
    """Filter of the requests that a rule counts."""

    kind: str = "http"  # visit (families on the site), http (any request, probes and programs too), script, task
    service: str = ""  # "": all
    route: str = ""  # its template; "": all


@dataclass(frozen=True)
class Rule:
    """An alert rule: a metric, a limit, and for how long."""

    key: str
    title: str
    sentence: str  # why it matters, in words that hold while nothing of it is changed; "" otherwise
    metric: str  # key of METRICS
    fire_at: float  # the limit
    recover_at: float  # the limit of its end (hysteresis), so that a value that wavers does not fire twice
    severity: Severity = Severity.WARNING
    filter: Filter = Filter()
    window: timedelta = 5 * MINUTE  # what the value is taken over
    short_window: timedelta | None = None  # of a burn rate, the second window that must be as bad
    after: timedelta = timedelta()  # how long it must be bad before it fires
    keep_firing: timedelta = 5 * MINUTE  # how long it must be good before it resolves
    min_samples: int = 0  # with fewer it does not fire; what fires does not resolve for want of them
    no_data: NoData = NoData.OK
    no_data_after: timedelta = 10 * MINUTE  # how long data must be missing before that is an incident (NoData.ALERT)
    repeat: timedelta | None = 4 * HOUR  # between reminders, while nobody has acknowledged it; None: no reminders
    enabled: bool = True
    quiet: Quiet = ()  # quiet hours of every day, minutes from midnight at the gym, such as ((1320, 360),)

    @property
    def is_own(self) -> bool:
        """Whether it is a custom rule; the others are defaults."""
        return self.key.startswith(OWN)

    @property
    def measured(self) -> Metric:
        """Its metric."""
        return METRICS[self.metric]

    def is_bad(self, value: float) -> bool:
        """Whether a value breaches the limit."""
        return value <= self.fire_at if self.measured.bad_below else value >= self.fire_at

    def is_good(self, value: float) -> bool:
        """Whether a value is good enough to resolve what fires."""
        return value > self.recover_at if self.measured.bad_below else value < self.recover_at


def cause_of(rule: Rule, instance: str) -> str:
    """Correlation key of the rule's incident: rules with one key share an open incident, whatever their limits are."""
    narrowed = (rule.filter.kind, rule.filter.service, rule.filter.route) if rule.measured.filters else ()
    return " ".join(part for part in (rule.measured.cause or rule.metric, *narrowed, instance) if part)
