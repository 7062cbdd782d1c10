"""JSON beside the pages, for programs; described by /api/openapi.json."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import tasks
from core.bookings import queries as bookings
from core.bookings.history import By
from core.bookings.models import Actor, Booking, Channel, Status
from core.bookings.strangers import request_from
from core.bookings.unconfirmed import UnconfirmedRequest
from core.bookings.wanted import LessonRequest
from core.errors import Invalid
from core.http.bookings import booking_as_json, despite_wrong
from core.http.problems import utc_text
from core.mail.status import family_status, said_to_staff
from core.numbers import id_in, whole_number
from core.schedule import queries, slots
from core.schedule.models import Asks
from core.words import spoken_instant
from public_site import rates
from public_site.approvals import decide_by_link
from public_site.cache import SharedPages
from public_site.openapi import document
from public_site.templating import orjson_response
from public_site.transact import now, read, services_of, transact

MOST_DAYS = 62
PACE_S = 0.02  # between two answers with free times for programs: fifty a second from one process
ASKS = {Asks.ALWAYS: "always", Asks.UNDER_NOTICE: "sometimes", Asks.NEVER: "never"}
FIELDS = {
    "coachId": "coach_id",
    "lessonId": "lesson_id",
    "startDateTimeUTC": "starts_at",
    "customerName": "customer_name",
    "customerEmail": "customer_email",
    "customerPhone": "customer_phone",
    "athleteName": "athlete_name",
    "notes": "notes",
    "priceCents": "price_cents",
    "minutes": "minutes",
    "requiresApproval": "requires_approval",
}
TITLES = {ours: theirs for theirs, ours in FIELDS.items()} | {"idempotency_key": "Idempotency-Key"}


async def openapi(request: Request) -> Response:
    return orjson_response(document(services_of(request).settings.base_url))


async def coaches(request: Request) -> Response:
    return orjson_response(await read(request, _coaches))


async def coach_slots(request: Request) -> Response:
    """Programs in a loop take turns, refusals included, so that together they leave the event loop to pages."""
    turn: asyncio.Semaphore = request.app.state.turn_of_programs
    await turn.acquire()
    try:
        return await _coach_slots(request)
    finally:
        asyncio.get_running_loop().call_later(PACE_S, turn.release)


async def _coach_slots(request: Request) -> Response:
    rates.check_search(request)
    lesson_id, first_on, last_on = _asked_for(request.query_params)
    coach_id = id_in(request.path_params, "coach_id")

    def build(session: Session, at: datetime) -> tuple[str, datetime]:
        return _slots(session, coach_id, lesson_id, first_on, last_on, at)

    answers: SharedPages = request.app.state.answers
    key = ("slots", coach_id, lesson_id, first_on, last_on)
    return await answers.answer(request, key, build, coach=coach_id, media_type="application/json")


async def book(request: Request) -> Response:
    given = await _body(request)
    wanted = _wanted(given, request.headers.get("idempotency-key"), services_of(request).settings.country)
    by, network = By(Actor.PARENT, Channel.API), rates.network_hash(request)
    booking = await transact(request, request_from, wanted, by=by, network=network, coach=wanted.coach_id)
    await tasks.nudge(tasks.deliver_mail)
    if isinstance(booking, UnconfirmedRequest):
        return orjson_response(_to_confirm(booking), 202)
    return orjson_response(
        {
            "success": True,
            "requiresApproval": booking.needed_asking,
            "message": _what_happens_next(booking),
            "booking": booking_as_json(booking, now=now()),
            "manageUrl": f"{services_of(request).settings.base_url}/bookings/{booking.handle}",
        },
        201,
    )


def _to_confirm(waiting: UnconfirmedRequest) -> dict[str, Any]:
    """Nothing is held yet, so there is no booking to show."""
    until = spoken_instant(waiting.expires_at, waiting.coach.zone)
    return {
        "success": False,
        "requiresConfirmation": True,
        "message": f"Many requests came in at once, so the family is asked by mail to confirm this one by {until}. "
        "Nothing is booked or held yet.",
        "booking": None,
        "manageUrl": None,
    }


async def booking(request: Request) -> Response:
    found = await read(request, bookings.get_by_handle, request.path_params["handle"])
    return orjson_response(booking_as_json(found, now=now()))


async def decide(request: Request) -> Response:
    given = await _body(request)
    token, action, reason = given.get("token"), given.get("action"), given.get("reason")
    wrong = {
        name: "This should be text."
        for name, value in (("token", token), ("action", action))
        if not isinstance(value, str)
    }
    wrong |= {"reason": "This should be text."} if not isinstance(reason, str | None) else {}
    wrong |= {
        name: "We do not know this field." for name in given if name not in ("token", "action", "reason", "despite")
    }
    wrong |= despite_wrong(given.get("despite", []))
    if wrong:
        raise Invalid(wrong)
    if action not in ("approve", "deny"):
        raise Invalid({"action": "Please say approve or deny."})
    link = services_of(request).signer.read_decide(str(token))
    decided = await decide_by_link(request, link, str(action), reason, Channel.API, despite=given.get("despite", []))
    done = "The lesson is approved." if decided.status is Status.APPROVED else "The request is denied."
    status = await read(request, family_status, decided, now=now())
    message = f"{done} {said_to_staff(status, decided)}".rstrip()
    return orjson_response({"success": True, "message": message, "booking": booking_as_json(decided, now=now())})


async def nothing_here(request: Request) -> Response:
    raise HTTPException(404)


def _coaches(session: Session) -> list[dict[str, Any]]:
    return [
        {
            "id": coach.id,
            "slug": coach.slug,
            "name": coach.name,
            "requiresApproval": ASKS[coach.asks],
            "lessons": [
                {
                    "id": lesson.id,
                    "slug": lesson.slug,
                    "name": lesson.name,
                    "minutes": lesson.minutes,
                    "priceCents": lesson.price_cents,
                }
                for lesson in coach.lessons
                if lesson.active
            ],
        }
        for coach in queries.published_coaches(session)
    ]


def _slots(
    session: Session, coach_id: int, lesson_id: int, first_on: date, last_on: date, at: datetime
) -> tuple[str, datetime]:
    """The answer's text, and until when it is right."""
    coach = queries.get_coach_by_id(session, coach_id)
    lesson = queries.get_lesson_by_id(coach, lesson_id)
    offered = slots.open_slots(session, coach, lesson, first_on=first_on, last_on=last_on, now=at)
    answer = {
        "timeZone": coach.timezone,
        "slots": [
            {
                "startDateTimeUTC": utc_text(slot.starts_at),
                "endDateTimeUTC": utc_text(slot.ends_at),
                "requiresApproval": slot.requires_approval,
            }
            for slot in offered.slots
        ],
    }
    return orjson.dumps(answer).decode(), offered.valid_until


