"""
Metrics of the alert rules, measured at an instant: a function a metric, in a dispatch table.

A metric gives a reading for each instance: a route or process where it goes by those, "" else. A reading without a value
means missing data.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from analytics import bookable_times, latency
from analytics.alert_inputs import NOTHING, MetricInputs, Readings, seconds_since
from analytics.error_rate_metrics import burn_times, error_share, failing_tasks
from analytics.latency import RouteLatency, Scope
from analytics.request_store import open_log
from core.alerts import liveness
from core.alerts.rules import VISIT, Rule
from core.alerts.state_machine import Lead, Reading
from core.bookings.models import Booking
from core.gym.models import the_gym
from core.images.queries import storage_used
from core.outbox import messages
from core.outbox.models import MessageState, OutboxMessage
from core.platform.disk import disk_use
from core.telemetry import error_changes
from core.telemetry.traffic_categories import FAMILY
from core.wording import file_size

__all__ = ["MEASURES", "MetricInputs", "Readings", "measure"]
WEEKS_BACK = 4  # of which the usual is the mean: more would lag behind the season
TRIES_IN_VAIN = 2  # one failed try is ordinary (greylisting)
MAX_ROUTES = 40  # the busiest; the site has fewer
LARGE_DISK_BYTES = 100 * 10**9  # of a larger disk only so much counts


def measure(inputs: MetricInputs, rule: Rule, *, at: datetime) -> Readings:
    """Readings of a rule's metric, by instance. Raises whatever a database or a file raises."""
    return MEASURES[rule.metric](inputs, rule, at)


