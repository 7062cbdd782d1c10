"""Unfinished heads, bodies that stop and answers that nobody reads are closed, and nobody else waits for them: real sockets."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from core.http import slow_clients
from core.http.slow_clients import MAX_HEAD_S, MAX_PER_ADDRESS, is_among
from tests.support.processes import RunningGym, free_port, running_gym

ATTACKER, VISITOR = "127.0.0.2", "127.0.0.3"
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
FAR_TOO_LONG_S = MAX_HEAD_S + 30

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def gym(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGym]:
    folder: Path = tmp_path_factory.mktemp("connections")
    with running_gym(folder, "site", SPIRIT_TELEMETRY="off") as gym:
        yield gym


def connect(gym: RunningGym, source: str) -> socket.socket:
    port = urlsplit(gym.site_url).port
    return socket.create_connection(("127.0.0.1", port or 0), timeout=FAR_TOO_LONG_S, source_address=(source, 0))


def is_served(gym: RunningGym, source: str) -> bool:
    with connect(gym, source) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return line.recv(64).startswith(b"HTTP/1.1 200")


def is_closed(line: socket.socket) -> bool:
    """Waits until the site closes it, or far too long."""
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_a_thousand_unfinished_heads_of_one_address_keep_no_other_visitor_waiting(gym: RunningGym) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(1000):
            line = held.enter_context(connect(gym, ATTACKER))
            with contextlib.suppress(OSError):  # the oldest are closed for the newest
                line.sendall(HALF_A_HEAD)
        assert all(is_served(gym, VISITOR) for _ in range(20))
        assert is_served(gym, ATTACKER)  # a family behind the same address, too


def test_an_unfinished_head_is_closed_after_its_time(gym: RunningGym) -> None:
    with connect(gym, VISITOR) as silent, connect(gym, VISITOR) as half, connect(gym, VISITOR) as second:
        half.sendall(HALF_A_HEAD)
        second.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}"):  # its head and its body may come apart
            answer += second.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200")
        second.sendall(b"\r\n")  # a blank line is no request, and stops the clock of an idle connection
        began = time.monotonic()
        assert all(is_closed(line) for line in (silent, half, second))
        assert time.monotonic() - began < FAR_TOO_LONG_S


def test_a_head_without_end_is_closed_at_once(gym: RunningGym) -> None:
    with connect(gym, VISITOR) as line, contextlib.suppress(OSError):
        line.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
        for _ in range(64):
            line.sendall(b"a" * 4096)
        assert is_closed(line)
    assert is_served(gym, VISITOR)


def test_a_request_that_takes_its_time_in_one_piece_is_answered(gym: RunningGym) -> None:
    with connect(gym, VISITOR) as line:
        for piece in (b"GET /heal", b"thz HTTP/1.1\r\n", b"Host: x\r\n\r\n"):
            line.sendall(piece)
        assert line.recv(64).startswith(b"HTTP/1.1 200")


def test_a_proxy_that_the_settings_name_has_no_cap(tmp_path: Path) -> None:
    with (
        running_gym(tmp_path, "site", SPIRIT_TELEMETRY="off", SPIRIT_TRUSTED_PROXIES=ATTACKER) as gym,
        contextlib.ExitStack() as held,
    ):
        lines = [held.enter_context(connect(gym, ATTACKER)) for _ in range(MAX_PER_ADDRESS + 40)]
        lines[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")  # the oldest is still there
        assert lines[0].recv(64).startswith(b"HTTP/1.1 200")


async def megabytes(scope: Any, receive: Any, send: Any) -> None:
    """An answer that no buffer holds, after all of the request has come."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(64):
        await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[uvicorn.Server]:
    """A server that waits half a second for whoever stalls."""
    monkeypatch.setattr(slow_clients, "MAX_STALL_S", 0.5)
    port = free_port()
    config = uvicorn.Config(
        megabytes, port=port, http=slow_clients.GuardedConnection, lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server
    server.should_exit = True
    thread.join()


def reach(server: uvicorn.Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.config.port), timeout=FAR_TOO_LONG_S)


def test_an_answer_that_nobody_reads_is_broken_off(impatient: uvicorn.Server) -> None:
    with reach(impatient) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        select.select([line], [], [], FAR_TOO_LONG_S)  # the answer has begun, and nothing of it is read
        deadline = time.monotonic() + FAR_TOO_LONG_S
        while impatient.server_state.connections:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := line.recv(1 << 20):
                received += len(piece)
    assert received < 64 << 20


def test_a_body_that_stops_coming_is_broken_off_and_one_that_comes_is_not(impatient: uvicorn.Server) -> None:
    with reach(impatient) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        assert is_closed(line)
    with reach(impatient) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n")
        line.sendall(b"full")
        assert line.recv(12) == b"HTTP/1.1 200"


def test_proxies_are_addresses_or_networks() -> None:
    assert is_among("10.1.2.3", "127.0.0.1, 10.0.0.0/8") and not is_among("11.1.2.3", "127.0.0.1,10.0.0.0/8")
    assert is_among("2001:db8::1", ["2001:db8::/32"]) and not is_among("127.0.0.1", "") and not is_among("x", None)
