"""
The monitor as JSON, for admins and their programs.

    GET  /api/admin/monitoring/metrics?range=1h&category=     the cards and both charts of one range; the families'
                                                             requests, or another category's, or `all`
    GET  /api/admin/monitoring/errors?range=1h&level=&resolved=
    POST /api/admin/monitoring/errors/{id}/resolve

Durations are milliseconds, `errorRate` is in percent, instants are UTC with Z. A number that nothing stands behind is null.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from analytics import latency, overview, today
from analytics.latency import Scope
from analytics.log import LogUnreadable, QuestionTooSlow
from analytics.monitor import Monitor, missing_files
from analytics.window import RANGES, Window, instant, last
from console import caller
from console.api import json_answer
from console.monitoring.asked import monitor_of
from core import clock
from core.bootstrap import Services
from core.errors import Invalid, NotAllowed, SetupError, Unavailable
from core.numbers import id_in
from core.people.models import Account, Role
from core.telemetry import errors
from core.telemetry.categories import CATEGORIES, FAMILY
from core.telemetry.error_groups import RESOLVED
from core.telemetry.errors import ErrorGroup

T = TypeVar("T")
LEVELS = ("WARNING", "ERROR", "CRITICAL")
YES_NO = {"": None, "true": True, "false": False}
DEFAULT_RANGE = "1h"


async def metrics(request: Request) -> Response:
    """What the plan's cards show, and the charts' points."""
    services = caller.services_of(request)
    await _admin(request, await caller.account_of(request))
    window = _window(request, services)
    category = _one_of(request, "category", {"": FAMILY, "all": ""} | {name: name for name in CATEGORIES})
    return json_answer(await _read(_metrics, services, window, Scope(category=category)))


async def error_groups(request: Request) -> Response:
    """Grouped errors, last seen first."""
    services = caller.services_of(request)
    await _admin(request, await caller.account_of(request))
    window = _window(request, services)
    level = _one_of(request, "level", {"": None} | {level: level for level in LEVELS})
    resolved = _one_of(request, "resolved", YES_NO)
    return json_answer({"errors": await _read(_errors, services, window, level, resolved)})


async def resolve(request: Request) -> Response:
    """This group is mended, in the release that runs now."""
    services = caller.services_of(request)
    who = await caller.may_change(request)
    await _admin(request, who.account_id)
    store, group_id = monitor_of(services).store, id_in(request.path_params, "id")
    mend = partial(caller.run_as, services, who, errors.resolve, store, group_id, now=clock.now())
    done = await _read(mend)
    return json_answer({"success": True, "error": error_as_json(done)})


async def _read(question: Callable[..., T], *about: Any) -> T:
    """The answer, from a thread. What the monitoring data cannot give is said as a problem that may be over soon."""
    try:
        return await run_in_threadpool(question, *about)
    except (QuestionTooSlow, LogUnreadable, SetupError) as error:
        raise Unavailable(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable("The monitoring data cannot be read at the moment. Please try again in a while.") from error


def error_as_json(group: ErrorGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "title": group.title,
        "culprit": group.culprit,
        "level": group.level,
        "state": group.state,
        "resolved": group.state == RESOLVED,
        "count": group.count,
        "countInRange": group.count_in_range,
        "people": group.people,
        "firstSeenAt": _z(group.first_seen_at),
        "lastSeenAt": _z(group.last_seen_at),
        "firstRelease": group.first_release,
        "lastRelease": group.last_release,
        "resolvedAt": _z(group.resolved_at),
        "resolvedIn": group.resolved_in,
    }


def _metrics(services: Services, asked: Window, scope: Scope) -> dict[str, Any]:
    monitor = monitor_of(services)
    window = latency.readable(monitor, asked)
    seen, totals = latency.overall(monitor, window, scope), overview.totals(monitor, window, scope)
    with services.database.read() as session:
        active = today.active_staff(session, asked.start, asked.end)
        booked = today.bookings_on(session, asked.end.astimezone(asked.zone).date(), asked.zone, upto=asked.end)
    return {
        "from": _z(window.start),
        "to": _z(window.end),
        "exact": latency.is_exact(monitor, window),
        "category": scope.category or "all",
        "missingFiles": missing_files(monitor, window),
        "avgLatency": totals.mean_ms,
        "p50": seen.p50_ms if seen else None,
        "p95": seen.p95_ms if seen else None,
        "p99": seen.p99_ms if seen else None,
        "requests": totals.n,
        "errors": totals.errors,
        "errorRate": None if totals.error_rate is None else totals.error_rate * 100,
        "activeUsers": active,
        "bookingsToday": booked,
        "performance": _performance(monitor, window, scope),
        "database": _database(monitor, window, scope),
    }


def _performance(monitor: Monitor, window: Window, scope: Scope) -> list[dict[str, Any]]:
    return [
        {"at": _z(instant(row["step_us"])), "requests": row["n"], "errors": row["errors"]}
        | {"p50": row["p50_ms"], "p95": row["p95_ms"], "p99": row["p99_ms"], "max": row["max_ms"]}
        for row in latency.over_time(monitor, window, scope).to_pylist()
    ]


def _database(monitor: Monitor, window: Window, scope: Scope) -> list[dict[str, Any]]:
    return [
        {"at": _z(instant(row["step_us"])), "statements": row["statements"], "avgPerRequest": row["db_ms"]}
        for row in overview.database_over_time(monitor, window, scope).to_pylist()
    ]


def _errors(services: Services, window: Window, level: str | None, resolved: bool | None) -> list[dict[str, Any]]:
    states = () if resolved is None else (RESOLVED,) if resolved else tuple(set(errors.STATES) - {RESOLVED})
    store = monitor_of(services).store
    found = errors.list_groups(store, start=window.start, end=window.end, states=states, level=level)
    return [error_as_json(group) for group in found]


def _window(request: Request, services: Services) -> Window:
    name = _one_of(request, "range", {"": DEFAULT_RANGE} | {name: name for name in RANGES})
    assert name is not None
    return last(name, now=clock.now(), zone=services.settings.zone)


def _one_of(request: Request, name: str, choices: dict[str, Any]) -> Any:
    given = request.query_params.get(name, "")
    if given not in choices:
        allowed = ", ".join(choice for choice in choices if choice)
        raise Invalid({name: f"Please choose one of: {allowed}."})
    return choices[given]


async def _admin(request: Request, account_id: int) -> None:
    await run_in_threadpool(_check_admin, caller.services_of(request), account_id)


def _check_admin(services: Services, account_id: int) -> None:
    with services.database.read() as session:
        if session.get_one(Account, account_id).role is not Role.ADMIN:
            raise NotAllowed("The monitor is for admins.")


def _z(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
