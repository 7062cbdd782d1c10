"""A road to a server, on loopback, that a test may cut: connections break and none comes through, or nothing moves on it any more."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 65_536


class Road:
    """target: a TCP address or a Unix socket's path. port: where it begins."""

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self._moving = threading.Event()
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._marked: bytes | None = None
        self._arrives = self._for_good = self._refuses = False
        self.port = 0
        self.open()

    def open(self) -> None:
        """From now on connections come through, at the same port as before."""
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        self._moving.set()
        self._start(self._let_in, self._door)

    def cut(self) -> None:
        """Every connection breaks, and nobody is let in."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)  # wakes who waits at it
        self._door.close()
        self._moving.set()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for end in self._ends:
            end.close()
        self._ends, self._threads = [], []

    def break_at(self, words: bytes, *, arrives: bool, for_good: bool = False) -> None:
        """The connection that says these words breaks: once they have arrived, or before. for_good: nobody is let in after it."""
        self._marked, self._arrives, self._for_good = words, arrives, for_good

    def block(self) -> None:
        """Connections stay, are even let in, and nothing moves."""
        self._moving.clear()

    def clear(self) -> None:
        """It moves on."""
        self._moving.set()

    def _let_in(self, door: socket.socket) -> None:
        while True:
            try:
                near, _ = door.accept()
            except OSError:
                return
            if self._refuses:
                near.close()
                continue
            far = _reach(self._target)
            self._ends += [near, far]
            self._start(self._carry, near, far)
            self._start(self._carry, far, near)

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while carried := source.recv(CHUNK):
                self._moving.wait()
                if self._marked is not None and self._marked in carried:
                    self._marked, self._refuses = None, self._for_good
                    source.shutdown(socket.SHUT_RDWR)  # no answer comes back
                    if self._arrives:
                        sink.sendall(carried)
                    break
                sink.sendall(carried)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _start(self, work: object, *about: socket.socket) -> None:
        thread = threading.Thread(target=work, args=about, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()


@contextmanager
def road_to(target: tuple[str, int] | str) -> Iterator[Road]:
    road = Road(target)
    try:
        yield road
    finally:
        road.cut()


def _reach(target: tuple[str, int] | str) -> socket.socket:
    if isinstance(target, str):
        found = socket.socket(socket.AF_UNIX)
        found.connect(target)
        return found
    return socket.create_connection(target)
