"""A clock that jumps hours ahead is doubted for ten minutes before anything expires by it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from core.ops import clock_jumps
from core.ops.clock_jumps import ClockCheck
from tests.support.people import NOW

HOUR = timedelta(hours=1)


class Machine:
    """Real time passes with `pass_`; `jump` moves the clock alone."""

    def __init__(self, clock: time_machine.Traveller) -> None:
        self.clock, self.passed_s = clock, 1000.0

    def pass_(self, seconds: float) -> None:
        self.passed_s += seconds
        self.clock.shift(seconds)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    with time_machine.travel(NOW, tick=False) as clock:
        made = Machine(clock)
        monkeypatch.setattr(clock_jumps, "time_since_boot_s", lambda: made.passed_s)
        yield made


def test_time_that_passes_is_trusted_also_after_a_night_asleep(machine: Machine) -> None:
    watch = ClockCheck()
    assert watch()
    for seconds in (20, 20, 8 * 3600, 20):
        machine.pass_(seconds)
        assert watch()


def test_a_jump_ahead_is_doubted_and_forgotten_when_it_is_set_right(machine: Machine) -> None:
    watch = ClockCheck()
    assert watch()
    machine.clock.shift(5 * HOUR)
    for _ in range(3):
        machine.pass_(20)
        assert not watch()
    machine.clock.shift(-5 * HOUR)
    machine.pass_(20)
    assert watch()


def test_a_jump_that_stays_is_believed_after_ten_minutes(machine: Machine) -> None:
    watch = ClockCheck()
    assert watch()
    machine.clock.shift(5 * HOUR)
    assert not watch()
    machine.pass_(599)
    assert not watch()
    machine.pass_(1)
    assert watch() and watch()


def test_a_correction_of_minutes_or_backwards_is_no_jump(machine: Machine) -> None:
    watch = ClockCheck()
    assert watch()
    machine.clock.shift(timedelta(minutes=5))
    assert watch()
    machine.clock.shift(-5 * HOUR)
    assert watch()
