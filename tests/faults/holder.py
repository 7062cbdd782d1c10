"""Another process in the middle of a write, which can be stopped, woken, let go or killed."""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection

from core.gym.models import the_gym
from core.platform.db import Database

PATIENCE_S = 30.0
ITS_STREET = "1 Holder's Yard"


class Holder:
    """Leave it with `with`; it is gone then, however it was left."""

    def __init__(self, url: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_hold, args=(url, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> "Holder":
        assert self._line.poll(PATIENCE_S), "it never got its turn"
        self._line.recv()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join(PATIENCE_S)
        self._process.close()
        self._line.close()

    def stop(self) -> None:
        """As a laptop that is closed: it keeps what it holds."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.join(PATIENCE_S)

    def let_go(self) -> None:
        """It commits, and ends."""
        self._line.send("go")
        self._process.join(PATIENCE_S)
        assert self._process.exitcode == 0

    def _signal(self, number: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)


def _hold(url: str, line: Connection) -> None:
    database = Database(url)
    with database.write() as transaction:
        the_gym(transaction.session).street = ITS_STREET
        transaction.session.flush()
        line.send("holding")
        line.recv()
    database.dispose()
