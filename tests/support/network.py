"""Tests talk to this machine only."""

import sys
from ipaddress import ip_address
from typing import Any

WATCHED = ("socket.connect", "socket.sendto", "socket.getaddrinfo")


class OutsideWorld(AssertionError):
    """A test tried to leave the machine."""


def stay_on_loopback() -> None:
    """From now on this process refuses to look up or reach any other machine."""
    sys.addaudithook(_refuse_the_rest)


def _refuse_the_rest(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in WATCHED:
        return
    target = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    host = target[0] if isinstance(target, tuple) else target
    if event != "socket.getaddrinfo" and not isinstance(target, tuple):
        return  # the path of a Unix socket
    if not is_here(host):
        raise OutsideWorld(f"{event} to {host!r}: tests stay on 127.0.0.1")


def is_here(host: Any) -> bool:
    """Whether this name or address is this machine. None and "" mean any of its own addresses."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ip_address(str(name)).is_loopback
    except ValueError:
        return False
