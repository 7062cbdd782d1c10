"""
Migrated databases for tests: made once for a run, copied for each test that needs one of its own.

Where many tests begin in the same gym, a function furnishes it once, and its result is copied: Store.copy(folder, furnish).
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from core.migrations import migrate
from core.migrations import models as _every_table  # noqa: F401 (a table that refers to another finds it)
from core.platform.db import Database
from tests.support.postgresql import Server

BACKENDS = ("sqlite", "postgresql")
both_databases = pytest.mark.parametrize("backend", BACKENDS, indirect=True)
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)

Furnish = Callable[[Database], None]


class Store(Protocol):
    """One kind of database. `label`: for the summary."""

    label: str

    def copy(self, folder: Path, furnish: Furnish | None = None) -> str:
        """The URL of a fresh migrated database, as this function leaves it; files go into the folder."""

    def empty(self, folder: Path) -> str:
        """The URL of a database without a single table."""

    def remove(self, url: str) -> None:
        """The test is over."""


class SqliteStore:
    def __init__(self, folder: Path) -> None:
        self.label = f"SQLite {sqlite3.sqlite_version}"
        self._folder = folder
        self._templates: dict[Furnish | None, Path] = {None: folder / "template.db"}
        with fresh(f"sqlite:///{self._templates[None]}") as database:
            migrate(database)

    def copy(self, folder: Path, furnish: Furnish | None = None) -> str:
        if furnish is not None and furnish not in self._templates:
            self._templates[furnish] = self._furnished(furnish)
        target = folder / "spirit.db"
        shutil.copyfile(self._templates[furnish], target)
        return f"sqlite:///{target}"

    def _furnished(self, furnish: Furnish) -> Path:
        template = self._folder / f"template-{len(self._templates)}.db"
        shutil.copyfile(self._templates[None], template)
        with fresh(f"sqlite:///{template}") as database:
            furnish(database)
        return template

    def empty(self, folder: Path) -> str:
        return f"sqlite:///{folder / 'spirit.db'}"

    def remove(self, url: str) -> None:
        """The folder goes with the test."""


class PostgresqlStore:
    def __init__(self, server: Server) -> None:
        self.label = server.version()
        self._server = server
        self._templates: dict[Furnish | None, str] = {None: server.create()}
        with fresh(self._templates[None]) as database:
            migrate(database)

    def copy(self, folder: Path, furnish: Furnish | None = None) -> str:
        if furnish is not None and furnish not in self._templates:
            self._templates[furnish] = self._furnished(furnish)
        return self._server.create(template=self._templates[furnish])

    def _furnished(self, furnish: Furnish) -> str:
        template = self._server.create(template=self._templates[None])
        with fresh(template) as database:
            furnish(database)
        return template

    def empty(self, folder: Path) -> str:
        return self._server.create()

    def remove(self, url: str) -> None:
        self._server.drop(url)


@contextmanager
def fresh(url: str) -> Iterator[Database]:
    """A Database whose connections are closed afterwards."""
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()
