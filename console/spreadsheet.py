"""Lists as files that a spreadsheet opens, in which no cell is ever run as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "|", "%")
MOST_ROWS = 10_000


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with a mark at the front, without which spreadsheets read accents wrongly."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def cell(value: str) -> str:
    """The value; with an apostrophe before it where a spreadsheet would begin to calculate."""
    begins = value.lstrip(" \u00a0\u200b\ufeff")
    return f"'{value}" if begins.startswith(FORMULA) else value
