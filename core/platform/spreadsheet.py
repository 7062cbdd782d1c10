"""Lists as files that a spreadsheet opens, in which no cell is ever run as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "|", "%")
MAX_ROWS = 10_000


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a mark at the front, without which spreadsheets read accents wrongly. Numbers stay numbers; None is empty."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([cell(value) for value in row] for row in (header, *rows))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def cell(value: Any) -> Any:
    """The value; a text with an apostrophe before it where a spreadsheet would begin to calculate."""
    if not isinstance(value, str):
        return "" if value is None else value
    begins = value.lstrip(" \u00a0\u200b\ufeff")
    return f"'{value}" if begins.startswith(FORMULA) else value
