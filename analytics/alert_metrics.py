"""
The numbers that alert rules are about, each measured at an instant: a function a metric.

A metric gives a reading for each instance: for one route or process each where it goes by those, for "" else. A reading
without a value says that there was nothing to measure.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from analytics import latency, offers
from analytics.alert_inputs import NOTHING, House, Readings, seconds_since
from analytics.failures import burn_times, error_share, failing_tasks
from analytics.latency import RouteLatency, Scope
from analytics.request_store import open_log
from core.alerts import pulse
from core.alerts.rules import VISIT, Rule
from core.alerts.state_machine import Lead, Reading
from core.bookings.models import Booking
from core.gym.models import the_gym
from core.images.queries import storage_used
from core.outbox import messages
from core.outbox.models import MessageState, OutboxMessage
from core.platform.disk import disk_use
from core.telemetry import error_changes
from core.telemetry.categories import FAMILY
from core.wording import file_size

__all__ = ["MEASURES", "House", "Readings", "measure"]
WEEKS_BACK = 4
TRIES_IN_VAIN = 2
MAX_ROUTES = 40
LARGE_DISK_BYTES = 100 * 10**9


def measure(house: House, rule: Rule, *, at: datetime) -> Readings:
    """By instance. Raises whatever a database or a file raises."""
    return MEASURES[rule.metric](house, rule, at)


def p95_ms(house: House, rule: Rule, at: datetime) -> Readings:
    which = rule.filter
    of_families = which.kind == VISIT
    scope = Scope(
        kind="http" if of_families else which.kind,
        service=which.service,
        route=which.route,
        category=FAMILY if of_families else "",
    )
    found = latency.by_route(house.monitor, house.window(rule, at), scope)
    busiest = sorted(found, key=lambda route: -route.n)[:MAX_ROUTES]
    return {_name(route): _latency(route, rule) for route in busiest}


def slow_share(house: House, rule: Rule, at: datetime) -> Readings:
    window = house.window(rule, at)
    tables = ("request_log", "statement_log")
    store, folder = house.monitor.store, house.monitor.folder
    with open_log(store, folder, start_us=window.start_us, end_us=window.end_us, tables=tables) as log:
        narrowed = Scope(service=rule.filter.service, route=rule.filter.route)
        (row,) = log.ask("slow_statements", narrowed.named, where=narrowed.where_it_ran).to_pylist()
    if not row["n"]:
        return {"": NOTHING}
    return {"": Reading(row["slow"] / row["n"], row["n"], (row["worst"] or "")[:200])}


def new_errors(house: House, rule: Rule, at: datetime) -> Readings:
    """Each error that was never met before: it is said once, however often it happens."""
    return _errors(error_changes.new_groups(house.monitor.store, since=at - rule.window))


def errors_that_are_back(house: House, rule: Rule, at: datetime) -> Readings:
    return _errors(error_changes.regressions(house.monitor.store, since=at - rule.window))


def lost_count(house: House, rule: Rule, at: datetime) -> Readings:
    window = house.window(rule, at)
    store, folder = house.monitor.store, house.monitor.folder
    with open_log(store, folder, start_us=window.start_us, end_us=window.end_us, tables=("event_log",)) as log:
        rows = log.ask("lost_events").to_pylist()
    reasons = ", ".join(f"{row['n']} {row['name']}" for row in rows)
    return {"": Reading(float(sum(row["n"] for row in rows)), detail=reasons)}


def recorder_silent_s(house: House, rule: Rule, at: datetime) -> Readings:
    if not house.services.settings.telemetry:
        return {"": Reading(0.0)}
    signs = pulse.heartbeats(house.monitor.store)
    return {"": Reading(seconds_since(max(sign.last_at for sign in signs), at)) if signs else NOTHING}


def process_silent_s(house: House, rule: Rule, at: datetime) -> Readings:
    """
    Of each service that was seen and not stopped: how much longer than the others it has been silent, or hangs.

    Where nobody records anything the store is at fault, which is another rule's business.
    """
    if not house.services.settings.telemetry:
        return {}
    signs = pulse.heartbeats(house.monitor.store)
    newest = max((sign.last_at for sign in signs), default=at)
    return {
        sign.service: Reading(max(seconds_since(sign.last_at, newest), sign.hangs_s), detail=sign.trouble(newest))
        for sign in signs
        if sign.is_expected
    }


def worker_silent_s(house: House, rule: Rule, at: datetime) -> Readings:
    with house.services.database.read() as session:
        swept_at = the_gym(session).last_swept_at
    return {"": Reading(seconds_since(swept_at, at)) if swept_at is not None else NOTHING}


def oldest_due_s(house: House, rule: Rule, at: datetime) -> Readings:
    with house.services.database.read() as session:
        oldest = messages.oldest_due_at(session, now=at)
    return {"": Reading(seconds_since(oldest, at) if oldest is not None else 0.0)}


def troubled_count(house: House, rule: Rule, at: datetime) -> Readings:
    given_up = (OutboxMessage.state == MessageState.DEAD) & (OutboxMessage.finished_at > at - rule.window)
    in_vain = OutboxMessage.state.in_(messages.UNFINISHED) & (OutboxMessage.attempts >= TRIES_IN_VAIN)
    with house.services.database.read() as session:
        count = session.scalar(select(func.count()).where(or_(given_up, in_vain))) or 0
    return {"": Reading(float(count))}


def disk_used_share(house: House, rule: Rule, at: datetime) -> Readings:
    """Of a large disk only the last 100 GB count: four hundredths of 16 TB are room for years, of 20 GB for a week."""
    disk = disk_use(house.services.settings.data_dir)
    share, free = disk.used_share, disk.free_bytes
    if share < 1 and free / (1 - share) > LARGE_DISK_BYTES:
        share = max(0.0, 1 - free / LARGE_DISK_BYTES)
    return {"": Reading(share, detail=f"{free / 1e9:.1f} GB are free")}


def media_used_share(house: House, rule: Rule, at: datetime) -> Readings:
    with house.services.database.read() as session:
        used = storage_used(session)
    return {"": Reading(used.share, detail=f"{file_size(used.used_bytes)} of {file_size(used.budget_bytes)}")}


def blind_count(house: House, rule: Rule, at: datetime) -> Readings:
    """Of the rules that were measured before this one."""
    which = ", ".join(f"{title} ({why})" for title, why in house.problems.items())
    return {"": Reading(float(len(house.problems)), detail=which[:500])}


def bookings_usual_share(house: House, rule: Rule, at: datetime) -> Readings:
    """
    Requests of the window, of the mean of the same hours of the gym's clock in the last weeks.

    Weeks in which nothing was on offer are left out, and while nothing is, there is nothing to measure.
    """
    zone = house.services.settings.zone
    with house.services.database.read() as session:
        asked = _asked_for(session, at - rule.window, at)
        ends = [_weeks_earlier(at, week, zone) for week in range(1, WEEKS_BACK + 1)]
        before = [(end, _asked_for(session, end - rule.window, end)) for end in ends]
        counted = [count for end, count in before if count or offers.were_there(session, at=end, zone=zone)]
        usual = sum(counted) / len(counted) if counted else 0.0
        if not usual or not offers.are_there(session, at=at, zone=zone):
            return {"": NOTHING}
    return {"": Reading(asked / usual, int(usual), f"{asked} requests, usually {usual:.0f}")}


MEASURES: Mapping[str, Callable[[House, Rule, datetime], Readings]] = {
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
