"""
Pseudonyms: HMAC-SHA256 of the staff session's token, or of IP address and UTC day, cut to 16 hex digits.

Enough to count people, too little to know them; without the gym's key nobody can compute one from an address.
"""

import hashlib
import hmac
import time

from core.platform.settings import Settings
from core.telemetry.request_context import current

LENGTH = 16  # hex digits: 64 bits, so no two people of a gym share one by chance
A_DAY_S = 86_400


class Pseudonyms:
    """Maker of one gym's pseudonyms, keyed by its signing key."""

    def __init__(self, settings: Settings) -> None:
        self._key = hashlib.sha256(f"telemetry who {settings.signing_keys()[0]}".encode()).digest()

    def session(self, token: str) -> str:
        """Pseudonym of a staff session, by its token."""
        return self._hashed(f"session {token}")

    def of_context(self) -> str:
        """Pseudonym of the current context: of its staff session, or else of its IP address on this UTC day; "" for neither."""
        work = current.get()
        if work is None:
            return ""
        client = work.scope.get("client") if work.scope is not None else None
        if work.who or not client:
            return work.who
        return self._hashed(f"{int(time.time() // A_DAY_S)} {client[0]}")

    def _hashed(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:LENGTH]
