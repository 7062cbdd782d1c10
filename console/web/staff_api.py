"""The staff's JSON API: pending requests and decisions; problem documents (RFC 9457) for whatever is refused."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import tasks
from console.web import api_auth
from console.web.cookies import cookie_name
from console.web.openapi import document
from console.web.schemas import Pending, StaffDecision
from core.bookings import models, queries
from core.bookings.access_scope import whose_bookings
from core.bookings.decisions import Decision, decide_as_staff
from core.bookings.mail_status import family_status, said_to_staff
from core.errors import SpiritError
from core.http import problem_json
from core.http.booking_json import Booking, Decided
from core.http.request import services_of
from core.http.request_body import MAX_BYTES, BodyTooLarge, at_most
from core.http.schema_bases import dumps
from core.platform import clock
from core.platform.services import Services

log = structlog.get_logger()
Endpoint = Callable[[Request], Awaitable[Response]]


def answered(endpoint: Endpoint, *, most_bytes: int = MAX_BYTES) -> Endpoint:
    """
    Wrap an API endpoint: a body limit, and a problem document for every exception.

    Args:
        most_bytes: the largest body; 413 above.
    """

    async def with_problems(request: Request) -> Response:
        try:
            return await endpoint(Request(request.scope, at_most(request.receive, most_bytes)))
        except BodyTooLarge:
            return json_answer(problem_json.problem_of_status(413), 413)
        except SpiritError as error:
            return json_answer(
                problem_json.problem(error), problem_json.status_of(error), problem_json.headers_of(error)
            )
        except HTTPException as error:
            words = error.detail if error.status_code in (400, 403, 415) else None
            return json_answer(problem_json.problem_of_status(error.status_code, detail=words), error.status_code)
        except Exception:  # a program reads a problem document too when the mistake is ours
            log.exception("request failed")  # the edge's line names the route
            return json_answer(problem_json.problem_of_status(500), 500)

    return with_problems


async def pending(request: Request) -> Response:
    """GET /api/dashboard/bookings/pending: the signed-in coach's pending requests; for an admin all of them."""
    account_id = await api_auth.account_of(request)
    return json_answer(await run_in_threadpool(_pending, services_of(request), account_id))


async def decide(request: Request) -> Response:
    """POST /api/booking/approve: approve or deny a request, as `decide_as_staff`. Raises what that raises."""
    _check_is_json(request)
    who = await api_auth.may_change(request)
    wanted = StaffDecision.parse(_object_in(await request.body()))
    services = services_of(request)
    coach_id = await run_in_threadpool(_coach_of, services, wanted.booking_id)
    booking = await run_in_threadpool(_decide, services, who, wanted, coach_id)
    await tasks.nudge(services, tasks.deliver_mail)
    mailed = await run_in_threadpool(_said_of_mail, services, booking)
    return json_answer(Decided.of(booking, mailed, now=clock.now()))


async def openapi(request: Request) -> Response:
    """GET /api/openapi.json: the API's description. Public: it is the same for every gym's console."""
    settings = services_of(request).settings
    return json_answer(document(settings.console_url, cookie_name(settings)))


async def nothing_here(request: Request) -> Response:
    """404 for unknown addresses under /api, to which Streamlit would answer 200."""
    return json_answer(problem_json.problem_of_status(404), 404)


def _decide(services: Services, who: api_auth.Caller, wanted: StaffDecision, coach_id: int) -> models.Booking:
    return api_auth.transact_as(
        services,
        who,
        lambda tx: decide_as_staff(
            tx.session,
            tx.coach,
            wanted.booking_id,
            Decision(wanted.action),
            by=tx.by,
            reason=wanted.reason,
            despite=wanted.despite,
            now=tx.now,
        ),
        coach=coach_id,
    )


def _said_of_mail(services: Services, booking: models.Booking) -> str:
    with services.database.read() as session:
        return said_to_staff(family_status(session, booking, now=clock.now()), booking)


def _pending(services: Services, account_id: int) -> Pending:
    now = clock.now()
    with services.database.read() as session:
        whose = whose_bookings(session, account_id)
        waiting = queries.requests_awaiting_answer(session, whose=whose, now=now)
        bookings = [Booking.of(booking, now=now) for booking in waiting]
    return Pending(bookings=bookings, total_pending=len(bookings), has_notifications=bool(bookings))


def _coach_of(services: Services, booking_id: int) -> int:
    with services.database.read() as session:
        return queries.get_booking(session, booking_id).coach_id


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HTTPException(400, "This is not JSON that we can read.") from None
    if not isinstance(given, dict):
        raise HTTPException(400, "Please send one JSON object.")
    return given


def _check_is_json(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Please send application/json.")


def json_answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response with `Cache-Control: no-store`; a problem document's media type from status 400 on."""
    media_type = "application/json" if status < 400 else problem_json.MEDIA_TYPE
    return Response(
        dumps(content), status, headers={"Cache-Control": "no-store", **(headers or {})}, media_type=media_type
    )
