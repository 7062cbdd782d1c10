"""Periodic duties: done once in their time by whoever sweeps, claimed by one at a time, and missed when nobody does them."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from sqlalchemy import select

from core.ops import duties
from core.ops.duties import DUTIES
from core.platform.duty_rows import DutyClock
from core.platform.services import Services
from core.platform.settings import load_settings
from tests.support.people import NOW

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(services: Services) -> Iterator[time_machine.Traveller]:
    """The gym is as old as this instant."""
    with time_machine.travel(NOW, tick=False) as traveller:
        with services.database.write() as transaction:
            for duty in transaction.session.scalars(select(DutyClock)):
                duty.since = NOW
        yield traveller


class Photos:
    """Counts how often the storages were seen to."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, services: Services) -> None:
        self.times += 1


def test_every_duty_has_its_row(services: Services) -> None:
    with services.database.read() as session:
        assert {row.name for row in session.scalars(select(DutyClock))} == {duty.name for duty in DUTIES}


def test_a_duty_is_done_once_an_hour_however_often_and_by_whomever_it_is_looked_at(
    services: Services, clock: time_machine.Traveller
) -> None:
    photos = Photos()
    for minute in range(180):
        clock.move_to(NOW + minute * MINUTE)
        duties.do_due(services, {"orphans": photos})
    assert photos.times == 3


def test_of_two_who_come_at_once_one_does_it(services: Services) -> None:
    both, photos = Barrier(2, timeout=120), Photos()

    def come() -> None:
        both.wait()
        duties.do_due(services, {"orphans": photos})

    threads = [Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert photos.times == 1


def test_what_a_crash_left_is_done_by_the_next_when_its_claim_is_over(
    services: Services, clock: time_machine.Traveller
) -> None:
    def crash(services: Services) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        duties.do_due(services, {"orphans": crash})
    photos = Photos()
    assert duties.do_due(services, {"orphans": photos}) == []
    clock.shift(30 * MINUTE)
    assert duties.do_due(services, {"orphans": photos}) == ["orphans"]


def test_a_duty_that_fails_stops_no_other_and_is_missed(services: Services, clock: time_machine.Traveller) -> None:
    def fail(services: Services) -> None:
        raise ConnectionError("the bucket is away")

    told = services.settings.model_copy(update={"telemetry": True})
    other = Photos()
    watched = Services(**{**services.__dict__, "settings": told})
    for minute in range(0, 4 * 60, 10):
        clock.move_to(NOW + minute * MINUTE)
        duties.do_due(watched, {"orphans": fail, "archive": other})
    assert other.times == 4
    with services.database.read() as session:
        (late,) = duties.overdue(session, told)
    assert late == "orphans was not done for 4 hours: photos that were deleted stay in the storage"


def test_a_gym_that_records_nothing_has_no_archive(services: Services, clock: time_machine.Traveller) -> None:
    clock.shift(10 * HOUR)
    with services.database.read() as session:
        assert duties.due(session, services.settings) == ["orphans"]
        assert duties.due(session, load_settings(_env_file=None, data_dir=services.settings.data_dir)) == [
            "archive",
            "orphans",
        ]
        assert len(duties.overdue(session, services.settings)) == 1


def test_a_clock_that_was_set_back_keeps_no_duty_from_being_done(
    services: Services, clock: time_machine.Traveller
) -> None:
    photos = Photos()
    clock.shift(5 * HOUR)
    duties.do_due(services, {"orphans": photos})
    clock.move_to(NOW)
    duties.do_due(services, {"orphans": photos})
    assert photos.times == 2
