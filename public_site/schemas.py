"""Models of the public API: bodies, queries and answers; the OpenAPI document is made from them."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from core.bookings import lesson_request
from core.bookings.lesson_request import Key, RowId
from core.errors import Invalid
from core.http.booking_json import Booking, DecisionBody
from core.http.schema_bases import Answer, Body, Instant, Query
from core.platform.forms import Day
from core.schedule import models
from core.schedule.availability import Slot as FreeSlot
from core.schedule.models import Asks

MAX_DAYS = 62
ASKS: dict[Asks, Literal["always", "sometimes", "never"]] = {
    Asks.ALWAYS: "always",
    Asks.UNDER_NOTICE: "sometimes",
    Asks.NEVER: "never",
}


class Lesson(Answer):
    """A lesson type that can be booked."""

    id: int
    slug: str
    name: str
    minutes: int
    price_cents: int


class Coach(Answer):
    """A published coach."""

    id: int
    slug: str
    name: str
    requires_approval: Literal["always", "sometimes", "never"]
    lessons: list[Lesson]

    @classmethod
    def of(cls, coach: models.Coach) -> Self:
        """The answer for a coach, with the lesson types that are offered."""
        lessons = [
            Lesson(**{name: getattr(lesson, name) for name in Lesson.model_fields})
            for lesson in coach.lessons
            if lesson.active
        ]
        return cls(id=coach.id, slug=coach.slug, name=coach.name, requires_approval=ASKS[coach.asks], lessons=lessons)


class Slot(Answer):
    """A free slot."""

    starts_at: Instant
    ends_at: Instant
    requires_approval: bool

    @classmethod
    def of(cls, slot: FreeSlot) -> Self:
        return cls(starts_at=slot.starts_at, ends_at=slot.ends_at, requires_approval=slot.requires_approval)


class Slots(Answer):
    """Free slots, earliest first."""

    time_zone: str
    slots: list[Slot]


class SlotsQuery(Query):
    """Query parameters of a slot search: local days, `to` included."""

    lesson_id: RowId
    first_on: Annotated[Day, Field(alias="from")]
    last_on: Annotated[Day, Field(alias="to")]

    def check(self) -> None:
        if not timedelta(0) <= self.last_on - self.first_on < timedelta(days=MAX_DAYS):
            raise Invalid({"to": f"Please give a day from `from` on, at most {MAX_DAYS} days in all."})
        if not (self.first_on.year >= 1971 and self.last_on.year < 2399):
            raise Invalid({"from": "Please give a day nearer to today."})


class LessonRequest(lesson_request.LessonRequest, Body):
    """A request for a lesson. The key comes as a header; a program is not shown the terms of cancelling."""

    cancelling: SkipJsonSchema[str | None] = None
    idempotency_key: SkipJsonSchema[Key] = None


class Booked(Answer):
    """A stored request. manage_url: the family's page."""

    success: Literal[True] = True
    requires_approval: bool
    message: str
    booking: Booking
    manage_url: Annotated[str, Field(json_schema_extra={"format": "uri"})]


class ToConfirm(Answer):
    """A request that holds no time until the family has confirmed it by mail."""

    success: Literal[False] = False
    requires_confirmation: Literal[True] = True
    message: str
    booking: None = None
    manage_url: None = None


class Decision(DecisionBody):
    """A coach's decision, by the token of her mail."""

    token: str
