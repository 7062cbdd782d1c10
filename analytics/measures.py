"""
The numbers that alert rules are about, each measured at an instant: a function a metric.

A metric gives a reading for each instance: for one route each where it goes by route, for "" else. A reading without a
value says that there was nothing to measure.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from analytics import latency
from analytics.latency import RouteLatency, Scope
from analytics.log import open_log, open_tiles
from analytics.monitor import Monitor
from analytics.tiles import HOUR_US
from analytics.window import Window, microseconds
from core.bookings.models import Booking
from core.bootstrap import Services
from core.gym import the_gym
from core.mail import outbox
from core.mail.models import MessageState, OutboxMessage
from core.telemetry.alerts import pulse
from core.telemetry.alerts.machine import Reading
from core.telemetry.alerts.rules import OBJECTIVE, Filter, Rule

Readings = dict[str, Reading]
Count = tuple[int, int]
NOTHING = Reading()
TILED_FROM = timedelta(hours=24)  # longer windows are read by whole hours
WEEKS_BACK = 4
TRIES_IN_VAIN = 2
MOST_ROUTES = 40
COUNTED = ("requests.error_share", "requests.burn_times")


@dataclass(frozen=True)
class House:
    """
    What is measured, at one instant: the gym's database, its disk, and the monitor's store.

    rules: that are measured together. counts: what was counted already, since several of them ask for the same.
    """

    services: Services
    monitor: Monitor
    rules: Sequence[Rule] = ()
    counts: dict[Filter, dict[timedelta, Count]] = field(default_factory=dict)

    def windows(self, which: Filter) -> set[timedelta]:
        """Over which of these requests are counted row by row."""
        found = {
            window
            for rule in self.rules
            for window in (rule.window, rule.short_window)
            if rule.metric in COUNTED and rule.filter == which and window is not None
        }
        return {window for window in found if window < TILED_FROM or which.route}


def measure(house: House, rule: Rule, *, at: datetime) -> Readings:
    """By instance. Raises whatever a database or a file raises."""
    return MEASURES[rule.metric](house, rule, at)


def error_share(house: House, rule: Rule, at: datetime) -> Readings:
    n, errors = _counted(house, rule.filter, rule.window, at)
    return {"": Reading(errors / n, n, f"{errors} of {n} requests") if n else NOTHING}


def burn_times(house: House, rule: Rule, at: datetime) -> Readings:
    """How many times faster than allowed the failures come: as much as both windows agree on."""
    assert rule.short_window is not None
    n, errors = _counted(house, rule.filter, rule.window, at)
    lately, errors_lately = _counted(house, rule.filter, rule.short_window, at)
    if not n or not lately:
        return {"": NOTHING}
    times = min(errors / n, errors_lately / lately) / (1 - OBJECTIVE)
    return {"": Reading(times, errors, f"{errors} of {n} requests")}


def p95_ms(house: House, rule: Rule, at: datetime) -> Readings:
    scope = Scope(kind=rule.filter.kind, service=rule.filter.service, route=rule.filter.route)
    found = latency.by_route(house.monitor, _window(house, rule, at), scope)
    return {
        _name(route): Reading(route.p95_ms, route.n, f"{route.n} requests, the slowest {route.max_ms / 1000:.1f} s")
        for route in sorted(found, key=lambda route: -route.n)[:MOST_ROUTES]
    }


def slow_share(house: House, rule: Rule, at: datetime) -> Readings:
    window = _window(house, rule, at)
    tables = ("request_log", "statement_log")
    store, folder = house.monitor.store, house.monitor.folder
    with open_log(store, folder, start_us=window.start_us, end_us=window.end_us, tables=tables) as log:
        narrowed = Scope(service=rule.filter.service, route=rule.filter.route)
        (row,) = log.ask("slow_statements", narrowed.named, where=narrowed.where_it_ran).to_pylist()
    if not row["n"]:
        return {"": NOTHING}
    return {"": Reading(row["slow"] / row["n"], row["n"], (row["worst"] or "")[:200])}


def lost_count(house: House, rule: Rule, at: datetime) -> Readings:
    window = _window(house, rule, at)
    store, folder = house.monitor.store, house.monitor.folder
    with open_log(store, folder, start_us=window.start_us, end_us=window.end_us, tables=("event_log",)) as log:
        rows = log.ask("lost_events").to_pylist()
    reasons = ", ".join(f"{row['n']} {row['name']}" for row in rows)
    return {"": Reading(float(sum(row["n"] for row in rows)), detail=reasons)}


def recorder_silent_s(house: House, rule: Rule, at: datetime) -> Readings:
    if not house.services.settings.telemetry:
        return {"": Reading(0.0)}
    beats = pulse.heartbeats(house.monitor.store)
    return {"": Reading(_seconds_since(max(beats.values()), at)) if beats else NOTHING}


def worker_silent_s(house: House, rule: Rule, at: datetime) -> Readings:
    with house.services.database.read() as session:
        swept_at = the_gym(session).last_swept_at
    return {"": Reading(_seconds_since(swept_at, at)) if swept_at is not None else NOTHING}


def oldest_due_s(house: House, rule: Rule, at: datetime) -> Readings:
    with house.services.database.read() as session:
        oldest = outbox.oldest_due_at(session, now=at)
    return {"": Reading(_seconds_since(oldest, at) if oldest is not None else 0.0)}


def troubled_count(house: House, rule: Rule, at: datetime) -> Readings:
    given_up = (OutboxMessage.state == MessageState.DEAD) & (OutboxMessage.finished_at > at - rule.window)
    in_vain = OutboxMessage.state.in_(outbox.UNFINISHED) & (OutboxMessage.attempts >= TRIES_IN_VAIN)
    with house.services.database.read() as session:
        count = session.scalar(select(func.count()).where(or_(given_up, in_vain))) or 0
    return {"": Reading(float(count))}


def disk_used_share(house: House, rule: Rule, at: datetime) -> Readings:
    disk = shutil.disk_usage(house.services.settings.data_dir)
    return {"": Reading(disk.used / disk.total, detail=f"{disk.free / 1e9:.1f} GB are free")}


def bookings_usual_share(house: House, rule: Rule, at: datetime) -> Readings:
    """Requests of the window, of the mean of the same hours of the gym's clock in the last weeks."""
    zone = house.services.settings.zone
    with house.services.database.read() as session:
        asked = _asked_for(session, at - rule.window, at)
        ends = [_weeks_earlier(at, week, zone) for week in range(1, WEEKS_BACK + 1)]
        before = [_asked_for(session, end - rule.window, end) for end in ends]
    usual = sum(before) / WEEKS_BACK
    if not usual:
        return {"": NOTHING}
    return {"": Reading(asked / usual, int(usual), f"{asked} requests, usually {usual:.0f}")}