def _asked_for(query: Mapping[str, str]) -> tuple[int, date, date]:
    """The lesson's id and the local days. Raises Invalid, by field."""
    wrong: dict[str, str] = {}
    lesson_id = whole_number(query.get("lessonId", ""), least=1)
    if lesson_id is None:
        wrong["lessonId"] = "Please give the id of a lesson."
    days: dict[str, date] = {}
    for name in ("from", "to"):
        try:
            days[name] = date.fromisoformat(query.get(name, ""))
        except ValueError:
            wrong[name] = "Please give a day such as 2026-11-24."
    if not wrong and not timedelta(0) <= days["to"] - days["from"] < timedelta(days=MOST_DAYS):
        wrong["to"] = f"Please give a day from `from` on, at most {MOST_DAYS} days in all."
    if not wrong and not (days["from"].year >= 1971 and days["to"].year < 2399):
        wrong["from"] = "Please give a day nearer to today."
    if wrong or lesson_id is None:
        raise Invalid(wrong)
    return lesson_id, days["from"], days["to"]


async def _body(request: Request) -> dict[str, Any]:
    try:
        given = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise HTTPException(400, "This is not JSON that we can read.") from None
    if not isinstance(given, dict):
        raise HTTPException(400, "Please send one JSON object.")
    return given


def _wanted(given: dict[str, Any], key: str | None, country: str) -> LessonRequest:
    """The request in our own words. Raises Invalid, with the fields named as they were sent."""
    wrong = {name: "We do not know this field." for name in given if name not in FIELDS}
    values = {FIELDS[name]: value for name, value in given.items() if name in FIELDS and value is not None}
    try:
        wanted = LessonRequest.parse(values if key is None else {**values, "idempotency_key": key}, country=country)
    except Invalid as error:
        raise Invalid({TITLES[name]: sentence for name, sentence in error.fields.items()} | wrong) from None
    if wrong:
        raise Invalid(wrong)
    return wanted


def _what_happens_next(booking: Booking) -> str:
    name = booking.coach.name
    if booking.expires_at is None:
        return f"The lesson with {name} is booked."
    until = spoken_instant(booking.expires_at, booking.coach.zone)
    return f"We asked {name}, who has until {until} to answer. We will write to you either way."
