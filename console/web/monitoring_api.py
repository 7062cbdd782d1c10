"""
The monitor's JSON API, for admins and their programs.

    GET  /api/admin/monitoring/metrics?range=1h&category=     the cards and both charts of one range; the families'
                                                             requests, or another category's, or `all`
    GET  /api/admin/monitoring/errors?range=1h&level=&resolved=
    POST /api/admin/monitoring/errors/{id}/resolve

Durations are milliseconds, `errorRate` is in percent, instants are UTC with Z. A number that nothing stands behind is null.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from analytics import gym_counts, latency, overview
from analytics.data_sources import Monitor, missing_files
from analytics.latency import Scope
from analytics.request_store import LogUnreadable, QuestionTooSlow
from analytics.time_window import Window, last
from console.monitoring.cached_queries import monitor_of
from console.web import api_auth
from console.web.schemas import (
    DatabaseStep,
    ErrorGroup,
    ErrorGroups,
    ErrorsQuery,
    LatencyStep,
    Metrics,
    MetricsQuery,
    RangeQuery,
    Resolved,
)
from console.web.staff_api import json_answer
from core.errors import NotAllowed, SetupError, Unavailable
from core.http.request import services_of
from core.people.models import Account, Role
from core.platform import clock
from core.platform.clock import instant
from core.platform.number_parsing import id_in
from core.platform.services import Services
from core.telemetry import error_queries
from core.telemetry.error_groups import RESOLVED

T = TypeVar("T")
STATES_OF = {None: (), "true": (RESOLVED,), "false": tuple(set(error_queries.STATES) - {RESOLVED})}


async def metrics(request: Request) -> Response:
    """GET /api/admin/monitoring/metrics: key figures and the points of both charts. Raises Invalid, NotAllowed, Unavailable."""
    services = services_of(request)
    await _admin(request, await api_auth.account_of(request))
    wanted = MetricsQuery.parse(request.query_params)
    return json_answer(await _read(_metrics, services, wanted))


async def error_groups(request: Request) -> Response:
    """GET /api/admin/monitoring/errors: error groups, last seen first. Raises Invalid, NotAllowed, Unavailable."""
    services = services_of(request)
    await _admin(request, await api_auth.account_of(request))
    wanted = ErrorsQuery.parse(request.query_params)
    return json_answer(await _read(_errors, services, wanted))


async def resolve(request: Request) -> Response:
    """POST …/errors/{id}/resolve: mark an error group resolved in the release that runs now. Raises NotFound, NotAllowed."""
    services = services_of(request)
    who = await api_auth.may_change(request)
    await _admin(request, who.by.staff_id)
    store, group_id = monitor_of(services).store, id_in(request.path_params, "id")
    now = clock.now()
    done = await _read(
        lambda: api_auth.run_as(services, who, lambda by: error_queries.resolve(store, group_id, by=by, now=now))
    )
    return json_answer(Resolved(error=ErrorGroup.of(done)))


async def _read(question: Callable[..., T], *about: Any) -> T:
    """Run a monitoring query on a thread. Whatever keeps it from answering is Unavailable, so a program retries."""
    try:
        return await run_in_threadpool(question, *about)
    except (QuestionTooSlow, LogUnreadable, SetupError) as error:
        raise Unavailable(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable("The monitoring data cannot be read at the moment. Please try again in a while.") from error


def _metrics(services: Services, wanted: MetricsQuery) -> Metrics:
    monitor, requested = monitor_of(services), _window(services, wanted)
    scope = Scope(category="" if wanted.category == "all" else wanted.category)
    window = latency.readable(monitor, requested)
    seen, totals = latency.overall(monitor, window, scope), overview.totals(monitor, window, scope)
    with services.database.read() as session:
        active = gym_counts.active_staff(session, requested.start, requested.end)
        local_day = requested.end.astimezone(requested.zone).date()
        booked = gym_counts.bookings_on(session, local_day, requested.zone, upto=requested.end)
    return Metrics(
        start=window.start,
        end=window.end,
        exact=latency.is_exact(monitor, window),
        category=wanted.category,
        missing_files=missing_files(monitor, window),
        avg_latency=totals.mean_ms,
        p50=seen.p50_ms if seen else None,
        p95=seen.p95_ms if seen else None,
        p99=seen.p99_ms if seen else None,
        requests=totals.n,
        errors=totals.errors,
        error_rate=None if totals.error_rate is None else totals.error_rate * 100,
        active_users=active,
        bookings_today=booked,
        performance=_performance(monitor, window, scope),
        database=_database(monitor, window, scope),
    )


def _performance(monitor: Monitor, window: Window, scope: Scope) -> list[LatencyStep]:
    return [
        LatencyStep(
            at=instant(row["step_us"]),
            requests=row["n"],
            errors=row["errors"],
            p50=row["p50_ms"],
            p95=row["p95_ms"],
            p99=row["p99_ms"],
            max=row["max_ms"],
        )
        for row in latency.over_time(monitor, window, scope).to_pylist()
    ]


def _database(monitor: Monitor, window: Window, scope: Scope) -> list[DatabaseStep]:
    return [
        DatabaseStep(at=instant(row["step_us"]), statements=row["statements"], avg_per_request=row["db_ms"])
        for row in overview.database_over_time(monitor, window, scope).to_pylist()
    ]


def _errors(services: Services, wanted: ErrorsQuery) -> ErrorGroups:
    window, states = _window(services, wanted), STATES_OF[wanted.resolved]
    store = monitor_of(services).store
    groups = error_queries.list_groups(store, start=window.start, end=window.end, states=states, level=wanted.level)
    return ErrorGroups(errors=[ErrorGroup.of(group) for group in groups])


def _window(services: Services, wanted: RangeQuery) -> Window:
    return last(wanted.range, now=clock.now(), zone=services.settings.zone)


async def _admin(request: Request, account_id: int) -> None:
    await run_in_threadpool(_check_admin, services_of(request), account_id)


def _check_admin(services: Services, account_id: int) -> None:
    with services.database.read() as session:
        if session.get_one(Account, account_id).role is not Role.ADMIN:
            raise NotAllowed("The monitor is for admins.")
