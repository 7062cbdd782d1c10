"""OpenAPI document of the staff's API: `GET /api/openapi.json`."""

from functools import cache
from typing import Any

from console.web import schemas
from core.http import openapi
from core.http.booking_json import Decided
from core.http.openapi import Operation

MONITORING = "/api/admin/monitoring"
OPERATIONS = (
    Operation(
        "GET",
        "/api/dashboard/bookings/pending",
        "pending",
        "The requests that wait for the signed-in coach; for an admin all of them",
        {200: schemas.Pending},
        errors=(401, 403, 503),
    ),
    Operation(
        "POST",
        "/api/booking/approve",
        "decide",
        "Answer a request",
        {200: Decided},
        errors=(400, 401, 403, 404, 409, 410, 413, 415, 422, 503),
        body=schemas.StaffDecision,
    ),
    Operation(
        "POST",
        "/api/upload/image",
        "upload",
        "Send a photo; the same file again is the same image",
        {202: schemas.Uploaded},
        errors=(400, 401, 403, 409, 413, 415, 422, 503),
        body=schemas.Upload,
        media_type="multipart/form-data",
    ),
    Operation(
        "GET",
        "/api/images/{id}",
        "image",
        "One image: its state, how far it is, and its files",
        {200: schemas.Image},
        errors=(401, 403, 404, 503),
    ),
    Operation(
        "GET",
        f"{MONITORING}/metrics",
        "metrics",
        "The cards and both charts of one range, for admins",
        {200: schemas.Metrics},
        errors=(401, 403, 422, 503),
        query=schemas.MetricsQuery,
    ),
    Operation(
        "GET",
        f"{MONITORING}/errors",
        "errors",
        "Errors by group, for admins",
        {200: schemas.ErrorGroups},
        errors=(401, 403, 422, 503),
        query=schemas.ErrorsQuery,
    ),
    Operation(
        "POST",
        f"{MONITORING}/errors/{{id}}/resolve",
        "resolve",
        "This group is mended, in the release that runs now; for admins",
        {200: schemas.Resolved},
        errors=(401, 403, 404, 422, 503),
    ),
)


@cache
def document(base_url: str, cookie: str) -> dict[str, Any]:
    """The OpenAPI document. base_url: the one server; cookie: the session cookie's name."""
    return openapi.document(
        OPERATIONS,
        title="Spirit Athletics: the staff's API",
        description="What waits and an answer to it, photos, and the monitor. Instants are UTC.",
        base_url=base_url,
        security={
            "key": {"type": "http", "scheme": "bearer", "description": "A personal key of the page My account."},
            "session": {"type": "apiKey", "in": "cookie", "name": cookie},
        },
    )
