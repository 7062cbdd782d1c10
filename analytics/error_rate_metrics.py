"""Error rates of requests and tasks, the burn rate of the error budget, and where to look first; for alerts."""

from datetime import datetime, timedelta
from typing import Any

from analytics.alert_inputs import NOTHING, TILED_FROM, Count, MetricInputs, Readings
from analytics.error_leads import lead_of, lead_of_task
from analytics.request_store import open_log, open_tiles
from analytics.tiles import HOUR_US
from core.alerts.rules import OBJECTIVE, VISIT, Filter, Rule
from core.alerts.state_machine import Lead, Reading
from core.platform.clock import microseconds
from core.telemetry.traffic_categories import FAMILY
from core.wording import spoken_length

WIDER = (timedelta(minutes=15), timedelta(hours=1))  # where few ask, few say as much only over a longer time
MIN_FAILED_OF_FEW, MOSTLY = 5, 0.5  # five that failed, at least half of all: no chance, however few there are
# An HTTP error of the client is neither good nor bad, so it is no part of the error rate.
SERVED = "(status < 400 OR status >= 500 OR outcome = 'error')"  # what was refused, or led nowhere, did not fail


def error_share(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Error rate of the rule's window; of a longer one, an hour at most, while that is bad and has too few samples."""
    n, errors = _counted(inputs, rule.filter, rule.window, at)
    last = ""
    if n < rule.min_samples and not (n and rule.is_good(errors / n)):
        for wider in (window for window in WIDER if window > rule.window):
            found = _counted(inputs, rule.filter, wider, at)
            if _is_clear(*found, least=rule.min_samples):
                (n, errors), last = found, f" in the last {spoken_length(wider)}"
                break
    if not n:
        return {"": NOTHING}
    share = errors / n
    is_certain = _is_clear(n, errors, least=rule.min_samples)
    lead = _lead(inputs, rule, at) if rule.is_bad(share) else None
    return {"": Reading(share, n, f"{errors} of {n} requests{last}", is_certain=is_certain, lead=lead)}


def burn_times(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """
    Burn rate of the error budget: the error rate divided by the allowed one, the lower of both windows.

    samples: requests of the long window, or as many as there would be if all of it were like the short one.
    """
    assert rule.short_window is not None
    n, errors = _counted(inputs, rule.filter, rule.window, at)
    lately, errors_lately = _counted(inputs, rule.filter, rule.short_window, at)
    if not n or not lately:
        return {"": NOTHING}
    times = min(errors / n, errors_lately / lately) / (1 - OBJECTIVE)
    samples = min(n, int(lately * (rule.window / rule.short_window)))
    lead = _lead(inputs, rule, at) if rule.is_bad(times) else None
    return {"": Reading(times, samples, f"{errors} of {n} requests", lead=lead)}


def failing_tasks(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Error rate of the task that fails most, of those with enough runs."""
    window = inputs.window(rule, at)
    with open_log(inputs.monitor.store, inputs.monitor.folder, start_us=window.start_us, end_us=window.end_us) as log:
        rows = log.ask("failing_tasks", {"least": rule.min_samples}).to_pylist()
    if not rows:
        return {"": NOTHING}
    worst = rows[0]
    share = worst["errors"] / worst["n"]
    failing = ", ".join(f"{row['route']}: {row['errors']} of {row['n']} failed" for row in rows[:3] if row["errors"])
    lead = lead_of_task(inputs.monitor, worst["route"], window) if rule.is_bad(share) else None
    return {"": Reading(share, worst["n"], failing, lead=lead)}


def _is_clear(n: int, errors: int, *, least: int) -> bool:
    """Whether so many failures are significant although the rule's own window has too few requests."""
    return errors >= MIN_FAILED_OF_FEW and (n >= least or errors / n >= MOSTLY)


def _counted(inputs: MetricInputs, which: Filter, window: timedelta, at: datetime) -> Count:
    """(requests, errors) of a window that ends at `at`, memoized. Long windows are widened to whole hours."""
    counts = inputs.counts.setdefault(which, {})
    if window not in counts and (window >= TILED_FROM and not which.route):
        counts[window] = _count_hours(inputs, which, window, at)
    elif window not in counts:
        counts.update(_count_windows(inputs, which, {window, *WIDER, *inputs.windows(which)}, at))
    return counts[window]


def _count_windows(
    inputs: MetricInputs, which: Filter, windows: set[timedelta], at: datetime
) -> dict[timedelta, Count]:
    """(requests, errors) of several windows, in one query."""
    since = {microseconds(at - window): window for window in windows}
    store, folder = inputs.monitor.store, inputs.monitor.folder
    where = f"{_where(which)} AND {SERVED}" if which.kind == VISIT else _where(which)
    with open_log(store, folder, start_us=min(since), end_us=microseconds(at)) as log:
        rows = log.ask("errors_in_windows", {**_named(which), "since": list(since)}, where=where).to_pylist()
    return dict.fromkeys(windows, (0, 0)) | {since[row["since"]]: (row["n"], row["errors"]) for row in rows}


def _count_hours(inputs: MetricInputs, which: Filter, window: timedelta, at: datetime) -> Count:
    start_us, end_us = microseconds(at - window), microseconds(at)
    with open_tiles(inputs.monitor.store, inputs.monitor.folder, start_us=start_us, end_us=end_us) as log:
        named = {**_named(which), "since": start_us // HOUR_US * HOUR_US}
        (row,) = log.ask("errors_in_hours", named, where=_where(which)).to_pylist()
    return row["n"], row["errors"]


def _lead(inputs: MetricInputs, rule: Rule, at: datetime) -> Lead | None:
    """What fails most now, in the last hour at most; memoized."""
    if rule.filter not in inputs.leads:
        window = min(rule.window, WIDER[-1])
        inputs.leads[rule.filter] = lead_of(
            inputs.monitor,
            _where(rule.filter),
            _named(rule.filter),
            start_us=microseconds(at - max(window, WIDER[0])),
            end_us=microseconds(at),
        )
    return inputs.leads[rule.filter]


def _named(which: Filter) -> dict[str, Any]:
    kind = "http" if which.kind == VISIT else which.kind
    return {"kind": kind, "service": which.service, "route": which.route, "category": FAMILY}


def _where(which: Filter) -> str:
    of_families = ["category = $category"] if which.kind == VISIT else []
    parts = ["kind = $kind", *of_families, *(["service = $service"] if which.service else [])]
    return " AND ".join([*parts, *(["route = $route"] if which.route else [])])
