"""
AUTOINCREMENT for an existing SQLite table: an id that was given out is never given out again, even after its row is gone.

SQLite cannot alter a primary key, so the table is rebuilt as its manual says: the new one beside the old one, rows
copied, names exchanged; indexes and triggers are put up again from their own text. Foreign keys are off meanwhile
(core.migrations does that), and `legacy_alter_table` keeps other tables' references as they are.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

KEY_COLUMN = re.compile(r"\bid INTEGER NOT NULL\b")
KEY_CONSTRAINT = re.compile(r",?\s*CONSTRAINT \"?pk_\w+\"? PRIMARY KEY \(id\)")


def never_reuse(op: Any, tables: Sequence[str]) -> None:
    """Give these tables' ids AUTOINCREMENT. PostgreSQL's sequences never go back anyway."""
    connection: Connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    for table in tables:
        if "AUTOINCREMENT" not in (before := _sql_of(connection, table)):
            _rebuild(connection, table, before)


def _rebuild(connection: Connection, table: str, before: str) -> None:
    beside = f"{table}_rebuilt"
    after = KEY_CONSTRAINT.sub("", KEY_COLUMN.sub("id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", before, count=1))
    after, named = re.subn(rf'^CREATE TABLE "?{table}"?', f"CREATE TABLE {beside}", after)
    if not named or after.count("PRIMARY KEY") != 1:
        raise LookupError(f"the text of {table} is not as expected")
    rest = connection.scalars(
        text("SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type <> 'table' AND sql IS NOT NULL"),
        {"table": table},
    ).all()
    connection.execute(text(after))
    connection.execute(text(f"INSERT INTO {beside} SELECT * FROM {table}"))  # noqa: S608 (names that a migration gives)
    connection.execute(text(f"DROP TABLE {table}"))
    connection.execute(text(f"ALTER TABLE {beside} RENAME TO {table}"))
    for statement in rest:
        connection.exec_driver_sql(statement)


def _sql_of(connection: Connection, table: str) -> str:
    query = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    return str(connection.execute(query, {"table": table}).scalar_one())
