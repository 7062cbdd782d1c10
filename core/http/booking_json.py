"""A booking as JSON, and an answer to a request: the same for the site, the console's API, and whoever scripts against them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema

from core.bookings import models
from core.bookings.approval_warnings import Concern
from core.bookings.decisions import Decision
from core.bookings.models import Status
from core.bookings.sentences import REASON_LENGTH
from core.http.schema_bases import Answer, Body, Instant
from core.platform.forms import OneOf


class Booking(Answer):
    """`id` opens nothing by itself. A request past its expiry is EXPIRED, swept or not."""

    id: int
    status: Status
    starts_at: Instant
    ends_at: Instant
    expires_at: Instant | None
    coach_id: int
    lesson_type_id: int
    requested_at: Instant
    approved_at: Instant | None
    denied_at: Instant | None
    denial_reason: str | None

    @classmethod
    def of(cls, booking: models.Booking, *, now: datetime) -> Self:
        """As it is now."""
        stored = {name: getattr(booking, name) for name in cls.model_fields if name != "status"}
        return cls(**stored, status=booking.status_at(now))


class Decided(Answer):
    """A request was answered."""

    success: Literal[True] = True
    message: str
    booking: Booking

    @classmethod
    def of(cls, booking: models.Booking, mailed: str, *, now: datetime) -> Self:
        """mailed: what is said of the mail to the family; empty where there is nothing to say."""
        done = "The lesson is approved." if booking.status is Status.APPROVED else "The request is denied."
        return cls(message=f"{done} {mailed}".rstrip(), booking=Booking.of(booking, now=now))


def _list(value: Any) -> Any:
    if isinstance(value, list):
        return value
    raise ValueError("This should be a list of concerns, such as outside_hours.")


class DecisionBody(Body):
    """An answer to a request, whoever gives it."""

    action: Annotated[str, OneOf(tuple(decision.value for decision in Decision))]
    reason: Annotated[str | None, Field(json_schema_extra={"maxLength": REASON_LENGTH})] = None
    despite: Annotated[
        tuple[str, ...],
        BeforeValidator(_list),
        WithJsonSchema({"type": "array", "items": {"type": "string", "enum": [*Concern]}}),
        Field(description="The concerns of a 409 needs_agreement, from whoever approves all the same."),
    ] = ()
