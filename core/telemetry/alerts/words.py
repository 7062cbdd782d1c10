"""Numbers, limits and incidents as people say them."""

from datetime import timedelta

from core.telemetry.alerts.machine import State
from core.telemetry.alerts.models import AlertChange, Incident
from core.telemetry.alerts.rules import BY_KEY, METRICS, Rule, Unit
from core.words import spoken_length

SECOND_MS = 1000


def rule_of(key: str) -> Rule:
    """The rule of this key, also if a later version of this program has it no more."""
    return BY_KEY.get(key) or Rule(key, key, "A rule of an earlier version.", "monitor.lost_count", 1, 1)


def said(value: float | None, unit: Unit) -> str:
    """ "6.2 %", "1.4 s", "6 minutes", "12", "14.4 ×"; "nothing to measure" for None."""
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


def limit(rule: Rule, fire_at: float | None = None) -> str:
    """ "2 % or more", "33 % or less"."""
    direction = "or less" if rule.measured.bad_below else "or more"
    return f"{said(rule.fire_at if fire_at is None else fire_at, rule.measured.unit)} {direction}"


def headline(incident: Incident) -> str:
    """ "A page is slow: /coaches/{slug}"."""
    title = rule_of(incident.rule_key).title
    return f"{title}: {incident.instance}" if incident.instance else title


def measured(incident: Incident) -> str:
    """What is counted: "requests that failed"."""
    return METRICS[rule_of(incident.rule_key).metric].says


def became(change: AlertChange) -> str:
    """What a change was, in a few words: "fires", "is over"."""
    if change.before == change.after:
        return "still fires" if change.after == State.FIRING else f"still {change.after}"
    match change.after:
        case State.PENDING:
            return "is bad, and watched"
        case State.FIRING if change.before == State.RECOVERING:
            return "is bad again"
        case State.FIRING:
            return "fires"
        case State.RECOVERING:
            return "is good again, and watched"
        case State.NO_DATA:
            return "has nothing to measure"
    if change.account_id is not None:
        return "was resolved"
    return "is over" if change.before != State.PENDING else "was nothing"


def _plain(value: float) -> str:
    """Three figures at most: "6.2", "14.4", "100", "0.05"."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"
