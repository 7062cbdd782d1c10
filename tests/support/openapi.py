"""Whether real answers are as an OpenAPI document describes them."""

import re
from typing import Any

from httpx2 import Response
from jsonschema import Draft202012Validator

IN_PATH = re.compile(r"{\w+}")


def check_described(document: dict[str, Any], answer: Response) -> None:
    """Fails unless the answer's address, method, status and type are in the document, and its body fits the schema."""
    request = answer.request
    operation = operation_of(document, request.method, request.url.path)
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, f"{request.method} {request.url.path} answers {answer.status_code}, undescribed"
    content = described["content"][answer.headers["content-type"]]
    check_fits(document, answer.json(), content["schema"])


def check_fits(document: dict[str, Any], value: Any, schema: dict[str, Any]) -> None:
    """Fails unless the value fits a schema of the document; what a schema does not name is forbidden."""
    validator = Draft202012Validator({**schema, "components": document["components"]})
    assert not (wrong := [error.message for error in validator.iter_errors(value)]), wrong


def operation_of(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """Raises AssertionError where there is none."""
    for template, item in document["paths"].items():
        if method.lower() in item and re.fullmatch(IN_PATH.sub("[^/]+", template), path):
            found: dict[str, Any] = item[method.lower()]
            return found
    raise AssertionError(f"{method} {path} is not described")


def addresses(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Every path with its method."""
    return {(path, method) for path, item in document["paths"].items() for method in item}


def check_is_openapi(document: dict[str, Any]) -> None:
    """Every reference leads somewhere, every name of an operation is its own, and every schema is one."""
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert document["openapi"] == "3.1.0" and len(names) == len(set(names))
    schemas = document["components"]["schemas"]
    assert {reference.rpartition("/")[2] for reference in _references(document)} == set(schemas)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return [*own, *(reference for item in value.values() for reference in _references(item))]
    if isinstance(value, list):
        return [reference for item in value for reference in _references(item)]
    return []
