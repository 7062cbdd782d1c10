"""Conversion of the gym's rows to Arrow tables for DuckDB: instants as integer microseconds."""

from typing import Any

import pyarrow as pa
from sqlalchemy import Date, Select, String, type_coerce
from sqlalchemy.orm import Session

from core.platform.orm import Instant

TIME = pa.timestamp("us")


def arrow(session: Session, query: Select[*tuple[Any, ...]]) -> pa.Table:
    """
    A query's rows as an Arrow table. Instants become int64, µs since 1970; enumerations become text.

    On SQLite instants are read as the text that they are stored as: a datetime for each would take most of the time.
    """
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    columns = list(query.selected_columns)
    instants = {column.name for column in columns if isinstance(column.type, Instant)}
    if on_sqlite:
        query = query.with_only_columns(
            *(
                type_coerce(column, String).label(column.name) if column.name in instants else column
                for column in columns
            )
        )
    rows = session.execute(query).all()
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = {}
    for column, of_column in zip(columns, values, strict=True):
        if column.name in instants:
            arrays[column.name] = _microseconds(of_column, on_sqlite=on_sqlite)
        else:
            arrays[column.name] = pa.array(
                [getattr(value, "value", value) for value in of_column], type=_kind(column.type)
            )
    return pa.table(arrays)


def _microseconds(values: Any, *, on_sqlite: bool) -> pa.Array:
    if on_sqlite:
        return pa.array(values, type=pa.string()).cast(TIME).cast(pa.int64())
    return pa.array(values, type=pa.timestamp("us", tz="UTC")).cast(pa.int64())


def _kind(kind: Any) -> pa.DataType:
    if isinstance(kind, String):  # enumerations too
        return pa.string()
    if isinstance(kind, Date):
        return pa.date32()
    return pa.bool_() if kind.python_type is bool else pa.int64()
