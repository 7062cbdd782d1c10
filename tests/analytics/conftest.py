"""A store of each kind with its archive's folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.platform.settings import Settings
from core.telemetry.store import PATIENT_MS, store_for
from tests.analytics.house import House


@pytest.fixture
def house(settings: Settings, tmp_path: Path) -> Iterator[House]:
    store = store_for(settings, busy_ms=PATIENT_MS)
    yield House(store, tmp_path / "monitoring")
    store.dispose()
