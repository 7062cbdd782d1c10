"""What a parent asks for, read and checked field by field."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from core.errors import Invalid
from core.numbers import MAX_ID, whole_number
from core.text import at_most, can_be_seen, one_line, paragraphs

NAME_LENGTH, NOTES_LENGTH, EMAIL_LENGTH = 80, 1000, 254
KEY_LENGTHS = range(16, 201)
PHONE_REGION = "US"
YEARS = range(1970, 2400)

SENTENCES = {
    "missing": "Please fill this in.",
    "extra_forbidden": "We do not know this field.",
    "int_parsing": "This should be a whole number.",
    "int_type": "This should be a whole number.",
    "int_from_float": "This should be a whole number.",
    "string_type": "This should be text.",
    "timezone_aware": "The time needs its zone, such as 2026-11-24T16:00:00Z.",
}
UNREADABLE_TIME = "This is not a time we can read; it should look like 2026-11-24T16:00:00Z."


def _name(value: str) -> str:
    value = one_line(value)
    if not can_be_seen(value):
        raise ValueError("Please fill this in.")
    return at_most(value, NAME_LENGTH)


def _email(value: str) -> str:
    value = one_line(value)
    if not value:
        raise ValueError("Please fill this in.")
    if len(value) > EMAIL_LENGTH or any(separator in value for separator in ",;<> "):
        raise ValueError("Please write one e-mail address, such as sam@example.org.")
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ValueError("Please write an e-mail address such as sam@example.org.") from None


def _phone(value: str | None) -> str | None:
    value = one_line(value or "")
    if not value:
        return None
    try:
        number = phonenumbers.parse(value, PHONE_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if len(value) > 40 or number is None or not phonenumbers.is_possible_number(number):
        raise ValueError("Please write a phone number such as (415) 555-0134, or leave this empty.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _notes(value: str) -> str:
    return at_most(paragraphs(value), NOTES_LENGTH)


def _start(value: datetime) -> datetime:
    """Years that no calendar of ours reaches would overflow in the arithmetic of days."""
    if value.year not in YEARS:
        raise ValueError(UNREADABLE_TIME)
    return value.astimezone(UTC)


def _key(value: str | None) -> str | None:
    if value is not None and (len(value) not in KEY_LENGTHS or not value.isascii() or not value.isprintable()):
        raise ValueError("A key has 16 to 200 plain characters.")
    return value


def _id(value: Any) -> Any:
    """JSON's own numbers, or text of plain digits: pydantic would also read "+1", "1_000" and true."""
    if isinstance(value, bool) or (isinstance(value, str) and (value := whole_number(value)) is None):
        raise ValueError(SENTENCES["int_type"])
    return value


def _iso_text(value: Any) -> Any:
    """Instants come as text; a bare number would be read as seconds since 1970."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not value[:4].isdigit() or "-" not in value:
        raise ValueError(UNREADABLE_TIME)
    return value


Start = Annotated[AwareDatetime, BeforeValidator(_iso_text), AfterValidator(_start)]
Id = Annotated[int, BeforeValidator(_id), Field(gt=-MAX_ID, le=MAX_ID)]  # whether it exists is asked later


class LessonRequest(BaseModel):
    """
    A parent's request for one lesson. Times are aware UTC; the phone is in international form, or None.

    idempotency_key: a form's hidden key or a caller's own; the same key is the same booking.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    coach_id: Id
    lesson_id: Id
    starts_at: Start
    customer_name: Annotated[str, AfterValidator(_name)]
    customer_email: Annotated[str, AfterValidator(_email)]
    customer_phone: Annotated[str | None, AfterValidator(_phone)] = None
    athlete_name: Annotated[str, AfterValidator(_name)]
    notes: Annotated[str, AfterValidator(_notes)] = ""
    idempotency_key: Annotated[str | None, AfterValidator(_key)] = None

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "LessonRequest":
        """Raises Invalid with a sentence for each field that cannot be read."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise Invalid({str(problem["loc"][0]): _sentence(problem) for problem in error.errors()}) from None

    def fingerprint(self) -> str:
        """A hash of what was asked for, whatever the bytes looked like."""
        return hashlib.sha256(self.model_dump_json(exclude={"idempotency_key"}).encode()).hexdigest()


def read_id(text: str) -> int:
    """The number that "7" means, as LessonRequest reads it. Raises pydantic's ValidationError."""
    return TypeAdapter(Id).validate_python(text)


def read_email(text: str) -> str:
    """A mail address, as LessonRequest reads it. Raises Invalid."""
    try:
        return _email(text)
    except ValueError as error:
        raise Invalid({"email": str(error)}) from None


def read_start(text: str) -> datetime:
    """The instant that "2026-11-24T16:00:00Z" means, aware UTC. Raises Invalid."""
    try:
        return TypeAdapter(Start).validate_python(text)
    except ValidationError as error:
        raise Invalid({"starts_at": _sentence(error.errors()[0])}) from None


def _sentence(problem: Any) -> str:
    if problem["type"] == "value_error":
        return str(problem["msg"]).removeprefix("Value error, ")
    if str(problem["type"]).startswith("datetime"):
        return UNREADABLE_TIME
    return SENTENCES.get(problem["type"], "We cannot read this.")
