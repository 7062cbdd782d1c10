"""
Twenty runners, two in each of ten processes, who begin together and can meet once more on the way.

    outcomes = runners.race(url, [(ask, coach_id, start) for start in starts])

A try is a function of this package and its arguments; it is called with the process's own Database first. Runner n
makes the tries n, n + 20, …, so a race of twenty tries is one each. What it raises comes back by name.
"""

import multiprocessing
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import text

from core.errors import SpiritError
from core.platform.db import Database, guard_named
from tests.support import network
from tests.support.databases import fresh

PROCESSES, RUNNERS_EACH = 10, 2
RUNNERS = PROCESSES * RUNNERS_EACH
PATIENCE_S = 60.0

Barrier = Any  # multiprocessing's has no name that both Python and mypy know
Try = tuple[Any, ...]  # a function and its arguments after the Database


@dataclass(frozen=True)
class Outcome:
    """How a try ended: with a value, or with an error's name, its text and the times it offered instead."""

    value: Any = None
    error: str | None = None
    words: str = ""
    next_slots: tuple[datetime, ...] = ()


class _Everyone:
    """The runners of all processes, as one of these processes sees them."""

    barrier: Barrier = None


def meet() -> None:
    """Wait, within a try, until all twenty have come this far. Only in a race of twenty tries that all call it."""
    _Everyone.barrier.wait(PATIENCE_S)


class Runners:
    """Started once, for any number of races."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._barrier = context.Barrier(RUNNERS)  # kept: it goes with its last owner
        self._processes, self._lines = [], []
        for _ in range(PROCESSES):
            ours, theirs = context.Pipe()
            process = context.Process(target=_run, args=(theirs, self._barrier), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(process)
            self._lines.append(ours)

    def race(self, url: str, tries: Sequence[Try]) -> list[Outcome]:
        """All begin at once; returns the outcomes in the order of the tries."""
        for number, line in enumerate(self._lines):
            line.send((url, [tries[number + PROCESSES * runner :: RUNNERS] for runner in range(RUNNERS_EACH)]))
        outcomes: list[Outcome] = [Outcome(error="never ended")] * len(tries)
        for number, line in enumerate(self._lines):
            assert line.poll(2 * PATIENCE_S), f"process {number} of the race does not answer"
            for runner, ended in enumerate(line.recv()):
                outcomes[number + PROCESSES * runner :: RUNNERS] = ended
        return outcomes

    def close(self) -> None:
        for line in self._lines:
            line.close()
        for process in self._processes:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()


def _run(line: Connection, barrier: Barrier) -> None:
    """A process's life: race after race, until nobody is at the other end."""
    network.stay_on_loopback()
    _Everyone.barrier = barrier
    while True:
        try:
            url, tries = line.recv()
        except EOFError:
            return
        with fresh(url) as database:
            line.send(_both(database, tries))


def _both(database: Database, tries: list[list[Try]]) -> list[list[Outcome]]:
    ended: list[list[Outcome]] = [[] for _ in tries]

    def run(mine: int) -> None:
        with database.read() as session:
            session.execute(text("SELECT 1"))  # the way to the database is open before anyone starts
        meet()
        ended[mine] += [_outcome(database, *one) for one in tries[mine]]

    threads = [threading.Thread(target=run, args=(mine,)) for mine in range(len(tries))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def _outcome(database: Database, attempt: Any, *args: Any) -> Outcome:
    try:
        return Outcome(attempt(database, *args))
    except SpiritError as error:
        return Outcome(error=type(error).__name__, words=str(error), next_slots=getattr(error, "next_slots", ()))
    except Exception as error:  # an error of any kind is an outcome; the test says which it expects
        words = guard_named(error) if hasattr(error, "orig") else str(error)  # type: ignore[arg-type]
        return Outcome(error=type(error).__name__, words=words)
