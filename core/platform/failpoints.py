"""
Failpoints (fault injection): named places where a test makes the program fail. Off unless SPIRIT_TEST_FAILPOINTS names them.

    SPIRIT_TEST_FAILPOINTS="claimed=kill,after_commit=raise,mail_sent=wait:/tmp/go"

Modes: kill (SIGKILL of this process), raise (FailpointReached), wait:PATH (until that file exists, 60 s at most).
In one process, `armed` does the same for the length of a block.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "SPIRIT_TEST_FAILPOINTS"


class FailpointReached(Exception):
    """Raised at a failpoint in mode `raise`. Not a SpiritError: nothing may handle it."""


def _parsed(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)


_armed = _parsed(os.environ.get(VARIABLE, ""))


def failpoint(name: str) -> None:
    """Fail here in the way that is armed under this name; usually nothing. Raises FailpointReached in mode `raise`."""
    if not _armed:
        return
    mode, _, argument = _armed.get(name, "").partition(":")
    if mode == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif mode == "raise":
        raise FailpointReached(name)
    elif mode == "wait":
        _wait_for(Path(argument))


@contextmanager
def armed(**modes: str) -> Iterator[None]:
    """Arm failpoints of this process until the block ends, as a context manager."""
    _armed.update(modes)
    try:
        yield
    finally:
        for name in modes:
            _armed.pop(name, None)


def _wait_for(path: Path) -> None:
    path.with_name(path.name + ".reached").touch()
    for _ in range(6000):  # 60 s in all
        if path.exists():
            return
        time.sleep(0.01)
