"""Messages over a Unix socket: JSON, with file descriptors beside it (SCM_RIGHTS)."""

import json
import socket
import struct
import threading
from typing import Any

MAX_MESSAGE_BYTES = (
    1 << 20
)  # a list of renditions is some kilobytes; whoever decodes what strangers send is not believed more

_turn = threading.Lock()  # threads of one process must not mix their messages


def send(to: socket.socket, message: dict[str, Any], *descriptors: int) -> None:
    """Send a message: head and files first, by themselves, so that the files cannot come with another message's head."""
    body = json.dumps(message).encode()
    with _turn:
        socket.send_fds(to, [struct.pack(">I", len(body))], descriptors)
        to.sendall(body)


def receive(source: socket.socket, *, descriptors: int) -> tuple[dict[str, Any] | None, list[int]]:
    """
    Receive the next message with its files, which the caller closes; None when the peer is gone.

    Args:
        descriptors: how many files a message may bring.

    Raises:
        ConnectionResetError: the other side is gone in the middle of a message, or says more than a message may hold.
    """
    head, files, _, _ = socket.recv_fds(source, 4, descriptors)
    if not head:
        return None, files
    (length,) = struct.unpack(">I", head + _exactly(source, 4 - len(head)))
    if length > MAX_MESSAGE_BYTES:
        raise ConnectionResetError(f"a message of {length:,} bytes is none of ours")
    return json.loads(_exactly(source, length)), files


def _exactly(source: socket.socket, count: int) -> bytes:
    parts = []
    while count:
        part = source.recv(count)
        if not part:
            raise ConnectionResetError("the other side is gone in the middle of a message")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
