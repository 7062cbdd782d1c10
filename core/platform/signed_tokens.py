"""
Signed tokens (HMAC-SHA256), keyed hashes, and random secrets.

A mailed link is signed when its mail is rendered, so no secret that decides or signs in is at rest. A token is valid
for one purpose only. None carries an expiry: the row that it names decides, by `core.platform.clock`.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from core.errors import NotFound


@dataclass(frozen=True)
class DecideToken:
    """The contents of a coach's link to decide a request; Approve and Deny differ by `?decision=` alone."""

    booking_id: int
    coach_id: int
    slot_version: int  # of the booking; a link to a slot of before is replaced


class Signer:
    """Signs and verifies tokens. keys: the first signs, all verify, so that a key can be rotated."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = list(reversed(keys))  # itsdangerous signs with the last

    def decide(self, booking_id: int, coach_id: int, slot_version: int) -> str:
        """The token of a coach's link to decide a request."""
        return self._sign("decide", [booking_id, coach_id, slot_version])

    def read_decide(self, token: str) -> DecideToken:
        """The contents of a link to decide. Raises NotFound for a bad signature or another purpose."""
        return DecideToken(*self._read("decide", token, 3))

    def sign_in(self, link_id: int) -> str:
        """The token of a sign-in link or an invitation."""
        return self._sign("sign-in", [link_id])

    def read_sign_in(self, token: str) -> int:
        """The sign-in link's id. Raises NotFound."""
        (link_id,) = self._read("sign-in", token, 1)
        return link_id

    def feed(self, coach_id: int, feed_version: int) -> str:
        """The token of a coach's calendar feed."""
        return self._sign("feed", [coach_id, feed_version])

    def read_feed(self, token: str) -> tuple[int, int]:
        """The coach's id and the feed's version. Raises NotFound."""
        coach_id, feed_version = self._read("feed", token, 2)
        return coach_id, feed_version

    def rehearsal(self, rehearsal_id: int) -> str:
        """The token of a link to decide a practice request."""
        return self._sign("rehearsal", [rehearsal_id])

    def read_rehearsal(self, token: str) -> int:
        """The practice request's id. Raises NotFound."""
        (rehearsal_id,) = self._read("rehearsal", token, 1)
        return rehearsal_id

    def confirm(self, request_id: int, serial: int) -> str:
        """The token of a family's link that confirms its request."""
        return self._sign("confirm", [request_id, serial])

    def read_confirm(self, token: str) -> tuple[int, int]:
        """The unconfirmed request's id and serial. Raises NotFound."""
        request_id, serial = self._read("confirm", token, 2)
        return request_id, serial

    def stop_mail(self, coach_id: int, digest: int) -> str:
        """The token of a link that stops a digest."""
        return self._sign("stop-mail", [coach_id, digest])

    def read_stop_mail(self, token: str) -> tuple[int, int]:
        """The coach's id and the number of the digest to stop. Raises NotFound."""
        coach_id, digest = self._read("stop-mail", token, 2)
        return coach_id, digest

    def keyed_hash(self, value: str) -> str:
        """A keyed BLAKE2b hash, 32 hex digits, for counters: without the key nobody finds the value by trying all of them."""
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
    """A booking's handle: 128 random bits, safe in an address."""
    return secrets.token_urlsafe(16)


def new_session_token() -> str:
    """A session cookie's or an API key's secret: 256 random bits."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """SHA-256 in hex, of a random secret of 112 bits or more: for those a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
