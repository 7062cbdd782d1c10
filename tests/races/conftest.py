"""The runners, started once, and a house of its own for every race."""

from collections.abc import Iterator

import pytest

from core.platform.db import Database
from tests.races.house import House, open_house
from tests.races.runners import Runners


@pytest.fixture(scope="session")
def runners() -> Iterator[Runners]:
    started = Runners()
    yield started
    started.close()


@pytest.fixture
def house(database: Database, database_url: str) -> House:
    return open_house(database, database_url)
