"""Formatting for people: values with units, limits, rules and changes in sentences."""

from datetime import timedelta

from core.alerts.default_rules import BY_KEY
from core.alerts.models import AlertChange, Incident
from core.alerts.quiet_hours import spoken_quiet
from core.alerts.rules import KINDS, METRICS, VISIT, Filter, Metric, NoData, Rule, Unit
from core.alerts.state_machine import State
from core.wording import spoken_length

SECOND_MS = 1000


GONE = Metric("something that is not measured any more", "", Unit.COUNT)
EACH = {
    "visit": "requests of families for one page",
    "http": "requests of one page",
    "script": "runs of one console page",
    "task": "runs of one task",
}


def format_value(value: float | None, unit: Unit) -> str:
    """A value with its unit: "6.2 %", "1.4 s", "6 minutes", "12", "14.4 ×"; "nothing to measure" for None."""
    if value is None:
        return "nothing to measure"
    match unit:
        case Unit.SHARE:
            return f"{_plain(value * 100)} %"
        case Unit.MILLISECONDS:
            return f"{round(value / SECOND_MS, 1):g} s" if value >= SECOND_MS else f"{value:.0f} ms"
        case Unit.SECONDS:
            return f"{value:.0f} s" if value < 60 else spoken_length(timedelta(seconds=value))
        case Unit.TIMES:
            return f"{_plain(value)} ×"
        case Unit.COUNT:
            return f"{value:.0f}"


def limit(metric: Metric, fire_at: float) -> str:
    """A limit: "2 % or more", "33 % or less"."""
    return f"{format_value(fire_at, metric.unit)} {'or less' if metric.bad_below else 'or more'}"


def headline(incident: Incident) -> str:
    """Title and instance of an incident: "A page is slow: /coaches/{coach}"."""
    return f"{incident.title}: {incident.instance}" if incident.instance else incident.title


def metric_of(incident: Incident) -> Metric:
    """The metric of an incident; GONE where a later release has dropped it."""
    return METRICS.get(incident.metric, GONE)


def metric_of_change(change: AlertChange, incident: Incident) -> Metric:
    """The metric of a change's value: several rules may share the incident."""
    return METRICS.get(change.metric) or metric_of(incident)


def lead(incident: Incident) -> str:
    """What fails most: "Most of it: /coaches/{coach} (ValueError: no hours)"; "" where nothing is known."""
    error = f"{incident.lead_error}" if incident.lead_error_id else ""
    if not incident.lead_route:
        return f"The error: {error}" if error else ""
    return f"Most of it: {incident.lead_route}" + (f" ({error})" if error else "")


def fires_when(rule: Rule) -> str:
    """A rule's condition: "Fires when the error rate of all requests in the last 5 minutes is 2 % or more, for 1 minute on end."."""
    metric = rule.measured
    condition = metric.fires_when.format(
        limit=limit(metric, rule.fire_at),
        last=_last(rule.window),
        short_last=_last(rule.short_window or rule.window),
        these=_these(rule.filter, KINDS, metric),
        each=_these(rule.filter, KINDS if rule.filter.route else EACH, metric),
    )
    lasting = f", for {spoken_length(rule.after)} on end" if rule.after else ""
    few = f" Fewer than {rule.min_samples} {metric.samples} are too few to fire." if rule.min_samples > 1 else ""
    pause = "," if condition.startswith("in ") else ""
    return f"Fires when{pause} {condition}{lasting}.{few}"


def describe(rule: Rule) -> list[str]:
    """A rule's whole behavior, in a few sentences."""
    beyond = f"{'above' if rule.measured.bad_below else 'below'} {format_value(rule.recover_at, rule.measured.unit)}"
    if rule.measured.once:
        return [fires_when(rule), "There is one notification for each of them."]
    over = f"has been {beyond} for {spoken_length(rule.keep_firing)}" if rule.keep_firing else f"is {beyond}"
    again = f"again every {_last(rule.repeat)} while nobody looks after it" if rule.repeat else "once"
    sentences = [fires_when(rule), f"It resolves when that {over}.", f"Admins are notified {again}."]
    if rule.no_data is NoData.ALERT:
        sentences.append(f"It fires as well when there is nothing to measure for {spoken_length(rule.no_data_after)}.")
    if rule.no_data is NoData.KEEP:
        sentences.append("While there is nothing to measure, its state stays as it is.")
    if rule.quiet:
        sentences.append(f"Every day no notifications go out at {spoken_quiet(rule.quiet)}.")
    return sentences


def of_rule(change: AlertChange, incident: Incident) -> str:
    """Prefix "Failing fast: " for a change of another rule than the incident's leading one; "" else."""
    if change.rule_key == incident.rule_key:
        return ""
    return f"{BY_KEY[change.rule_key].title}: " if change.rule_key in BY_KEY else f"{change.rule_key}: "


def became(change: AlertChange) -> str:
    """A change in a few words: "fires", "resolved"."""
    if change.worse:
        return "is more severe"
    if change.before == change.after:
        return "still fires" if change.after == State.FIRING else f"still {change.after}"
    match change.after:
        case State.PENDING:
            return "is pending"
        case State.FIRING if change.before == State.RECOVERING:
            return "fires again"
        case State.FIRING:
            return "fires"
        case State.RECOVERING:
            return "is recovering"
        case State.NO_DATA:
            return "has nothing to measure"
    if change.account_id is not None:
        return "was resolved by hand"
    return "resolved" if change.before != State.PENDING else "did not fire"


def _plain(value: float) -> str:
    """Three figures at most: "6.2", "14.4", "100", "0.05"."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _these(which: Filter, nouns: dict[str, str], metric: Metric) -> str:
    """ "requests", "requests of the site to /coaches/{coach}"."""
    noun = nouns.get(which.kind, which.kind) if "kind" in metric.filters else "requests"
    of = f" of the {which.service}" if which.service and which.service not in noun else ""
    if not which.route:
        return (f"all {noun}{of}" if nouns is KINDS else f"{noun}{of}").strip()
    return f"{noun}{of} {'to' if which.kind in ('http', VISIT) else 'named'} {which.route}"


def _last(length: timedelta) -> str:
    """ "5 minutes", "hour"."""
    return spoken_length(length).removeprefix("1 ")
