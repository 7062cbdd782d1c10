"""TCP connect with a deadline: DNS look-up within a limit, then each of the host's addresses with a fair share of the rest."""

import socket
import time
from typing import Any

from core.platform.deadline import Deadline, answer_within


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """
    Connect to the first of the host's addresses that answers, within one phase of the deadline.

    An address that swallows packets uses up its own share of the time left, never the others': the last one of a host
    gets as much as the first.

    Returns:
        A blocking socket, for use inside `Deadline.run`.

    Raises:
        TimeoutError: nobody answered in time, or the look-up took too long.
        OSError: the last refusal; socket.gaierror when the name is not found.
    """
    ends = time.monotonic() + deadline.left_s()
    addresses = _looked_up(host, port, deadline.left_s())
    refusal: OSError = ConnectionRefusedError()
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(max((ends - time.monotonic()) / (len(addresses) - tried), 0.01))
            connection.connect(address)
            connection.settimeout(None)  # from here on the deadline shuts it
            return connection
        except OSError as error:
            connection.close()
            refusal = error
    raise refusal


def _looked_up(host: str, port: int, limit_s: float) -> list[Any]:
    """DNS look-up within half of the limit; the system's own timeout is longer than ours. Raises TimeoutError, OSError."""
    return answer_within(limit_s / 2, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
