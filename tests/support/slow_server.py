"""Servers on loopback that take every connection and then keep it waiting: without a word, or a byte at a time."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def slow_server(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """
    Does this with every connection, each in a thread. Yields its port.

    answer: given the connection and the event that the test is over.
    """
    listening, over = socket.create_server(("127.0.0.1", 0), backlog=64), threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with connection:
            try:
                answer(connection, over)
            except OSError:
                return  # the other side has left, as it should

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def say_nothing(connection: socket.socket, over: threading.Event) -> None:
    over.wait(120)


def drip(connection: socket.socket, over: threading.Event) -> None:
    """An answer over HTTP that comes to no end, a byte every 20 ms."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(0.02):
        connection.sendall(b"a")
