"""Form fields of an alert rule: widgets, and their values read back. A field that is not shown keeps its value."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import streamlit as st

from console.alerts.routes import routes_of
from console.widgets.markdown import inert
from core.alerts.quiet_hours import parse_quiet, spoken_quiet
from core.alerts.rules import DAY, HOUR, KINDS, MINUTE, SERVICES, WEEK, Filter, NoData, Rule, Severity, Unit
from core.wording import spoken_length

LENGTHS = [
    *(number * MINUTE for number in (1, 2, 5, 10, 15, 30)),
    *(number * HOUR for number in (1, 2, 3, 4, 6, 8, 12)),
    *(number * DAY for number in (1, 2, 3, 7)),
]
AT_ONCE = timedelta()
IN_WORDS = {
    Unit.SHARE: (" (%)", 100.0),
    Unit.MILLISECONDS: (" (ms)", 1.0),
    Unit.SECONDS: (" (seconds)", 1.0),
    Unit.COUNT: ("", 1.0),
    Unit.TIMES: (" (times)", 1.0),
}
SILENCES = {
    NoData.OK: "all is well",
    NoData.KEEP: "it stays as it is",
    NoData.ALERT: "it fires as well",
}


def show(rule: Rule) -> None:
    """Draw the fields: the usual ones, and the rest under More."""
    key, metric = rule.key, rule.measured
    if rule.is_own:
        st.text_input("Name", rule.title, key=f"title-{key}", placeholder="Such as: Booking fails")
    unit, times = IN_WORDS[metric.unit]
    left, right = st.columns(2)  # on a phone they stand one below the other, in this order
    left.number_input(f"Begins at{unit}", 0.0, value=_shown(rule.fire_at, times), key=f"fire-{key}", format="%g")
    right.number_input(
        f"Is over {'above' if metric.bad_below else 'below'}{unit}",
        0.0,
        value=_shown(rule.recover_at, times),
        key=f"recover-{key}",
        format="%g",
    )
    if not metric.at_once:
        left, right = st.columns(2)
        _length(left, "Over the last", f"window-{key}", rule.window, most=metric.longest)
        if rule.short_window is not None:
            _length(right, "And over the last", f"short-{key}", rule.short_window, most=metric.longest)
    if "route" in metric.filters:
        _route(rule)
    left, right = st.columns(2, vertical_alignment="bottom")
    left.selectbox("Severity", list(Severity), list(Severity).index(rule.severity), key=f"severity-{key}")
    right.checkbox("On", rule.enabled, key=f"on-{key}")
    with st.expander("More"):
        _more(rule)


def typed(rule: Rule) -> Rule:
    """The rule with the values of the fields, as it would be saved. Raises Invalid for what cannot be read."""
    return replace(rule, **changes(rule))


def changes(rule: Rule) -> dict[str, Any]:
    """The values of the fields, by field of Rule. Raises Invalid for what cannot be read."""
    times = IN_WORDS[rule.measured.unit][1]
    values = {
        "severity": _of("severity", rule, rule.severity),
        "enabled": _of("on", rule, rule.enabled),
        "fire_at": round(_of("fire", rule, _shown(rule.fire_at, times)) / times, 9),
        "recover_at": round(_of("recover", rule, _shown(rule.recover_at, times)) / times, 9),
        "window": _of("window", rule, rule.window),
        "short_window": _of("short", rule, rule.short_window),
        "after": _of("after", rule, rule.after),
        "keep_firing": _of("keep-firing", rule, rule.keep_firing),
        "min_samples": _of("samples", rule, rule.min_samples),
        "no_data": _of("no-data", rule, rule.no_data),
        "no_data_after": _of("no-data-after", rule, rule.no_data_after),
        "repeat": _of("repeat", rule, rule.repeat or AT_ONCE) or None,
        "quiet": parse_quiet(_of("quiet", rule, spoken_quiet(rule.quiet))),
        "filter": Filter(
            _of("kind", rule, rule.filter.kind),
            _of("service", rule, rule.filter.service),
            _of("route", rule, rule.filter.route),
        ),
    }
    return {**values, "title": _of("title", rule, rule.title)} if rule.is_own else values


def _of(name: str, rule: Rule, otherwise: Any) -> Any:
    value = st.session_state.get(f"{name}-{rule.key}", otherwise)
    return otherwise if value is None else value  # None: a number field that was emptied


def _shown(limit: float, times: float) -> float:
    return round(limit * times, 6)


def _more(rule: Rule) -> None:
    key, metric = rule.key, rule.measured
    left, right = st.columns(2)
    _length(left, "Begins after", f"after-{key}", rule.after, least=AT_ONCE)
    _length(right, "Is over after", f"keep-firing-{key}", rule.keep_firing, least=AT_ONCE)
    left, right = st.columns(2)
    if metric.samples:
        label = inert(f"From so many {metric.samples}")
        left.number_input(label, 0, 1_000_000, rule.min_samples, key=f"samples-{key}")
    _length(right, "Said again after", f"repeat-{key}", rule.repeat or AT_ONCE, least=AT_ONCE, most=WEEK, never="never")
    left, right = st.columns(2)
    silences = [one for one in SILENCES if not (metric.one_by_one and one is NoData.ALERT)]
    left.selectbox(
        "When all is silent",
        silences,
        silences.index(rule.no_data),
        format_func=SILENCES.__getitem__,
        key=f"no-data-{key}",
    )
    if _of("no-data", rule, rule.no_data) is NoData.ALERT:
        _length(right, "After", f"no-data-after-{key}", rule.no_data_after)
    st.text_input(
        "Quiet hours, every day",
        spoken_quiet(rule.quiet),
        key=f"quiet-{key}",
        placeholder="22:00–06:00, 12:00–13:00",
    )
    left, right = st.columns(2)
    if "kind" in metric.filters:
        kinds = list(KINDS)
        left.selectbox(
            "What is counted", kinds, kinds.index(rule.filter.kind), format_func=KINDS.__getitem__, key=f"kind-{key}"
        )
    if "service" in metric.filters:
        names = ["", *SERVICES]
        at = names.index(rule.filter.service)
        right.selectbox("Of which part", names, at, format_func=_or_every("every part"), key=f"service-{key}")


def _route(rule: Rule) -> None:
    which = Filter(_of("kind", rule, rule.filter.kind), _of("service", rule, rule.filter.service))
    names = ["", *routes_of(which)]
    if rule.filter.route not in names:
        names.insert(1, rule.filter.route)
    at = names.index(rule.filter.route)
    st.selectbox("Only this route", names, at, format_func=_or_every("every route"), key=f"route-{rule.key}")


def _or_every(every: str) -> Any:
    return lambda name: name or every


def _length(
    where: Any,
    label: str,
    key: str,
    length: timedelta,
    *,
    least: timedelta = MINUTE,
    most: timedelta = DAY,
    never: str = "at once",
) -> None:
    """A select box of the usual durations; the rule's own is always among them."""
    lengths = sorted({*(one for one in (AT_ONCE, *LENGTHS) if least <= one <= most), length})
    where.selectbox(label, lengths, lengths.index(length), format_func=_spoken(never), key=key)


def _spoken(never: str) -> Any:
    return lambda length: spoken_length(length) if length else never
