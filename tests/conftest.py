"""
What every test may ask for. Whatever touches a database runs on both, SQLite and PostgreSQL.

The fronts stand on services that are tested so, and their own tests take most of a run: on PostgreSQL run those that say
@both_databases, and the others with `--everything` (make test-all), which docs/testing.md tells more about.

    session        a session on a migrated database; all of it is rolled back after the test
    database       a Database of the test's own, for more than one transaction, thread or process
    services       core.bootstrap.Services on that database; mail goes to tmp_path / "mail"
    settings       the settings behind `services`
    database_url   the address of that database; `empty_database_url`: one without any table
    store, backend the kind of database; a test for one kind alone says @on_sqlite or @on_postgresql

People are built by tests/support/people.py.
"""

import atexit
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from core.bootstrap import build
from core.people import passwords
from core.platform.db import Database
from core.platform.services import Services
from core.platform.settings import Settings, load_settings
from tests.support import browser, clocks, memory, network, postgresql
from tests.support.databases import BACKENDS, Furnish, PostgresqlStore, SqliteStore, Store, fresh

QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET_KEY = "a key that only the tests know"
HERE = Path(__file__).parent
FRONTS = ("console", "public_site")

tests_on: Counter[str] = Counter()
labels: dict[str, str] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--everything", action="store_true", help="the fronts on every database, and the longer searches")


def pytest_configure(config: pytest.Config) -> None:
    memory.work_in_memory()
    for name in [name for name in os.environ if name.startswith("SPIRIT_") and name != postgresql.VARIABLE]:
        del os.environ[name]  # a developer's own settings are not the tests'
    # whoever asks for the environment's services by mistake must not meet a developer's gym
    os.environ["SPIRIT_DATA_DIR"] = folder = tempfile.mkdtemp(prefix="spirit-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    network.stay_on_loopback()


@pytest.fixture(autouse=True)
def the_database_travels_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks.travel_together(monkeypatch)


@pytest.fixture(autouse=True)
def passwords_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real hash is slow on purpose, 50 ms each; tests/people/test_passwords.py looks at its settings."""
    monkeypatch.setattr(passwords, "_hasher", QUICK_HASHER)
    passwords._nobodys_hash.cache_clear()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each kind of database that a test runs on, unless it names them itself."""
    if "backend" in metafunc.fixturenames and not _names_its_databases(metafunc.definition):
        both = metafunc.config.getoption("everything") or not _waits_for_the_long_run(metafunc.definition)
        metafunc.parametrize("backend", BACKENDS if both else BACKENDS[:1], indirect=True)


def _waits_for_the_long_run(test: pytest.Item) -> bool:
    front = test.path.relative_to(HERE).parts[0] in FRONTS
    return front or test.get_closest_marker("one_database") is not None


def _names_its_databases(test: pytest.Item) -> bool:
    return any("backend" in mark.args[0] for mark in test.iter_markers("parametrize"))


@pytest.fixture
def everything(pytestconfig: pytest.Config) -> bool:
    """Whether this is the long run: random searches look at more."""
    return bool(pytestconfig.getoption("everything"))


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """Which kind of database: "sqlite" or "postgresql"."""
    return str(request.param)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Store | postgresql.NoPostgres]:
    """The kinds of database seen so far in this run."""
    return {"sqlite": SqliteStore(tmp_path_factory.mktemp("template"))}


@pytest.fixture
def store(backend: str, stores: dict[str, Store | postgresql.NoPostgres]) -> Store:
    if backend not in stores:
        stores[backend] = _postgresql_store()
    found = stores[backend]
    if isinstance(found, postgresql.NoPostgres):
        postgresql.do_without(found)
    labels[backend] = found.label
    tests_on[backend] += 1
    return found


def _postgresql_store() -> Store | postgresql.NoPostgres:
    try:
        return PostgresqlStore(postgresql.server())
    except postgresql.NoPostgres as reason:
        return reason


@pytest.fixture
def furnish() -> Furnish | None:
    """What a test's database holds beside the migrated tables; a directory's own may bring in its people."""
    return None


@pytest.fixture
def database_url(store: Store, tmp_path: Path, furnish: Furnish | None) -> Iterator[str]:
    url = store.copy(tmp_path, furnish)
    yield url
    store.remove(url)


@pytest.fixture
def empty_database_url(store: Store, tmp_path: Path) -> Iterator[str]:
    url = store.empty(tmp_path)
    yield url
    store.remove(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh(database_url) as database:
        yield database


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Nothing is recorded here, so that no test waits for a writer; tests/telemetry turn it on."""
    return load_settings(
        _env_file=None, data_dir=tmp_path, database_url=database_url, secret_key=SECRET_KEY, telemetry=False
    )


@pytest.fixture
def services(settings: Settings, database: Database) -> Services:
    return replace(build(settings), database=database)


@pytest.fixture(scope="session")
def shared_databases() -> Iterator[dict[str, Database]]:
    """One migrated database of each kind for all tests that roll back."""
    opened: dict[str, Database] = {}
    yield opened
    for database in opened.values():
        database.dispose()


@pytest.fixture
def session(
    store: Store, backend: str, shared_databases: dict[str, Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Session]:
    if backend not in shared_databases:
        shared_databases[backend] = Database(store.copy(tmp_path_factory.mktemp("shared")))
    with shared_databases[backend].write_engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if browser.find() is None:
        skip = pytest.mark.skip(reason=f"no Chromium or Chrome; {browser.HELP}")
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(skip)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In one of several processes: hand to the first what was counted here."""
    if (told := getattr(session.config, "workeroutput", None)) is not None:
        told.update(tests_on=dict(tests_on), labels=labels)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    told = getattr(node, "workeroutput", {})  # nothing of one that crashed
    tests_on.update(told.get("tests_on", {}))
    labels.update(told.get("labels", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("what these tests ran on")
    for backend in BACKENDS:
        ran = f"{tests_on[backend]} tests" if tests_on[backend] else "no test"
        terminalreporter.line(f"{labels.get(backend, backend)}: {ran}")
    terminalreporter.line(f"browser: {browser.find() or 'none; ' + browser.HELP}")
    skipped = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []))
    for reason, count in skipped.items():
        terminalreporter.line(f"{count} SKIPPED: {reason.removeprefix('Skipped: ')}", yellow=True)
