"""Size limit of a request's body: refused as soon as it is known to be too large, with an answer of our own."""

from core.http.edge_middleware import Message, Receive

MAX_BYTES = 64 * 1024


class BodyTooLarge(Exception):
    """What is being sent is larger than this address accepts."""


def at_most(receive: Receive, most_bytes: int = MAX_BYTES) -> Receive:
    """ASGI receive wrapper that counts the body while it arrives; it raises BodyTooLarge where it is read."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most_bytes:
            raise BodyTooLarge
        return message

    return counted
