"""Staff in a committed database, and a clock that stands still."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import time_machine

from core.people.accounts import create_account
from core.people.models import Role
from core.platform.services import Services
from tests.support.people import NOW, PASSWORD

NORAS, ADAS = "nora@spirit.example", "ada@spirit.example"


@dataclass(frozen=True)
class Staff:
    """The ids of two accounts. Nora has PASSWORD; Ada signs in by link only."""

    nora: int
    ada: int


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def staff(services: Services) -> Staff:
    with services.database.write() as transaction:
        nora = create_account(
            transaction.session, email=NORAS, name="Nora Lindqvist", role=Role.COACH, password=PASSWORD, now=NOW
        )
        ada = create_account(transaction.session, email=ADAS, name="Ada Moreno", role=Role.ADMIN, now=NOW)
        return Staff(nora.id, ada.id)
