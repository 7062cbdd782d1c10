"""
Slow-client protection for site and console: uvicorn's HTTP connection, with time limits and a cap per address.

1. A connection without a complete head after MAX_HEAD_S, or with one larger than MAX_HEAD_BYTES, is closed (slowloris).
2. One whose body stops coming, or whose answer is not read, for MAX_STALL_S is closed.
3. An address has MAX_PER_ADDRESS connections at once: one more ends the oldest of it that is in no request, so that whoever
   asks is served. Proxies that the settings name have no cap, for they are everybody.

uvicorn loads this class by its name: core imports no web server otherwise.
"""

import asyncio
from importlib import import_module
from ipaddress import ip_address, ip_network
from typing import Any, ClassVar

MAX_HEAD_S = 10.0
MAX_HEAD_BYTES = 64 * 1024
MAX_STALL_S = 30.0
MAX_PER_ADDRESS = 256  # a gym's wifi is one address, and each browser on it opens six

_uvicorns: Any = import_module("uvicorn.protocols.http.httptools_impl").HttpToolsProtocol


class GuardedConnection(_uvicorns):  # type: ignore[misc]  # loaded by name, so without a type
    """One client's connection, request after request."""

    _open: ClassVar[dict[str, dict["GuardedConnection", None]]] = {}  # of this process, by address, oldest first

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._address = ""
        self._in_request = False
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if address and not is_among(address, self.config.forwarded_allow_ips):
            self._address = address
            self._make_room(self._open.setdefault(address, {}))
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_request:
            self._watch_body()
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self.transport.abort()
        elif self._head_timer is None:  # the next request has begun, if only by a blank line
            self._await_head()

    def on_headers_complete(self) -> None:
        self._in_request, self._head_bytes = True, 0
        self._head_timer = _cancelled(self._head_timer)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._stall_timer = _cancelled(self._stall_timer)

    def on_response_complete(self) -> None:
        self._in_request = bool(self.pipeline)
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self._watch_answer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_answer()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stall_timer = _cancelled(self._stall_timer)

    def handle_websocket_upgrade(self) -> None:
        self._leave()  # from here on it is another protocol's, behind the gate
        super().handle_websocket_upgrade()

    def _make_room(self, of_address: dict["GuardedConnection", None]) -> None:
        of_address[self] = None
        if len(of_address) > MAX_PER_ADDRESS:
            oldest = next((one for one in of_address if not one._in_request), self)
            oldest.transport.abort()
            oldest._leave()  # at once: its connection_lost comes a little later

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(MAX_HEAD_S, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()

    def _watch_body(self) -> None:
        """Anew with every piece that comes, until all of it has come."""
        self._stall_timer = _cancelled(self._stall_timer)
        if self.cycle is not None and self.cycle.more_body and not self.cycle.response_complete:
            self._stall_timer = self.loop.call_later(MAX_STALL_S, self._body_stalls)

    def _body_stalls(self) -> None:
        """Where we stopped reading ourselves, it is not the client who keeps us waiting."""
        self._stall_timer = None
        if not self.flow.read_paused:
            self.transport.abort()

    def _watch_answer(self) -> None:
        self._stall_timer = _cancelled(self._stall_timer)
        self._stall_timer = self.loop.call_later(MAX_STALL_S, self._answer_stalls)

    def _answer_stalls(self) -> None:
        self._stall_timer = None
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _leave(self) -> None:
        self._head_timer, self._stall_timer = _cancelled(self._head_timer), _cancelled(self._stall_timer)
        if self._address:
            of_address = self._open[self._address]
            of_address.pop(self, None)
            if not of_address:
                del self._open[self._address]
            self._address = ""


def is_among(address: str, networks: str | list[str] | None) -> bool:
    """Whether the address lies in one of these (addresses or CIDR, separated by commas)."""
    listed = networks.split(",") if isinstance(networks, str) else networks or []
    try:
        here = ip_address(address)
        return any(here in ip_network(part.strip(), strict=False) for part in listed if part.strip())
    except ValueError:  # a socket's path, or uvicorn's "*"
        return "*" in listed


def _cancelled(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """None, in its place."""
    if timer is not None:
        timer.cancel()
    return None
