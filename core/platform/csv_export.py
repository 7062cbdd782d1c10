"""CSV export with a guard against formula injection: no cell is ever run as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

# Spreadsheets begin a formula, or a command (DDE), with one of these; imports also split cells at tabs and line ends.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "|", "%")
MAX_ROWS = 10_000  # of one download


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """
    A CSV file in UTF-8. Numbers stay numbers; None is an empty cell.

    It begins with a byte order mark (BOM), without which spreadsheets read accents wrongly.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([cell(value) for value in row] for row in (header, *rows))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def cell(value: Any) -> Any:
    """A value as a cell, with an apostrophe before a text that a spreadsheet would run as a formula."""
    if not isinstance(value, str):
        return "" if value is None else value
    begins = value.lstrip(" \u00a0\u200b\ufeff")
    return f"'{value}" if begins.startswith(FORMULA) else value
