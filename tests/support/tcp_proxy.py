"""A TCP proxy to a server, on loopback, with faults on demand: connections break, new ones are refused, or nothing is forwarded."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 65_536


class TcpProxy:
    """The proxy. target: a TCP address or a Unix socket's path. port: the one that it listens on."""

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
        """Accept connections, on the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._moving.set()
        self._start(self._accept, self._listener)

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits at it
        self._listener.close()
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
        """Break the connection that sends these bytes: once they have arrived, or before. for_good: refuse new ones after it."""
        self._marked, self._arrives, self._for_good = words, arrives, for_good

    def block(self) -> None:
        """Forward nothing any more: connections stay, and new ones are accepted."""
        self._moving.clear()

    def clear(self) -> None:
        """Forward again."""
        self._moving.set()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            if self._refuses:
                near.close()
                continue
            far = _reach(self._target)
            self._ends += [near, far]
            self._start(self._forward, near, far)
            self._start(self._forward, far, near)

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                self._moving.wait()
                if self._marked is not None and self._marked in chunk:
                    self._marked, self._refuses = None, self._for_good
                    source.shutdown(socket.SHUT_RDWR)  # no answer comes back
                    if self._arrives:
                        sink.sendall(chunk)
                    break
                sink.sendall(chunk)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _start(self, work: object, *about: socket.socket) -> None:
        thread = threading.Thread(target=work, args=about, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()


@contextmanager
def proxy_to(target: tuple[str, int] | str) -> Iterator[TcpProxy]:
    proxy = TcpProxy(target)
    try:
        yield proxy
    finally:
        proxy.cut()


def _reach(target: tuple[str, int] | str) -> socket.socket:
    if isinstance(target, str):
        found = socket.socket(socket.AF_UNIX)
        found.connect(target)
        return found
    return socket.create_connection(target)
