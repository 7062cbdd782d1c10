"""
A gym that records what it does, on both databases.

    watched    services whose settings say so
    kept       what the store holds: kept.rows("request_log"), kept.groups()
    recorder   this process's recorder, writing to that store; what it says is written when the test asks: recorder.flush()
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from core.ops import logs
from core.platform.services import Services
from core.platform.settings import Settings
from core.telemetry.log_handler import ErrorHandler
from core.telemetry.log_rows import RequestRow
from core.telemetry.recorder import Recorder
from core.telemetry.recording import recording
from core.telemetry.request_context import current
from core.telemetry.store import Store, store_for
from core.telemetry.tables import metadata
from tests.conftest import SECRET_KEY


class Kept:
    """What the store holds."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def rows(self, table: str) -> list[Any]:
        """Every row, oldest first."""
        with self.store.read() as connection:
            found = metadata.tables[table]
            return list(connection.execute(select(found).order_by(*found.primary_key.columns)).all())

    def groups(self) -> list[Any]:
        return self.rows("error_group")


def good_row(at_us: int, *, route: Any = "/", status: Any = 200) -> RequestRow:
    """Of a request that went well."""
    return RequestRow(at_us, "http", "GET", route, status, "ok", 5, ttfb_us=5, request_id="r", category="family")


def run_program(program: str, settings: Settings) -> str:
    """A Python program of its own under these settings, to its good end; what it printed."""
    environment = {
        **os.environ,
        "SPIRIT_DATA_DIR": str(settings.data_dir),
        "SPIRIT_DATABASE_URL": settings.database_url,
        "SPIRIT_SECRET_KEY": SECRET_KEY,
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def watching(settings: Settings) -> Settings:
    return settings.model_copy(update={"telemetry": True})


@pytest.fixture
def watched(services: Services, watching: Settings) -> Services:
    return replace(services, settings=watching)


@pytest.fixture
def kept(watching: Settings) -> Iterator[Kept]:
    store = store_for(watching)
    yield Kept(store)
    store.dispose()


@pytest.fixture
def recorder(watching: Settings) -> Iterator[Recorder]:
    with recording(watching, "site") as recorder:
        assert recorder is not None
        with recorder._writing:  # its first beat is written, and its own next look is ten seconds away
            recorder._flush_at = recorder._lost_at = time.monotonic() + 10
        recorder.flush_now()
        yield recorder


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """As `core.ops.logs` sets a process up, with no work at hand."""
    current.set(None)
    handler, root = ErrorHandler(), logging.getLogger()
    logs.formatter("text")
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield
    root.setLevel(level)
    root.removeHandler(handler)
    structlog.reset_defaults()
