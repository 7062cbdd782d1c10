"""Models of the staff's API: bodies, queries and answers; the OpenAPI document is made from them."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, Strict, WithJsonSchema
from starlette.datastructures import UploadFile

from analytics.time_window import RANGES
from core.http.booking_json import Booking, DecisionBody
from core.http.schema_bases import INSTANT_SCHEMA, Answer, Body, Instant, Query
from core.images import models
from core.images.models import ImageKind, ImageState
from core.images.queries import Progress as HowFar
from core.images.uploads import MAX_ALT_LENGTH
from core.platform.forms import OneOf
from core.platform.number_parsing import MAX_ID
from core.telemetry import error_queries as errors
from core.telemetry.error_groups import RESOLVED
from core.telemetry.traffic_categories import CATEGORIES, FAMILY

LEVELS = ("WARNING", "ERROR", "CRITICAL")


class Pending(Answer):
    """Pending requests, the soonest deadline first."""

    bookings: list[Booking]
    total_pending: int
    has_notifications: bool


class StaffDecision(DecisionBody):
    """A decision by a member of staff; an admin gives a reason."""

    booking_id: Annotated[int, Strict(), Field(ge=1, le=MAX_ID)]


def _file(value: object) -> object:
    if isinstance(value, UploadFile):
        return value
    raise ValueError("Please add the photo as a file.")


class Upload(Body):
    """A photo, as multipart/form-data."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Annotated[
        UploadFile,
        BeforeValidator(_file),
        WithJsonSchema({"type": "string", "contentMediaType": "application/octet-stream"}),
    ]
    type: Annotated[ImageKind, WithJsonSchema({"type": "string", "enum": [*ImageKind]})]
    alt: Annotated[str, Field(description="What is to be seen.", json_schema_extra={"maxLength": MAX_ALT_LENGTH})] = ""


class Rendition(Answer):
    """A rendition: one file made from an image."""

    shape: str
    format: str
    width: int
    height: int
    bytes: int
    url: Annotated[str, Field(json_schema_extra={"format": "uri"})]


class FocalPoint(Answer):
    """The point that stays in every crop, in percent of the upright image."""

    x: int
    y: int


class Progress(Answer):
    """Renditions made, of those wanted."""

    made: int
    wanted: int


class Image(Answer):
    """An upload. reason: why it was rejected or failed; note: what is worth knowing otherwise."""

    id: int
    state: ImageState
    reason: str | None
    note: str | None
    type: ImageKind
    name: str
    alt: str
    width: int
    height: int
    bytes: int
    focal_point: FocalPoint
    progress: Progress
    uploaded_at: Instant
    renditions: list[Rendition]

    @classmethod
    def of(cls, image: models.Image, progress: HowFar, renditions: list[Rendition]) -> Self:
        return cls(
            id=image.id,
            state=image.state,
            reason=image.reason,
            note=image.note,
            type=image.kind,
            name=image.name,
            alt=image.alt,
            width=image.width_px,
            height=image.height_px,
            bytes=image.original_bytes,
            focal_point=FocalPoint(x=image.focal_x, y=image.focal_y),
            progress=Progress(made=progress.made, wanted=progress.wanted),
            uploaded_at=image.created_at,
            renditions=renditions,
        )


class Uploaded(Answer):
    """An accepted upload, whose renditions are not made yet."""

    success: Literal[True] = True
    image: Image


def _milliseconds(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_milliseconds), WithJsonSchema(INSTANT_SCHEMA)]


class RangeQuery(Query):
    """Query parameters with a range that ends now."""

    range: Annotated[str, OneOf(tuple(RANGES))] = "1h"


class MetricsQuery(RangeQuery):
    """Query parameters of the metrics. category: of traffic."""

    category: Annotated[str, OneOf((*CATEGORIES, "all"))] = FAMILY


class ErrorsQuery(RangeQuery):
    """Query parameters of the error groups; without level or resolved, all of them."""

    level: Annotated[str | None, OneOf(LEVELS)] = None
    resolved: Annotated[str | None, OneOf(("true", "false"))] = None


class LatencyStep(Answer):
    """One step of the latency chart; durations in milliseconds."""

    at: Moment
    requests: int
    errors: int
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


class DatabaseStep(Answer):
    """One step of the database chart: statements, and milliseconds in the database per request."""

    at: Moment
    statements: int
    avg_per_request: float | None


class Metrics(Answer):
    """Key figures and chart points of a range. Durations in milliseconds, errorRate in percent; null without any sample."""

    start: Annotated[Moment, Field(serialization_alias="from")]
    end: Annotated[Moment, Field(serialization_alias="to")]
    exact: bool
    category: str
    missing_files: list[str]
    avg_latency: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    requests: int
    errors: int
    error_rate: float | None
    active_users: int
    bookings_today: int
    performance: list[LatencyStep]
    database: list[DatabaseStep]


class ErrorGroup(Answer):
    """An error group: errors with one fingerprint."""

    id: int
    title: str
    culprit: str
    level: str
    state: str
    resolved: bool
    count: int
    count_in_range: int
    people: int
    first_seen_at: Moment
    last_seen_at: Moment
    first_release: str
    last_release: str
    resolved_at: Moment | None
    resolved_in: str | None

    @classmethod
    def of(cls, group: errors.ErrorGroup) -> Self:
        stored = {name: getattr(group, name) for name in cls.model_fields if name != "resolved"}
        return cls(**stored, resolved=group.state == RESOLVED)


class ErrorGroups(Answer):
    """Error groups, last seen first."""

    errors: list[ErrorGroup]


class Resolved(Answer):
    """A resolved error group."""

    success: Literal[True] = True
    error: ErrorGroup
