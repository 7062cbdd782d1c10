"""JSON for the console's own pages and the staff's own programs."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import orjson
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import tasks
from console import caller
from core import clock
from core.bookings import queries
from core.bookings.decisions import Decision, decide_as_staff
from core.bookings.models import Booking, Channel, Status
from core.bookings.whose import whose_bookings
from core.bootstrap import Services
from core.errors import Invalid, SpiritError
from core.http import problems
from core.http.body import MOST_BYTES, BodyTooLarge, at_most
from core.http.bookings import booking_as_json, despite_wrong
from core.mail.status import family_status, said_to_staff

FIELDS = ("bookingId", "action", "reason", "despite")

log = structlog.get_logger()
Endpoint = Callable[[Request], Awaitable[Response]]


def answered(endpoint: Endpoint, *, most_bytes: int = MOST_BYTES) -> Endpoint:
    """What the rules refuse is a problem document. most_bytes: of the body."""

    async def with_problems(request: Request) -> Response:
        try:
            return await endpoint(Request(request.scope, at_most(request.receive, most_bytes)))
        except BodyTooLarge:
            return json_answer(problems.problem_of_status(413), 413)
        except SpiritError as error:
            return json_answer(problems.problem(error), problems.status_of(error), problems.headers_of(error))
        except HTTPException as error:
            words = error.detail if error.status_code in (400, 403, 415) else None
            return json_answer(problems.problem_of_status(error.status_code, detail=words), error.status_code)
        except Exception:  # a program reads a problem document too when the mistake is ours
            log.exception("request failed")  # the edge's line names the route
            return json_answer(problems.problem_of_status(500), 500)

    return with_problems


async def pending(request: Request) -> Response:
    """The requests that wait for the signed-in coach; for an admin all of them."""
    account_id = await caller.account_of(request)
    return json_answer(await run_in_threadpool(_pending, caller.services_of(request), account_id))


async def decide(request: Request) -> Response:
    _checkjson_answer(request)
    who = await caller.may_change(request)
    booking_id, decision, reason, despite = _asked_for(await request.body())
    services = caller.services_of(request)
    coach_id = await run_in_threadpool(_coach_of, services, booking_id)
    run = partial(
        caller.transact_as,
        services,
        who,
        decide_as_staff,
        booking_id,
        decision,
        channel=Channel.API,
        reason=reason,
        despite=despite,
        coach=coach_id,
    )
    booking = await run_in_threadpool(run)
    await tasks.nudge(tasks.deliver_mail)
    done = "The lesson is approved." if booking.status is Status.APPROVED else "The request is denied."
    mailed = await run_in_threadpool(_said_of_mail, services, booking)
    body = booking_as_json(booking, now=clock.now())
    return json_answer({"success": True, "message": f"{done} {mailed}".rstrip(), "booking": body})


async def nothing_here(request: Request) -> Response:
    """Streamlit would answer 200 to any unknown address."""
    return json_answer(problems.problem_of_status(404), 404)


def _said_of_mail(services: Services, booking: Booking) -> str:
    with services.database.read() as session:
        return said_to_staff(family_status(session, booking, now=clock.now()), booking)


def _pending(services: Services, account_id: int) -> dict[str, Any]:
    now = clock.now()
    with services.database.read() as session:
        whose = whose_bookings(session, account_id)
        bookings = queries.requests_awaiting_answer(session, whose=whose, now=now)
        found = [booking_as_json(booking, now=now) for booking in bookings]
    return {"bookings": found, "totalPending": len(found), "hasNotifications": bool(found)}


def _coach_of(services: Services, booking_id: int) -> int:
    with services.database.read() as session:
        return queries.get_booking(session, booking_id).coach_id


def _asked_for(body: bytes) -> tuple[int, Decision, str | None, list[str]]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HTTPException(400, "This is not JSON that we can read.") from None
    if not isinstance(given, dict):
        raise HTTPException(400, "Please send one JSON object.")
    booking_id, action, reason = given.get("bookingId"), given.get("action"), given.get("reason")
    despite = given.get("despite", [])
    wrong = {name: "We do not know this field." for name in given if name not in FIELDS} | despite_wrong(despite)
    if not isinstance(booking_id, int) or isinstance(booking_id, bool) or not 0 < booking_id < 2**63:
        wrong["bookingId"] = "This should be the id of a booking."
    if action not in list(Decision):
        wrong["action"] = "Please say approve or deny."
    if not isinstance(reason, str | None):
        wrong["reason"] = "This should be text."
    if wrong:
        raise Invalid(wrong)
    assert isinstance(booking_id, int)
    return booking_id, Decision(str(action)), reason, despite


def _checkjson_answer(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Please send application/json.")


def json_answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Nobody keeps it."""
    media_type = "application/json" if status < 400 else problems.MEDIA_TYPE
    return Response(
        orjson.dumps(content), status, headers={"Cache-Control": "no-store", **(headers or {})}, media_type=media_type
    )
