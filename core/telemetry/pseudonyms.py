"""Whom it happened to, as a keyed hash: enough to count people, too little to know them."""

import hashlib
import hmac
import time

from core.platform.settings import Settings
from core.telemetry.context import current

LENGTH = 16
A_DAY_S = 86_400


class Who:
    """The hashes of one gym; another gym's key makes others."""

    def __init__(self, settings: Settings) -> None:
        self._key = hashlib.sha256(f"telemetry who {settings.signing_keys()[0]}".encode()).digest()

    def session(self, token: str) -> str:
        """Of a staff session, by its token."""
        return self._hashed(f"session {token}")

    def here(self) -> str:
        """Of whoever the work at hand is done for: a staff session, or else a network address on this day."""
        work = current.get()
        if work is None:
            return ""
        client = work.scope.get("client") if work.scope is not None else None
        if work.who or not client:
            return work.who
        return self._hashed(f"{int(time.time() // A_DAY_S)} {client[0]}")

    def _hashed(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:LENGTH]
