"""Strict parsing of whole numbers from URLs, cookies, headers and arguments."""

from collections.abc import Mapping
from typing import Any

from core.errors import NotFound

MAX_ID = 2**63 - 1  # what a column can hold


def whole_number(text: str, *, least: int = 0, most: int = MAX_ID) -> int | None:
    """
    Parse ASCII digits as a number from `least` to `most`, both included; None for anything else.

    Length first, then digits, then the bound: `int` refuses 4,301 digits by an exception of its own, and reads "+1",
    "1_000" and the digits of every script.
    """
    if len(text) > len(str(most)) or not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if least <= number <= most else None


def id_in(path_params: Mapping[str, Any], name: str) -> int:
    """Parse the id in a URL's path. Raises NotFound for what no row can have."""
    number = whole_number(str(path_params[name]), least=1)
    if number is None:
        raise NotFound
    return number
