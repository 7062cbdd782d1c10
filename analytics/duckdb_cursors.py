"""
DuckDB in memory: one database a process, a cursor of its own for every query.

One connection shared by threads gives wrong answers; cursors do not. Nothing is installed or loaded from anywhere: what
lies in SQLite or PostgreSQL comes in as Arrow tables.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

MEMORY = "1GB"  # beyond it spills to disk; the smallest machine has 2 GB
THREADS = 2  # a page must leave processors to the site
Cursor = duckdb.DuckDBPyConnection


@cache
def _database() -> Cursor:
    return duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": MEMORY,
            "threads": str(THREADS),
        },
    )


def cursor(folder: Path) -> Cursor:
    """A new cursor, to be closed after the query. What does not fit in memory spills into a folder below this one."""
    spill = folder / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    opened = _database().cursor()
    run(opened, f"SET temp_directory = {quoted(spill)}")
    return opened


def run(opened: Cursor, text: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement and fetch all rows: a cursor takes no other statement while a result is half read."""
    return opened.execute(text, parameters).fetchall()


@contextmanager
def question(**tables: pa.Table) -> Iterator[Cursor]:
    """Context manager: a cursor with these Arrow tables registered, for a query about them alone."""
    with _database().cursor() as opened:
        for name, table in tables.items():
            opened.register(name, table)
        yield opened


def quoted(value: object) -> str:
    """A value as an SQL literal, where no parameter is allowed: the name of a file."""
    return "'" + str(value).replace("'", "''") + "'"
