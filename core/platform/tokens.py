"""
Signed tokens. What is mailed is a signature made when the mail is rendered: no secret that decides or signs in is at rest.

A token names its purpose; one of another purpose is not found. None has a time of its own: `core.platform.clock` and the row it
names decide.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from core.errors import NotFound


@dataclass(frozen=True)
class DecideToken:
    """The coach's link: one token a request; Approve and Deny differ by `?decision=` alone."""

    booking_id: int
    coach_id: int
    slot_version: int


class Signer:
    """keys: the first signs, all verify."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = list(reversed(keys))  # itsdangerous signs with the last

    def decide(self, booking_id: int, coach_id: int, slot_version: int) -> str:
        return self._sign("decide", [booking_id, coach_id, slot_version])

    def read_decide(self, token: str) -> DecideToken:
        """Raises NotFound for a bad signature or another purpose."""
        return DecideToken(*self._read("decide", token, 3))

    def sign_in(self, link_id: int) -> str:
        return self._sign("sign-in", [link_id])

    def read_sign_in(self, token: str) -> int:
        """The sign-in link's id. Raises NotFound."""
        (link_id,) = self._read("sign-in", token, 1)
        return link_id

    def feed(self, coach_id: int, feed_version: int) -> str:
        return self._sign("feed", [coach_id, feed_version])

    def read_feed(self, token: str) -> tuple[int, int]:
        """The coach's id and the feed's version. Raises NotFound."""
        coach_id, feed_version = self._read("feed", token, 2)
        return coach_id, feed_version

    def rehearsal(self, rehearsal_id: int) -> str:
        return self._sign("rehearsal", [rehearsal_id])

    def read_rehearsal(self, token: str) -> int:
        """The practice request's id. Raises NotFound."""
        (rehearsal_id,) = self._read("rehearsal", token, 1)
        return rehearsal_id

    def confirm(self, request_id: int, serial: int) -> str:
        return self._sign("confirm", [request_id, serial])

    def read_confirm(self, token: str) -> tuple[int, int]:
        """The unconfirmed request's id and serial. Raises NotFound."""
        request_id, serial = self._read("confirm", token, 2)
        return request_id, serial

    def stop_mail(self, coach_id: int, digest: int) -> str:
        return self._sign("stop-mail", [coach_id, digest])

    def read_stop_mail(self, token: str) -> tuple[int, int]:
        """The coach's id and the number of the mail she wants no more. Raises NotFound."""
        coach_id, digest = self._read("stop-mail", token, 2)
        return coach_id, digest

    def keyed_hash(self, value: str) -> str:
        """A hash that cannot be reversed by trying every address, for counters."""
        return hashlib.blake2b(value.encode(), key=self._keys[-1].encode()[:64], digest_size=16).hexdigest()

    def _sign(self, purpose: str, values: list[int]) -> str:
        token = self._serializer(purpose).dumps(values)
        return token.decode() if isinstance(token, bytes) else token

    def _read(self, purpose: str, token: str, length: int) -> list[int]:
        try:
            values: Any = self._serializer(purpose).loads(token)
        except BadData:
            raise NotFound("This link is not complete. Please open it again from the mail.") from None
        if not isinstance(values, list) or len(values) != length:
            raise NotFound("This link is not complete. Please open it again from the mail.")
        return values

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._keys,
            salt=f"spirit.{purpose}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )


def new_handle() -> str:
    """128 random bits, safe in an address."""
    return secrets.token_urlsafe(16)


def new_session_token() -> str:
    """256 random bits, for a cookie."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """A plain hash is enough for a secret of 112 bits or more."""
    return hashlib.sha256(token.encode()).hexdigest()
