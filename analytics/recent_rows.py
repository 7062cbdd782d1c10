"""
Hot rows as Arrow tables, through CSV: as COPY writes it on PostgreSQL, as Python does on SQLite.

Arrow's arrays made of Python's values would need all of them in memory first, and have Arrow load pandas (50 MB).
"""

import csv
from collections.abc import Iterable
from io import BytesIO, TextIOWrapper

import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection, Float, Table, Text, select

KINDS = {Text: pa.string(), Float: pa.float64()}


def schema(table: Table) -> pa.Schema:
    """Arrow schema of a table: int64, string and float64, none nullable."""
    return pa.schema([(column.name, KINDS.get(type(column.type), pa.int64())) for column in table.columns])


def rows(connection: Connection, table: Table, *, after: int, upto: int | None = None, since_us: int = 0) -> pa.Table:
    """
    Rows with after < id ≤ upto, and no older than since_us, by id.

    Returns:
        An Arrow table with the table's columns.
    """
    query = select(table).where(table.c.id > after).order_by(table.c.id)
    if upto is not None:
        query = query.where(table.c.id <= upto)
    if since_us:
        query = query.where(table.c.at_us >= since_us)
    statement = str(query.compile(connection, compile_kwargs={"literal_binds": True}))  # whole numbers alone
    driver = connection.connection.driver_connection
    assert driver is not None
    if connection.dialect.name == "sqlite":
        return _from_csv(_csv(driver.execute(statement)), schema(table))
    with driver.cursor() as cursor, cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)") as copied:
        text = b"".join(copied)
    return _from_csv(text, schema(table))


def _csv(found: Iterable[tuple[object, ...]]) -> bytes:
    text = BytesIO()
    lines = TextIOWrapper(text, encoding="utf-8", newline="", write_through=True)
    csv.writer(lines, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(found)
    return text.getvalue()


def _from_csv(text: bytes, wanted: pa.Schema) -> pa.Table:
    if not text:
        return pa.Table.from_batches([], schema=wanted)
    return pa.csv.read_csv(
        pa.BufferReader(text),
        read_options=pa.csv.ReadOptions(column_names=wanted.names),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types={field.name: field.type for field in wanted}, strings_can_be_null=False
        ),
    )
