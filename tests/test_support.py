"""The tests' own ground holds."""

import socket
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.bookings.models import Booking, Status
from core.bookings.requests import request_lesson
from core.people.models import Account
from core.platform.services import Services
from core.schedule.models import Coach
from tests.support import network, people
from tests.support.dead_code import APPLICATION, dead_code


def test_a_test_that_leaves_the_machine_is_stopped() -> None:
    with pytest.raises(network.OutsideWorld):
        socket.create_connection(("192.0.2.1", 25), timeout=0.1)
    with pytest.raises(network.OutsideWorld):
        socket.getaddrinfo("spirit.example", 443)


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_begins_with_an_empty_gym(session: Session, attempt: int) -> None:
    assert session.scalar(select(func.count()).select_from(Account)) == 0
    people.ada(session)
    session.commit()
    assert session.scalar(select(func.count()).select_from(Account)) == 1


def test_nora_is_asked_and_omar_is_booked_directly(session: Session) -> None:
    nora, omar = people.nora(session), people.omar(session)
    asked = request_lesson(
        session, nora, people.sam_wants(nora, people.tumbling(session), people.at(1, 16)), now=people.NOW
    )
    booked = request_lesson(
        session, omar, people.sam_wants(omar, people.strength(session), people.at(1, 16)), now=people.NOW
    )
    assert (asked.status, booked.status) == (Status.PENDING, Status.APPROVED)
    assert session.scalar(select(func.count()).select_from(Booking)) == 2


def test_services_write_to_a_database_of_the_tests_own(services: Services) -> None:
    with services.database.write() as transaction:
        people.nora(transaction.session)
    with services.database.read() as session:
        assert session.scalars(select(Coach.slug)).all() == ["nora"]


def test_code_that_only_tests_call_is_reported_as_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (*APPLICATION[:-1], "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tasks.py").write_text("def shown(): ...\ndef tested(): ...\nshown_by_template = shown\n")
    (tmp_path / "core/page.html").write_text("shown tested {{ view.shown_by_template }}")
    (tmp_path / "tests/test_tasks.py").write_text("from tasks import tested\ntested()\n")
    assert [line for line in dead_code() if "tasks.py" in line] == [
        f"{tmp_path / 'tasks.py'}:2: unused function 'tested'"
    ]
