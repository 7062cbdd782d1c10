"""Integrity check of a database: pages, foreign keys, guards, schema, row counts."""

import sqlite3
from contextlib import closing
from pathlib import Path

from core.errors import SetupError
from core.migrations import check_schema
from core.platform.db import Database

MAX_NAMED = 3


def fault_of_file(path: Path, *, quickly: bool = False) -> str | None:
    """
    Integrity fault of a SQLite file, in SQLite's words; None when it is whole.

    Args:
        quickly: leave out whether indexes agree with their tables, which takes most of the time.
    """
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA busy_timeout = 10000")
            (answer,) = connection.execute(f"PRAGMA {'quick_check' if quickly else 'integrity_check'}").fetchone()
            if answer != "ok":
                return str(answer)
            orphans = connection.execute("PRAGMA foreign_key_check").fetchmany(MAX_NAMED)
    except sqlite3.DatabaseError as error:
        return str(error)
    if orphans:
        return ", ".join(f"{table} {rowid} names a {parent} that is not there" for table, rowid, parent, _ in orphans)
    return None


def require_whole_file(path: Path, origin: Path) -> None:
    """Raises SetupError: pages or foreign keys are broken."""
    if fault := fault_of_file(path):
        raise SetupError(f"The database in {origin} is damaged: {fault}.")


def require_gym(path: Path, origin: Path) -> None:
    """Raises SetupError for a whole SQLite file that is another program's."""
    with closing(sqlite3.connect(path)) as connection:
        named = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"alembic_version", "gym", "booking"} <= named:
        raise SetupError(f"The database in {origin} is not a gym's.")


def require_ours(database: Database) -> None:
    """Its schema is this program's, and its guards stand. Raises SchemaOutdated, SchemaNewer, GuardMissing."""
    check_schema(database)


def row_counts(path: Path) -> dict[str, int]:
    """Row counts by table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608 (names from the schema itself)
