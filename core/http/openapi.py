"""OpenAPI 3.1 documents, generated from the pydantic models that read the bodies and make the answers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from core.http.problem_json import MEDIA_TYPE, Problem
from core.http.schema_bases import Body, Query

REFERENCE = "#/components/schemas/{model}"
IN_PATH = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Operation:
    """
    One method of one address. Path parameters are read off the path: `id` is a whole number, others are text.

    answers: status → the type of the answer. errors: the statuses of its problem documents.
    body: read as `media_type`. headers: name → (schema, meaning), all optional.
    """

    method: str
    path: str
    name: str
    summary: str
    answers: Mapping[int, Any]
    errors: Sequence[int] = ()
    body: type[Body] | None = None
    media_type: str = "application/json"
    query: type[Query] | None = None
    headers: Mapping[str, tuple[Mapping[str, Any], str]] = field(default_factory=dict)


def document(
    operations: Sequence[Operation],
    *,
    title: str,
    description: str,
    base_url: str,
    security: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """
    The OpenAPI document of these operations.

    Args:
        base_url: the one server.
        security: the ways to say who calls, any one of them; None for an API that is open to all.
    """
    schemas, components = _schemas(operations)
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, schemas)
    whole: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1.0.0", "description": description},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"schemas": components},
    }
    if security is None:
        return whole
    return whole | {
        "components": {"schemas": components, "securitySchemes": security},
        "security": [{name: []} for name in security],
    }


class _Generator(GenerateJsonSchema):
    """Without titles that only repeat a field's name, and without defaults of null."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def _schemas(operations: Sequence[Operation]) -> tuple[dict[Any, JsonSchemaValue], dict[str, Any]]:
    """A schema for each type that an operation reads or answers, and the components that these refer to."""
    inputs: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = [
        (type_, mode, TypeAdapter(type_)) for type_, mode in dict.fromkeys(_types(operations))
    ]
    made, definitions = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE, schema_generator=_Generator)
    return {type_: schema for (type_, _), schema in made.items()}, definitions["$defs"]


def _types(operations: Sequence[Operation]) -> Iterator[tuple[Any, JsonSchemaMode]]:
    yield Problem, "serialization"
    for operation in operations:
        if operation.body is not None:
            yield operation.body, "validation"
        for answer in operation.answers.values():
            yield answer, "serialization"


def _described(operation: Operation, schemas: Mapping[Any, JsonSchemaValue]) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): {"description": HTTPStatus(status).phrase, **_content("application/json", schemas[answer])}
        for status, answer in operation.answers.items()
    }
    for status in operation.errors:
        responses[str(status)] = {"description": f"Refused with {status}", **_content(MEDIA_TYPE, schemas[Problem])}
    described: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary, "responses": responses}
    if parameters := [*_in_path(operation.path), *_in_query(operation.query), *_in_header(operation.headers)]:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {"required": True, **_content(operation.media_type, schemas[operation.body])}
    return described


def _content(media_type: str, schema: JsonSchemaValue) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema}}}


def _in_path(path: str) -> Iterator[dict[str, Any]]:
    for name in IN_PATH.findall(path):
        schema = {"type": "integer"} if name == "id" else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(query: type[Query] | None) -> Iterator[dict[str, Any]]:
    if query is None:
        return
    properties = query.model_json_schema(schema_generator=_Generator)["properties"]
    required: dict[str | None, FieldInfo] = {field.alias: field for field in query.model_fields.values()}
    for name, schema in properties.items():
        yield {"name": name, "in": "query", "required": required[name].is_required(), "schema": schema}


def _in_header(headers: Mapping[str, tuple[Mapping[str, Any], str]]) -> Iterator[dict[str, Any]]:
    for name, (schema, meaning) in headers.items():
        yield {"name": name, "in": "header", "required": False, "schema": schema, "description": meaning}
