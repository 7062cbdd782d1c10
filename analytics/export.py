"""A table as a file for somebody's spreadsheet or program."""

import csv
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(table: pa.Table) -> bytes:
    """For a spreadsheet, which takes a text that begins like a formula for one: such a text gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_safe(name) for name in table.column_names])
    writer.writerows([_safe(value) for value in row.values()] for row in table.to_pylist())
    return out.getvalue().encode("utf-8-sig")


def as_parquet(table: pa.Table) -> bytes:
    """With types and all digits."""
    out = io.BytesIO()
    pa.parquet.write_table(table, out, compression="zstd")
    return out.getvalue()


def _safe(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value
