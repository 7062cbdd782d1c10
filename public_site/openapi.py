"""The description of the JSON addresses, as OpenAPI 3.1."""

from typing import Any

from core.bookings.concerns import Concern
from core.schedule.reasons import Reason

INSTANT = {"type": "string", "format": "date-time", "examples": ["2026-11-24T16:00:00Z"]}
ID = {"type": "integer"}
TEXT = {"type": "string"}
MAYBE_INSTANT = {"type": ["string", "null"], "format": "date-time"}
AS_SHOWN = "where it differs by now, the answer is 409 not_as_shown and nothing is booked."
STATUSES = ["PENDING", "APPROVED", "DENIED", "EXPIRED", "CANCELLED"]


def document(base_url: str) -> dict[str, Any]:
    """The whole description; base_url is the one server."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Spirit Athletics: private lessons",
            "version": "1.0.0",
            "description": "Find a free time, request a lesson, answer a request. Instants are UTC.",
        },
        "servers": [{"url": base_url}],
        "paths": _paths(),
        "components": {"schemas": SCHEMAS},
    }


def _paths() -> dict[str, Any]:
    return {
        "/api/coaches": {"get": _operation("coaches", "Coaches and their lessons", _list_of("Coach"))},
        "/api/coaches/{id}/slots": {
            "get": _operation(
                "slots",
                "Free times on local days, `to` included; at most 62 days",
                _ref("Slots"),
                errors=(404, 422),
                parameters=[
                    _parameter("id", "path", ID),
                    _parameter("lessonId", "query", ID),
                    _parameter("from", "query", {"type": "string", "format": "date"}),
                    _parameter("to", "query", {"type": "string", "format": "date"}),
                ],
            )
        },
        "/api/book/private": {
            "post": _operation(
                "book",
                "Request a lesson; the same Idempotency-Key and body is the same booking",
                _ref("Booked"),
                status=201,
                accepted=_ref("ToConfirm"),
                errors=(400, 404, 409, 413, 415, 422, 429, 503),
                body="LessonRequest",
                parameters=[_parameter("Idempotency-Key", "header", {**TEXT, "minLength": 16}, required=False)],
            )
        },
        "/api/bookings/{handle}": {
            "get": _operation(
                "booking",
                "One booking, by its secret handle",
                _ref("Booking"),
                errors=(404,),
                parameters=[_parameter("handle", "path", TEXT)],
            )
        },
        "/api/booking/approve": {
            "post": _operation(
                "decide",
                "Answer a request with the token of the coach's mail",
                _ref("Decided"),
                errors=(400, 404, 409, 410, 413, 415, 422, 429, 503),
                body="Decision",
            )
        },
    }


def _operation(
    name: str,
    summary: str,
    answer: dict[str, Any],
    *,
    status: int = 200,
    errors: tuple[int, ...] = (),
    body: str | None = None,
    parameters: list[dict[str, Any]] | None = None,
    accepted: dict[str, Any] | None = None,
) -> dict[str, Any]:
    responses = {str(status): {"description": summary, "content": {"application/json": {"schema": answer}}}}
    if accepted:
        waits = {"description": "Nothing is held until the family confirms it by mail"}
        responses["202"] = {**waits, "content": {"application/json": {"schema": accepted}}}
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    responses |= {str(code): {"description": f"Refused with {code}", "content": problem} for code in errors}
    operation: dict[str, Any] = {"operationId": name, "summary": summary, "responses": responses}
    if parameters:
        operation["parameters"] = parameters
    if body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return operation


def _parameter(name: str, place: str, schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


def _object(*, optional: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


SCHEMAS: dict[str, Any] = {
    "Coach": _object(
        id=ID,
        slug=TEXT,
        name=TEXT,
        requiresApproval={"enum": ["always", "sometimes", "never"]},
        lessons=_list_of("Lesson"),
    ),
    "Lesson": _object(id=ID, slug=TEXT, name=TEXT, minutes={"type": "integer"}, priceCents={"type": "integer"}),
    "Slots": _object(timeZone=TEXT, slots=_list_of("Slot")),
    "Slot": _object(startDateTimeUTC=INSTANT, endDateTimeUTC=INSTANT, requiresApproval={"type": "boolean"}),
    "LessonRequest": {
        **_object(
            optional=("customerPhone", "notes", "priceCents", "minutes", "requiresApproval"),
            coachId=ID,
            lessonId=ID,
            startDateTimeUTC=INSTANT,
            customerName={**TEXT, "maxLength": 80},
            customerEmail={**TEXT, "format": "email"},
            customerPhone=TEXT,
            athleteName={**TEXT, "maxLength": 80},
            notes={**TEXT, "maxLength": 1000},
            priceCents={"type": "integer", "description": f"As it was shown; {AS_SHOWN}"},
            minutes={"type": "integer", "description": f"As it was shown; {AS_SHOWN}"},
            requiresApproval={"type": "boolean", "description": f"As it was shown; {AS_SHOWN}"},
        ),
        "additionalProperties": False,
    },
    "Booking": _object(
        id=ID,
        status={"enum": STATUSES},
        startDateTimeUTC=INSTANT,
        endDateTimeUTC=INSTANT,
        autoExpireAt=MAYBE_INSTANT,
        coachId=ID,
        lessonId=ID,
        requestedAt=INSTANT,
        approvedAt=MAYBE_INSTANT,
        deniedAt=MAYBE_INSTANT,
        denialReason={"type": ["string", "null"]},
    ),
    "Booked": _object(
        success={"const": True},
        requiresApproval={"type": "boolean"},
        message=TEXT,
        booking=_ref("Booking"),
        manageUrl={**TEXT, "format": "uri"},
    ),
    "ToConfirm": _object(
        success={"const": False},
        requiresConfirmation={"const": True},
        message=TEXT,
        booking={"type": "null"},
        manageUrl={"type": "null"},
    ),
    "Decision": _object(
        optional=("reason", "despite"),
        token=TEXT,
        action={"enum": ["approve", "deny"]},
        reason={**TEXT, "maxLength": 500},
        despite={
            "type": "array",
            "items": {"enum": [*Concern]},
            "description": "The concerns of a 409 needs_agreement, from whoever approves all the same.",
        },
    ),
    "Decided": _object(success={"const": True}, message=TEXT, booking=_ref("Booking")),
    "Problem": _object(
        optional=("nextSlots", "reason", "how", "when", "by", "channel", "errors", "changes", "concerns"),
        type=TEXT,
        title=TEXT,
        status={"type": "integer"},
        code={**TEXT, "description": "Stable; scripts may rely on it."},
        detail=TEXT,
        nextSlots={"type": "array", "items": INSTANT},
        how={"enum": STATUSES},
        when=INSTANT,
        reason={"enum": [*Reason], "description": "Why a time is not offered."},
        by={"type": ["string", "null"]},
        channel=TEXT,
        errors={"type": "array", "items": _object(field=TEXT, message=TEXT)},
        changes={"type": "array", "items": _object(field=TEXT, message=TEXT)},
        concerns={"type": "array", "items": _object(name={"enum": [*Concern]}, message=TEXT)},
    ),
}