MEASURES: Mapping[str, Callable[[House, Rule, datetime], Readings]] = {
    "requests.error_share": error_share,
    "requests.p95_ms": p95_ms,
    "requests.burn_times": burn_times,
    "statements.slow_share": slow_share,
    "outbox.oldest_due_s": oldest_due_s,
    "mail.troubled_count": troubled_count,
    "worker.silent_s": worker_silent_s,
    "disk.used_share": disk_used_share,
    "monitor.lost_count": lost_count,
    "monitor.silent_s": recorder_silent_s,
    "bookings.usual_share": bookings_usual_share,
}


def _counted(house: House, which: Filter, window: timedelta, at: datetime) -> tuple[int, int]:
    """Requests of a window that ends here, and those of them that failed. Long windows are widened to whole hours."""
    if which not in house.counts:
        house.counts[which] = {}
    counts = house.counts[which]
    if window not in counts and (window >= TILED_FROM and not which.route):
        counts[window] = _count_hours(house, which, window, at)
    elif window not in counts:
        counts.update(_count_windows(house, which, {window, *house.windows(which)}, at))
    return counts[window]


def _count_windows(house: House, which: Filter, windows: set[timedelta], at: datetime) -> dict[timedelta, Count]:
    """All of them in one reading of the log."""
    since = {microseconds(at - window): window for window in windows}
    store, folder = house.monitor.store, house.monitor.folder
    with open_log(store, folder, start_us=min(since), end_us=microseconds(at)) as log:
        rows = log.ask("errors_in_windows", {**_named(which), "since": list(since)}, where=_where(which)).to_pylist()
    return dict.fromkeys(windows, (0, 0)) | {since[row["since"]]: (row["n"], row["errors"]) for row in rows}


def _count_hours(house: House, which: Filter, window: timedelta, at: datetime) -> Count:
    start_us, end_us = microseconds(at - window), microseconds(at)
    with open_tiles(house.monitor.store, house.monitor.folder, start_us=start_us, end_us=end_us) as log:
        named = {**_named(which), "since": start_us // HOUR_US * HOUR_US}
        (row,) = log.ask("errors_in_hours", named, where=_where(which)).to_pylist()
    return row["n"], row["errors"]


def _named(which: Filter) -> dict[str, Any]:
    return {"kind": which.kind, "service": which.service, "route": which.route}


def _where(which: Filter) -> str:
    parts = ["kind = $kind", *(["service = $service"] if which.service else [])]
    return " AND ".join([*parts, *(["route = $route"] if which.route else [])])


def _window(house: House, rule: Rule, at: datetime) -> Window:
    return Window(at - rule.window, at, house.services.settings.zone)


def _asked_for(session: Session, start: datetime, end: datetime) -> int:
    wanted = select(func.count()).select_from(Booking).where(Booking.requested_at >= start, Booking.requested_at < end)
    return session.scalar(wanted) or 0


def _weeks_earlier(at: datetime, weeks: int, zone: ZoneInfo) -> datetime:
    """The same weekday and time on the gym's clock, whatever the clock did meanwhile."""
    return (at.astimezone(zone) - timedelta(weeks=weeks)).astimezone(UTC)


def _name(route: RouteLatency) -> str:
    """ "/coaches/{coach}" of the site, "console /sign-in" elsewhere."""
    return route.route if route.service == "site" else f"{route.service} {route.route}"


def _seconds_since(then: datetime, at: datetime) -> float:
    return max(0.0, (at - then).total_seconds())
