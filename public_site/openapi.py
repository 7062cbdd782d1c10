"""OpenAPI document of the public JSON API: `GET /api/openapi.json`."""

from functools import cache
from typing import Any

from core.bookings.lesson_request import KEY_LENGTHS
from core.http import openapi
from core.http.booking_json import Booking, Decided
from core.http.openapi import Operation
from public_site.schemas import MAX_DAYS, Booked, Coach, Decision, LessonRequest, Slots, SlotsQuery, ToConfirm

KEY = {"type": "string", "minLength": KEY_LENGTHS.start, "maxLength": KEY_LENGTHS.stop - 1}

OPERATIONS = (
    Operation("GET", "/api/coaches", "coaches", "Coaches and their lessons", {200: list[Coach]}, (503,)),
    Operation(
        "GET",
        "/api/coaches/{id}/slots",
        "slots",
        f"Free times on local days, `to` included; at most {MAX_DAYS} days",
        {200: Slots},
        errors=(404, 422, 429, 503),
        query=SlotsQuery,
    ),
    Operation(
        "POST",
        "/api/book/private",
        "book",
        "Request a lesson; the same Idempotency-Key and body is the same booking",
        {201: Booked, 202: ToConfirm},
        errors=(400, 404, 409, 410, 413, 415, 422, 429, 503),
        body=LessonRequest,
        headers={"Idempotency-Key": (KEY, "The same key and body is the same booking.")},
    ),
    Operation(
        "GET", "/api/bookings/{handle}", "booking", "One booking, by its secret handle", {200: Booking}, (404, 503)
    ),
    Operation(
        "POST",
        "/api/booking/approve",
        "decide",
        "Answer a request with the token of the coach's mail",
        {200: Decided},
        errors=(400, 403, 404, 409, 410, 413, 415, 422, 429, 503),
        body=Decision,
    ),
)


@cache
def document(base_url: str) -> dict[str, Any]:
    """The OpenAPI document. base_url: the one server."""
    return openapi.document(
        OPERATIONS,
        title="Spirit Athletics: private lessons",
        description="Find a free time, request a lesson, answer a request. Instants are UTC.",
        base_url=base_url,
    )
