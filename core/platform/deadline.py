"""
Deadline: one limit on a whole conversation over the network, however many reads it takes.

A timeout of each read begins anew with every byte, so a server that drips holds its caller for ever. A Deadline counts
from its beginning, and shuts the connection when time is up, whatever is being done with it.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Deadline:
    """A limit on one conversation in all, by the monotonic clock. phase_s: the limit of each of its steps."""

    def __init__(self, total_s: float, *, phase_s: float | None = None) -> None:
        self._phase_s = total_s if phase_s is None else phase_s
        self._ends = time.monotonic() + total_s

    def left_s(self, limit_s: float | None = None) -> float:
        """Seconds that the next step may take. Raises TimeoutError if none are left."""
        left = min(limit_s or self._phase_s, self._ends - time.monotonic())
        if left <= 0:
            raise TimeoutError
        return left

    def run(self, step: Callable[[], T], connection: socket.socket, limit_s: float | None = None) -> T:
        """Run one step; shut the connection if it is not done in time. Raises TimeoutError then, else what the step raises."""
        is_over = threading.Event()

        def shut() -> None:
            is_over.set()
            with contextlib.suppress(OSError):  # the other side was faster
                connection.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self.left_s(limit_s), shut)
        timer.daemon = True
        timer.start()
        try:
            done = step()
        except Exception:  # whatever a library makes of a connection that was shut under it
            if is_over.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
        if is_over.is_set():
            raise TimeoutError  # what looks like an answer is the part of one that came in time
        return done


def begin(ask: Callable[[], T]) -> Future[T]:
    """Call `ask` on a daemon thread of its own; its result as a Future."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # handed to whoever waits, who may be gone by now
            answer.set_exception(error)

    threading.Thread(target=run, name="asks", daemon=True).start()
    return answer


def answer_within(limit_s: float, ask: Callable[[], T]) -> T:
    """
    Call `ask` with a time limit, for what cannot be interrupted: after the limit its thread is left behind.

    Raises TimeoutError, and what `ask` raises.
    """
    return begin(ask).result(limit_s)
