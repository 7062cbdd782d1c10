"""
Bases of the JSON models: answers, bodies and queries of both fronts. OpenAPI is generated from the same classes.

    Answer    what we send: camelCase, instants as UTC with Z
    Body      what a program sends as JSON; null is the same as left out
    Query     what stands behind the question mark; empty is the same as left out
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Self

import orjson
from pydantic import AliasGenerator, BaseModel, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

from core.platform.countries import DEFAULT_COUNTRY
from core.platform.forms import Form

# Our names whose JSON names are not just their camelCase.
JSON_NAMES = {
    "starts_at": "startDateTimeUTC",
    "ends_at": "endDateTimeUTC",
    "expires_at": "autoExpireAt",
    "lesson_type_id": "lessonId",
    "idempotency_key": "Idempotency-Key",  # a header, named so in errors
}


def json_name(field: str) -> str:
    """ "price_cents" as JSON names it: "priceCents"."""
    return JSON_NAMES.get(field) or to_camel(field)


def utc_text(at: datetime) -> str:
    """ "2026-11-24T16:00:00Z": to the second, or the microsecond where there is one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


INSTANT_SCHEMA = {"type": "string", "format": "date-time", "examples": ["2026-11-24T16:00:00Z"]}
Instant = Annotated[datetime, PlainSerializer(utc_text), WithJsonSchema(INSTANT_SCHEMA)]


class Answer(BaseModel):
    """The base of every JSON answer; every field is sent."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=AliasGenerator(serialization_alias=json_name),
        json_schema_serialization_defaults_required=True,
    )


class Body(Form):
    """The base of every JSON body."""

    model_config = ConfigDict(alias_generator=json_name)

    @classmethod
    def parse(cls, values: Mapping[str, Any], *, country: str = DEFAULT_COUNTRY) -> Self:
        """Raises Invalid, with the fields named as they were sent."""
        known = {field.alias for field in cls.model_fields.values()}
        given = {name: value for name, value in values.items() if value is not None or name not in known}
        return super().parse(given, country=country)


class Query(Form):
    """The base of every query; what it does not know is nobody's mistake."""

    model_config = ConfigDict(alias_generator=json_name, extra="ignore")

    @classmethod
    def parse(cls, values: Mapping[str, Any], *, country: str = DEFAULT_COUNTRY) -> Self:
        """Raises Invalid, by name."""
        return super().parse({name: value for name, value in values.items() if value != ""}, country=country)


def dumps(content: Any) -> bytes:
    """Answers, or lists of them, as JSON: compact and UTF-8."""
    return orjson.dumps(content, default=_as_json)


def _as_json(value: object) -> dict[str, Any]:
    if isinstance(value, Answer):
        return value.model_dump(mode="json", by_alias=True)
    raise TypeError
