"""The form of a request for a lesson: parsed and validated field by field."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, TypeAdapter, ValidationInfo

from core.errors import Invalid
from core.platform.contacts import email_address, phone_number
from core.platform.countries import DEFAULT_COUNTRY
from core.platform.forms import A_TIME, A_WHOLE_NUMBER, OTHERWISE, Form, Visible, parse_value
from core.platform.number_parsing import MAX_ID, whole_number
from core.platform.text_cleaning import paragraphs

NAME_LENGTH, NOTES_LENGTH = 80, 1000
KEY_LENGTHS = range(16, 201)  # of an idempotency key
YEARS = range(1970, 2400)


def _phone(value: str | None, about: ValidationInfo) -> str | None:
    return phone_number(value, (about.context or {}).get("country", DEFAULT_COUNTRY))


def _start(value: datetime) -> datetime:
    """An instant in UTC. Years far away are refused: they would overflow in the arithmetic of days."""
    if value.year not in YEARS:
        raise ValueError(A_TIME)
    return value.astimezone(UTC)


def _key(value: str | None) -> str | None:
    if value is not None and (len(value) not in KEY_LENGTHS or not value.isascii() or not value.isprintable()):
        raise ValueError("A key has 16 to 200 plain characters.")
    return value


def _id(value: Any) -> Any:
    """An id from JSON's own numbers, or text of plain digits: pydantic would also read "+1", "1_000" and true."""
    if isinstance(value, bool) or (isinstance(value, str) and (value := whole_number(value)) is None):
        raise ValueError(A_WHOLE_NUMBER)
    return value


def _fits(value: int) -> int:
    """An id that fits into a column."""
    if not -MAX_ID < value <= MAX_ID:
        raise ValueError(OTHERWISE)
    return value


def _iso_text(value: Any) -> Any:
    """An instant as ISO text alone: pydantic would read a bare number as seconds since 1970."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not value[:4].isdigit() or "-" not in value:
        raise ValueError(A_TIME)
    return value


Start = Annotated[AwareDatetime, BeforeValidator(_iso_text), AfterValidator(_start)]
Id = Annotated[int, BeforeValidator(_id), AfterValidator(_fits)]  # whether it exists is asked later
RowId = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(_id)]
Key = Annotated[str | None, AfterValidator(_key)]
AS_SHOWN = "As it was shown; where it differs by now, the answer is 409 not_as_shown and nothing is booked."


class Shown(Form):
    """The lesson as a form, or a program, was shown it, for optimistic concurrency; None: not shown. cancelling: `terms.announced`."""

    price_cents: Annotated[int | None, Field(description=AS_SHOWN)] = None
    minutes: Annotated[int | None, Field(description=AS_SHOWN)] = None
    requires_approval: Annotated[bool | None, Field(description=AS_SHOWN)] = None
    cancelling: Annotated[str | None, Field(max_length=100)] = None


class LessonRequest(Shown):
    """
    A parent's request for one lesson, validated. Times are aware UTC; the phone is in international form, or None.

    idempotency_key: a form's hidden key or a caller's own; the same key is the same booking.
    """

    coach_id: Id
    lesson_id: Id
    starts_at: Start
    customer_name: Annotated[Visible, Field(max_length=NAME_LENGTH)]
    customer_email: Annotated[str, AfterValidator(email_address), Field(json_schema_extra={"format": "email"})]
    customer_phone: Annotated[str | None, AfterValidator(_phone)] = None
    athlete_name: Annotated[Visible, Field(max_length=NAME_LENGTH)]
    notes: Annotated[str, AfterValidator(paragraphs), Field(max_length=NOTES_LENGTH)] = ""
    idempotency_key: Key = None

    def fingerprint(self) -> str:
        """A SHA-256 of the values asked for, to recognise a retry under the same idempotency key."""
        return hashlib.sha256(
            self.model_dump_json(exclude={"idempotency_key", *Shown.model_fields}).encode()
        ).hexdigest()


def read_id(text: str) -> int:
    """Parse an id, as in a LessonRequest. Raises Invalid."""
    return parse_value(TypeAdapter(Id), text, field="id")


def read_email(text: str) -> str:
    """Parse an e-mail address, as in a LessonRequest. Raises Invalid."""
    try:
        return email_address(text)
    except ValueError as error:
        raise Invalid({"email": str(error)}) from None


def read_start(text: str) -> datetime:
    """Parse a start ("2026-11-24T16:00:00Z") to aware UTC, as in a LessonRequest. Raises Invalid."""
    return parse_value(TypeAdapter(Start), text, field="starts_at")
