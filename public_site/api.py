"""The public JSON API, described by /api/openapi.json. What the rules refuse is a problem document (public_site.errors)."""

import asyncio
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import tasks
from core.bookings import models, slots
from core.bookings import queries as bookings
from core.bookings.mail_status import family_status, said_to_staff
from core.bookings.request_limits import request_from
from core.bookings.unconfirmed_requests import UnconfirmedRequest
from core.errors import Invalid
from core.http.booking_json import Booking, Decided
from core.http.request import services_of
from core.http.schema_bases import dumps
from core.platform.actor import Actor, ActorRole, Channel
from core.platform.number_parsing import id_in
from core.schedule import queries
from core.wording import spoken_instant
from public_site import rate_limits
from public_site.approval_page import decide_by_link
from public_site.openapi import document
from public_site.page_cache import SharedPages
from public_site.schemas import Booked, Coach, Decision, LessonRequest, Slot, Slots, SlotsQuery, ToConfirm
from public_site.templating import orjson_response
from public_site.transact import now, read, transact

PACE_S = 0.02  # between two slot searches of programs: fifty a second from one process


async def openapi(request: Request) -> Response:
    """GET /api/openapi.json."""
    return orjson_response(document(services_of(request).settings.base_url))


async def coaches(request: Request) -> Response:
    """GET /api/coaches: published coaches with their lesson types."""
    return orjson_response(await read(request, _coaches))


async def coach_slots(request: Request) -> Response:
    """
    GET /api/coaches/{id}/slots: a coach's free slots. Raises Invalid, NotFound, TooMany.

    Throttled to PACE_S for all programs together, refusals included, so that they leave the event loop to pages.
    """
    turn: asyncio.Semaphore = request.app.state.turn_of_programs
    await turn.acquire()
    try:
        return await _coach_slots(request)
    finally:
        asyncio.get_running_loop().call_later(PACE_S, turn.release)


async def _coach_slots(request: Request) -> Response:
    rate_limits.check_search(request)
    wanted = SlotsQuery.parse(request.query_params)
    coach_id = id_in(request.path_params, "coach_id")

    def build(session: Session, at: datetime) -> tuple[str, datetime]:
        return _slots(session, coach_id, wanted, at)

    answers: SharedPages = request.app.state.answers
    key = ("slots", coach_id, wanted)
    return await answers.answer(request, key, build, coach=coach_id, media_type="application/json")


async def book(request: Request) -> Response:
    """
    POST /api/book/private: request a lesson; 201, or 202 where the family confirms it by mail first.

    The Idempotency-Key header is the form key: the same key and body is the same booking. Raises as `request_from`;
    Invalid; HTTPException 400 for what is no JSON object.
    """
    given = await _body(request)
    wanted = _wanted(given, request.headers.get("idempotency-key"), services_of(request).settings.country)
    by, network = Actor(None, ActorRole.PARENT, Channel.API), rate_limits.network_hash(request)
    booking = await transact(
        request,
        lambda tx: request_from(tx.session, tx.coach, wanted, by=by, network=network, now=tx.now),
        coach=wanted.coach_id,
    )
    await tasks.nudge(services_of(request), tasks.deliver_mail)
    if isinstance(booking, UnconfirmedRequest):
        return orjson_response(_to_confirm(booking), 202)
    booked = Booked(
        requires_approval=booking.needed_asking,
        message=_what_happens_next(booking),
        booking=Booking.of(booking, now=now()),
        manage_url=f"{services_of(request).settings.base_url}/bookings/{booking.handle}",
    )
    return orjson_response(booked, 201)


def _to_confirm(waiting: UnconfirmedRequest) -> ToConfirm:
    """The answer to a request that holds no time until the family has confirmed it."""
    until = spoken_instant(waiting.expires_at, waiting.coach.zone)
    return ToConfirm(
        message=f"Many requests came in at once, so the family is asked by mail to confirm this one by {until}. "
        "Nothing is booked or held yet."
    )


async def booking(request: Request) -> Response:
    """GET /api/bookings/{handle}. Raises NotFound."""
    row = await read(request, bookings.get_by_handle, request.path_params["handle"])
    return orjson_response(Booking.of(row, now=now()))


async def decide(request: Request) -> Response:
    """POST /api/booking/approve: the coach's decision by the token of her mail. Raises as `decide_by_link`."""
    given = Decision.parse(await _body(request))
    link = services_of(request).signer.read_decide(given.token)
    decided = await decide_by_link(request, link, given.action, given.reason, Channel.API, despite=given.despite)
    status = await read(request, family_status, decided, now=now())
    return orjson_response(Decided.of(decided, said_to_staff(status, decided), now=now()))


def _coaches(session: Session) -> list[Coach]:
    return [Coach.of(coach) for coach in queries.published_coaches(session)]


def _slots(session: Session, coach_id: int, wanted: SlotsQuery, at: datetime) -> tuple[str, datetime]:
    """The answer's JSON, and the instant it expires."""
    coach = queries.get_coach_by_id(session, coach_id)
    lesson = queries.get_lesson_by_id(coach, wanted.lesson_id)
    offered = slots.open_slots(session, coach, lesson, first_on=wanted.first_on, last_on=wanted.last_on, now=at)
    answer = Slots(time_zone=coach.timezone, slots=[Slot.of(slot) for slot in offered.slots])
    return dumps(answer).decode(), offered.valid_until


async def _body(request: Request) -> dict[str, Any]:
    try:
        given = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise HTTPException(400, "This is not JSON that we can read.") from None
    if not isinstance(given, dict):
        raise HTTPException(400, "Please send one JSON object.")
    return given


def _wanted(given: dict[str, Any], key: str | None, country: str) -> LessonRequest:
    """The parsed request, with the header's idempotency key. Raises Invalid."""
    if elsewhere := given.keys() & {"Idempotency-Key", "cancelling"}:
        raise Invalid(dict.fromkeys(elsewhere, "We do not know this field."))
    return LessonRequest.parse({**given, "Idempotency-Key": key}, country=country)


def _what_happens_next(booking: models.Booking) -> str:
    name = booking.coach.name
    if booking.expires_at is None:
        return f"The lesson with {name} is booked."
    until = spoken_instant(booking.expires_at, booking.coach.zone)
    return f"We asked {name}, who has until {until} to answer. We will write to you either way."
