"""Writers of one process go in the order in which they came, and a writer who gave up is out of the line."""

import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from core.errors import Unavailable
from core.platform.write_queue import Turns

WRITERS = 6


class LastComeFirstServed(deque[threading.Lock]):
    """A control: the newest is let in first."""

    def popleft(self) -> threading.Lock:
        return self.pop()


def in_order_of_turns(turns: Turns) -> list[int]:
    """Writers 0, 1, 2 … come one after the other while another has the turn. Returns them as they were let in."""
    order: list[int] = []

    def writer(number: int) -> None:
        turns.take(time.monotonic() + 30)
        order.append(number)
        turns.give_back()

    with ThreadPoolExecutor(WRITERS) as threads:
        turns.take(time.monotonic() + 30)
        came: list[Future[None]] = []
        for number in range(WRITERS):
            came.append(threads.submit(writer, number))
            wait_for_line(turns, number + 1)
        turns.give_back()
        for each in came:
            each.result(30)
    return order


def wait_for_line(turns: Turns, length: int) -> None:
    deadline = time.monotonic() + 30
    while len(turns._waiting) < length:
        assert time.monotonic() < deadline, "it never stood in line"
        time.sleep(0.001)


def test_who_came_first_writes_first() -> None:
    assert in_order_of_turns(Turns(1)) == list(range(WRITERS))


def test_control_another_order_would_be_seen() -> None:
    turns = Turns(1)
    turns._waiting = LastComeFirstServed()
    assert in_order_of_turns(turns) == list(reversed(range(WRITERS)))


def test_who_gave_up_waiting_is_handed_no_turn() -> None:
    turns = Turns(1)
    turns.take(time.monotonic())
    with ThreadPoolExecutor(1) as thread, pytest.raises(Unavailable):
        thread.submit(turns.take, time.monotonic()).result(30)
    turns.give_back()
    assert in_order_of_turns(turns) == list(range(WRITERS))