def p95_ms(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """p95 latency by route, of the MAX_ROUTES busiest."""
    which = rule.filter
    of_families = which.kind == VISIT
    scope = Scope(
        kind="http" if of_families else which.kind,
        service=which.service,
        route=which.route,
        category=FAMILY if of_families else "",
    )
    found = latency.by_route(inputs.monitor, inputs.window(rule, at), scope)
    busiest = sorted(found, key=lambda route: -route.n)[:MAX_ROUTES]
    return {_name(route): _latency(route, rule) for route in busiest}


def slow_share(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Share of database statements that were slow."""
    window = inputs.window(rule, at)
    tables = ("request_log", "statement_log")
    store, folder = inputs.monitor.store, inputs.monitor.folder
    with open_log(store, folder, start_us=window.start_us, end_us=window.end_us, tables=tables) as log:
        narrowed = Scope(service=rule.filter.service, route=rule.filter.route)
        (row,) = log.ask("slow_statements", narrowed.named, where=narrowed.where_it_ran).to_pylist()
    if not row["n"]:
        return {"": NOTHING}
    return {"": Reading(row["slow"] / row["n"], row["n"], (row["worst"] or "")[:200])}


def new_errors(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """New error groups, an instance each, so that each notifies once, however often it happens."""
    return _errors(error_changes.new_groups(inputs.monitor.store, since=at - rule.window))


def errors_that_are_back(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Regressed error groups, an instance each."""
    return _errors(error_changes.regressions(inputs.monitor.store, since=at - rule.window))


def lost_count(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Telemetry rows that were lost."""
    window = inputs.window(rule, at)
    store, folder = inputs.monitor.store, inputs.monitor.folder
    with open_log(store, folder, start_us=window.start_us, end_us=window.end_us, tables=("event_log",)) as log:
        rows = log.ask("lost_events").to_pylist()
    reasons = ", ".join(f"{row['n']} {row['name']}" for row in rows)
    return {"": Reading(float(sum(row["n"] for row in rows)), detail=reasons)}


def recorder_silent_s(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Seconds since any process recorded a heartbeat; 0 where telemetry is off."""
    if not inputs.services.settings.telemetry:
        return {"": Reading(0.0)}
    signs = liveness.heartbeats(inputs.monitor.store)
    return {"": Reading(seconds_since(max(sign.last_at for sign in signs), at)) if signs else NOTHING}


def process_silent_s(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """
    Seconds without a heartbeat, or of a hung event loop, by service that was seen and not stopped.

    Counted from the newest heartbeat of any: where nobody records, the store is at fault, and another rule fires.
    """
    if not inputs.services.settings.telemetry:
        return {}
    signs = liveness.heartbeats(inputs.monitor.store)
    newest = max((sign.last_at for sign in signs), default=at)
    return {
        sign.service: Reading(max(seconds_since(sign.last_at, newest), sign.hangs_s), detail=sign.trouble(newest))
        for sign in signs
        if sign.is_expected
    }


def worker_silent_s(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Seconds since the worker's last sweep."""
    with inputs.services.database.read() as session:
        swept_at = the_gym(session).last_swept_at
    return {"": Reading(seconds_since(swept_at, at)) if swept_at is not None else NOTHING}


def oldest_due_s(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Age of the oldest due mail, seconds; 0 when none is due."""
    with inputs.services.database.read() as session:
        oldest = messages.oldest_due_at(session, now=at)
    return {"": Reading(seconds_since(oldest, at) if oldest is not None else 0.0)}


def troubled_count(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Mails given up within the window, or waiting after TRIES_IN_VAIN."""
    given_up = (OutboxMessage.state == MessageState.DEAD) & (OutboxMessage.finished_at > at - rule.window)
    in_vain = OutboxMessage.state.in_(messages.UNFINISHED) & (OutboxMessage.attempts >= TRIES_IN_VAIN)
    with inputs.services.database.read() as session:
        count = session.scalar(select(func.count()).where(or_(given_up, in_vain))) or 0
    return {"": Reading(float(count))}


def disk_used_share(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """
    Disk usage, 0.0 to 1.0; of a large disk, of its last 100 GB.

    Four hundredths of 16 TB last for years, of 20 GB for a week.
    """
    disk = disk_use(inputs.services.settings.data_dir)
    share, free = disk.used_share, disk.free_bytes
    if share < 1 and free / (1 - share) > LARGE_DISK_BYTES:
        share = max(0.0, 1 - free / LARGE_DISK_BYTES)
    return {"": Reading(share, detail=f"{free / 1e9:.1f} GB are free")}


def media_used_share(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Usage of the photo storage's budget, 0.0 to 1.0."""
    with inputs.services.database.read() as session:
        used = storage_used(session)
    return {"": Reading(used.share, detail=f"{file_size(used.used_bytes)} of {file_size(used.budget_bytes)}")}


def blind_count(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """Rules that could not be measured, of those measured before this one."""
    which = ", ".join(f"{title} ({why})" for title, why in inputs.problems.items())
    return {"": Reading(float(len(inputs.problems)), detail=which[:500])}


def bookings_usual_share(inputs: MetricInputs, rule: Rule, at: datetime) -> Readings:
    """
    Requests for lessons in the window, relative to the mean of the same weekday and hours in the last WEEKS_BACK weeks.

    Weeks in which nothing was on offer are left out, and while nothing is, there is nothing to measure.
    """
    zone = inputs.services.settings.zone
    with inputs.services.database.read() as session:
        asked = _asked_for(session, at - rule.window, at)
        ends = [_weeks_earlier(at, week, zone) for week in range(1, WEEKS_BACK + 1)]
        before = [(end, _asked_for(session, end - rule.window, end)) for end in ends]
        counted = [count for end, count in before if count or bookable_times.were_there(session, at=end, zone=zone)]
        usual = sum(counted) / len(counted) if counted else 0.0
        if not usual or not bookable_times.are_there(session, at=at, zone=zone):
            return {"": NOTHING}
    return {"": Reading(asked / usual, int(usual), f"{asked} requests, usually {usual:.0f}")}


MEASURES: Mapping[str, Callable[[MetricInputs, Rule, datetime], Readings]] = {
    "requests.error_share": error_share,
    "requests.p95_ms": p95_ms,
    "requests.burn_times": burn_times,
    "tasks.failing_share": failing_tasks,
    "errors.new_count": new_errors,
    "errors.back_count": errors_that_are_back,
    "statements.slow_share": slow_share,
    "outbox.oldest_due_s": oldest_due_s,
    "mail.troubled_count": troubled_count,
    "worker.silent_s": worker_silent_s,
    "service.silent_s": process_silent_s,
    "disk.used_share": disk_used_share,
    "media.used_share": media_used_share,
    "monitor.lost_count": lost_count,
    "monitor.silent_s": recorder_silent_s,
    "monitor.blind_count": blind_count,
    "bookings.usual_share": bookings_usual_share,
}


def _latency(route: RouteLatency, rule: Rule) -> Reading:
    lead = Lead(route.service, route.route) if rule.is_bad(route.p95_ms) else None
    return Reading(route.p95_ms, route.n, f"{route.n} requests, the slowest {route.max_ms / 1000:.1f} s", lead=lead)


def _errors(found: list[error_changes.ChangedGroup]) -> Readings:
    return {
        f"{error.title} (#{error.id})": Reading(
            1.0,
            1,
            f"{error.culprit}, first in version {error.release}",
            lead=Lead(error_id=error.id, error_title=error.title),
        )
        for error in found
    }


def _asked_for(session: Session, start: datetime, end: datetime) -> int:
    wanted = select(func.count()).select_from(Booking).where(Booking.requested_at >= start, Booking.requested_at < end)
    return session.scalar(wanted) or 0


def _weeks_earlier(at: datetime, weeks: int, zone: ZoneInfo) -> datetime:
    """The same weekday and time on the gym's clock, whatever the clock did meanwhile."""
    return (at.astimezone(zone) - timedelta(weeks=weeks)).astimezone(UTC)


def _name(route: RouteLatency) -> str:
    """ "/coaches/{coach}" of the site, "console /sign-in" elsewhere."""
    return route.route if route.service == "site" else f"{route.service} {route.route}"
