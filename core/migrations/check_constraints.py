"""
CHECK constraints that list the words of a column, widened or dropped without rebuilding the table.

SQLite cannot alter a CHECK, and a rebuild loses triggers. Its manual's own way for constraints that do not change what
is stored: rewrite the table's text in `sqlite_master`, and move the schema's version so that everybody reads it again.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, text

WORD = re.compile(r"'([A-Z_]+)'")


def allow(op: Any, table: str, column: str, words: Iterable[str], *, constraint: str) -> None:
    """
    Let the column hold these words too; whatever else it may hold, it still may.

    Args:
        constraint: the full name of the CHECK that lists the words.
    """
    connection: Connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _sqlite(connection, table, column, tuple(words), constraint)
    else:
        _postgresql(op, table, column, tuple(words), constraint)


def lift(op: Any, table: str, column: str, *, constraint: str) -> None:
    """
    Drop the CHECK that lists the column's words: it may hold any.

    Args:
        constraint: its full name.
    """
    connection: Connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _rewrite(connection, table, constraint, rf",\s*{_check(column, constraint)}", lambda _: "")
    else:
        op.drop_constraint(op.f(constraint), table, type_="check")


def _sqlite(connection: Connection, table: str, column: str, words: tuple[str, ...], constraint: str) -> None:
    def widened(match: re.Match[str]) -> str:
        return f"{match[1]}{_listed(match[2], words)}{match[3]}"

    _rewrite(connection, table, constraint, _check(column, constraint), widened)


def _check(column: str, constraint: str) -> str:
    """A pattern for it in the table's text: what is before the words, the words, what is behind them."""
    return rf"(CONSTRAINT \"?{constraint}\"? CHECK \(\"?{column}\"? IN \()([^)]*)(\)\))"


def _rewrite(
    connection: Connection, table: str, constraint: str, pattern: str, becomes: Callable[[re.Match[str]], str]
) -> None:
    query = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    before: str = connection.execute(query, {"table": table}).scalar_one()
    after, found = re.subn(pattern, becomes, before)
    if found != 1:
        raise LookupError(f"{constraint} is not in the text of {table}")
    version = connection.execute(text("PRAGMA schema_version")).scalar_one()
    connection.execute(text("PRAGMA writable_schema = ON"))
    connection.execute(
        text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": after, "table": table},
    )
    connection.execute(text(f"PRAGMA schema_version = {int(version) + 1}"))
    connection.execute(text("PRAGMA writable_schema = OFF"))


def _postgresql(op: Any, table: str, column: str, words: tuple[str, ...], constraint: str) -> None:
    query = text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :constraint")
    before: str = op.get_bind().execute(query, {"constraint": constraint}).scalar_one()
    op.drop_constraint(op.f(constraint), table, type_="check")
    op.create_check_constraint(op.f(constraint), table, text(f"{column} IN ({_listed(before, words)})"))


def _listed(before: str, words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in dict.fromkeys([*WORD.findall(before), *words]))
