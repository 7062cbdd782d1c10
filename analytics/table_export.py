"""Export of a table as CSV or Parquet."""

import io

import pyarrow as pa
import pyarrow.parquet

from core.platform import csv_export


def as_csv(table: pa.Table) -> bytes:
    """CSV for a spreadsheet, in which no cell is ever run as a formula."""
    return csv_export.as_csv(table.column_names, (list(row.values()) for row in table.to_pylist()))


def as_parquet(table: pa.Table) -> bytes:
    """Parquet, with types and all digits."""
    out = io.BytesIO()
    pa.parquet.write_table(table, out, compression="zstd")
    return out.getvalue()
