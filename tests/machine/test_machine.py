"""
Random lives: parents ask and cancel, staff answer, time passes, the sweep runs, the power fails, on both databases.

After every step the database says what a plain model says, and every mail was true when it left (promises.py). The
control takes one guard away at a time: then the machine must notice.
"""

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test

from core.bookings.models import Status
from core.platform import clock, leases
from tests.machine.gym import HandClock
from tests.machine.lives import Lives
from tests.support.databases import Store


@pytest.fixture
def play(
    store: Store, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Lives on a fresh gym each, with a clock set by hand."""
    hand_clock = HandClock()
    monkeypatch.setattr(clock, "now", hand_clock.now)
    monkeypatch.setattr(leases, "lease_clock", lambda _: hand_clock.now())

    def play(**changed: Any) -> None:
        usual: dict[str, Any] = {
            "max_examples": 20,
            "stateful_step_count": 25,
            "deadline": None,
            "print_blob": True,
            "suppress_health_check": list(HealthCheck),
        }
        run_state_machine_as_test(
            lambda: Lives(store, tmp_path_factory.mktemp("life"), hand_clock),  # type: ignore[arg-type]  # any callable
            settings=settings(**{**usual, **changed}),
        )

    return play


def test_every_life_is_as_the_model_tells_it(play: Callable[..., None], everything: bool) -> None:
    play(max_examples=40 if everything else 8)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("guard", "instead"),
    [
        ("core.mail.validity.why_untrue", Mock(return_value=None)),
        ("core.bookings.transition.TAKES_TIME", tuple(Status)),
    ],
    ids=["mails are sent whether true or not", "holds stay for ever"],
)
def test_the_machine_notices_when_a_guard_is_gone(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, guard: str, instead: Any
) -> None:
    """The same lives every time, and none is made shorter: it is enough that one goes wrong."""
    monkeypatch.setattr(guard, instead)
    with pytest.raises(AssertionError):
        play(derandomize=True, database=None, phases=[Phase.generate], verbosity=Verbosity.quiet)
