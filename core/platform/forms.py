"""
Form validation with pydantic: one base for what people and programs send, one catalogue of messages for all.

A field that has a title is named in its sentences ("Price: please fill this in."), for pages that show them on top;
without one the sentence stands alone, beside its field. What only one field can get wrong is a ValueError of its type.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import CoreSchema, ErrorDetails
from pydantic_core.core_schema import literal_schema

from core.errors import Invalid
from core.platform.countries import DEFAULT_COUNTRY
from core.platform.text_cleaning import one_line, something

T = TypeVar("T")

A_WHOLE_NUMBER = "This should be a whole number."
ON_OR_OFF = "This is on or off."
A_DAY = "This is not a day we can read; it should look like 2026-11-24."
A_TIME = "This is not a time we can read; it should look like 2026-11-24T16:00:00Z."
ONE_OF = "Please choose one of: {expected}."
OTHERWISE = "We cannot read this."
MAX_PRICE_CENTS = 1_000_000  # $10,000; above it a digit too many was typed

# Messages by pydantic's `type` of an error; in braces what its `ctx` holds.
SENTENCES = {
    "missing": "Please fill this in.",
    "extra_forbidden": "We do not know this field.",
    "string_type": "This should be text.",
    "string_too_long": "Please shorten this to {max_length} characters.",
    "too_long": "Please shorten this to {max_length} characters.",  # a text's length after an AfterValidator
    "int_type": A_WHOLE_NUMBER,
    "int_parsing": A_WHOLE_NUMBER,
    "int_parsing_size": A_WHOLE_NUMBER,
    "int_from_float": A_WHOLE_NUMBER,
    "greater_than_equal": "This should be at least {ge}.",
    "less_than_equal": "This should be at most {le}.",
    "bool_type": ON_OR_OFF,
    "bool_parsing": ON_OR_OFF,
    "enum": ONE_OF,
    "literal_error": ONE_OF,
    "date_type": A_DAY,
    "date_parsing": A_DAY,
    "date_from_datetime_parsing": A_DAY,
    "date_from_datetime_inexact": A_DAY,
    "datetime_type": A_TIME,
    "datetime_parsing": A_TIME,
    "datetime_from_date_parsing": A_TIME,
    "datetime_object_invalid": A_TIME,
    "timezone_aware": "The time needs its zone, such as 2026-11-24T16:00:00Z.",
}


class Form(BaseModel):
    """The base class of every form: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def parse(cls, values: Mapping[str, Any], *, country: str = DEFAULT_COUNTRY) -> Self:
        """
        Validate values into a form.

        Args:
            country: in which a phone number without a prefix is one (Settings.country).

        Raises:
            Invalid: a sentence for each field that cannot be read, or cannot work with another.
        """
        try:
            form = cls.model_validate(dict(values), context={"country": country})
        except ValidationError as error:
            raise _invalid(error, cls.labels()) from None
        form.check()
        return form

    @classmethod
    def of(cls, row: object) -> Self:
        """The form of a stored row, whose columns have the names of the fields; not validated again."""
        return super().model_construct(**{name: getattr(row, name) for name in cls.model_fields})

    @classmethod
    def labels(cls) -> dict[str, str]:
        """Field → title, of those that have one."""
        return {name: field.title for name, field in cls.model_fields.items() if field.title}

    def check(self) -> None:
        """Validate fields together; override where a form has such rules. Raises Invalid."""


def parse_value(adapter: TypeAdapter[T], value: object, *, field: str) -> T:
    """Validate one value alone, with the messages of a form. Raises Invalid, named by `field`."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise Invalid({field: _sentence(error.errors()[0])}) from None


def _invalid(error: ValidationError, labels: Mapping[str, str]) -> Invalid:
    """Map pydantic's errors to Invalid: one sentence a field, with its label before it where it has one."""
    fields: dict[str, str] = {}
    for problem in error.errors():
        field = str(problem["loc"][0])
        fields.setdefault(field, _labelled(labels.get(field), _sentence(problem)))
    return Invalid(fields)


def _sentence(problem: ErrorDetails) -> str:
    """The message about one error of pydantic."""
    context = problem.get("ctx", {})
    if problem["type"] == "value_error":
        return str(context["error"])
    # 'a', 'b' or 'c'.
    known = {name: str(value).replace("'", "").replace(" or ", ", ") for name, value in context.items()}
    return SENTENCES.get(problem["type"], OTHERWISE).format(**known)


def _labelled(label: str | None, sentence: str) -> str:
    """ "Price: please fill this in.", or the sentence alone."""
    return f"{label}: {sentence[:1].lower()}{sentence[1:]}" if label else sentence


def matching(pattern: str, otherwise: str) -> AfterValidator:
    """A validator of texts that match a regular expression as a whole; `otherwise` is the message about all others."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(otherwise)
        return value

    return AfterValidator(check)


@dataclass(frozen=True)
class OneOf:
    """A pydantic annotation: a text that is one of these choices; for choices that are no enum."""

    choices: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return literal_schema(list(self.choices))


def _day(value: object) -> date:
    """Parse a day from ISO text alone: pydantic would also read seconds since 1970."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(A_DAY) from None


def _price(cents: int) -> int:
    if not 0 <= cents <= MAX_PRICE_CENTS:
        raise ValueError(f"Please choose something from $0 to ${MAX_PRICE_CENTS // 100:,}.")
    return cents


Line = Annotated[str, AfterValidator(one_line)]
Visible = Annotated[str, AfterValidator(something)]
Day = Annotated[date, BeforeValidator(_day)]
PriceCents = Annotated[int, AfterValidator(_price)]
