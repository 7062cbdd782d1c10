"""A server under measurement, asked over one connection on loopback. What counts is its own CPU time, not the clock."""

import http.client
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.processes import Process, free_port

ROUNDS = 3
STARTS_WITHIN_S = 30.0


@dataclass(frozen=True)
class Answer:
    """The last answer of a series."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Server:
    """A process, with all its children, that listens on a port."""

    pid: int
    port: int

    def ask(self, path: str, count: int = 1, headers: Mapping[str, str] | None = None) -> Answer:
        """The same page so many times, one after another, over one connection where the server keeps it."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            for _ in range(count):
                connection.request("GET", path, headers=dict(headers or {}))
                response = connection.getresponse()
                body = response.read()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def cpu_us(self, path: str, count: int, headers: Mapping[str, str] | None = None) -> float:
        """Microseconds of CPU, user's and system's, for one of `count` requests."""
        before = self._cpu_s()
        answer = self.ask(path, count, headers)
        assert answer.status in (200, 304), f"{path}: {answer.status}"
        return (self._cpu_s() - before) / count * 1e6

    def _cpu_s(self) -> float:
        process = psutil.Process(self.pid)
        times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
        return float(sum(time.user + time.system for time in times))


@contextmanager
def server(
    name: str, arguments: Sequence[str], path: str, environment: dict[str, str], folder: Path
) -> Iterator[Server]:
    """`python -m …`, with PORT filled in, from its first 200 on this path until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", *(part.replace("PORT", str(port)) for part in arguments)]
    process = Process(command, environment, folder / f"{name}.log")
    try:
        running = Server(process.pid, port)
        _wait_for(running, process, path)
        yield running
    finally:
        process.stop()


def _wait_for(running: Server, process: Process, path: str) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and process.is_running:
        try:
            answer = running.ask(path)
        except ConnectionError:
            time.sleep(0.05)
            continue
        assert answer.status == 200, f"{path}: {answer.status}\n{process.log_file.read_text()}"
        return
    raise AssertionError(process.log_file.read_text())


def alternating(*figures: Callable[[], float]) -> list[list[float]]:
    """Each figure taken once a round, in turn, so that what disturbs the machine disturbs them alike. By round."""
    return [[figure() for figure in figures] for _ in range(ROUNDS)]
