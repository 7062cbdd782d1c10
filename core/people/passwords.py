"""Password hashing with argon2id. Slow on purpose: never on an event loop, never inside a transaction."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import Invalid

MIN_LENGTH, MAX_LENGTH = 8, 256
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's floor, 19 MiB
_at_once = threading.BoundedSemaphore(2)  # more at a time would be a way to exhaust memory


def hash_password(password: str) -> str:
    """Hash a password. Raises Invalid when it is too short or too long."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise Invalid({"password": f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters."})
    with _at_once:
        return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Verify a password, in the same time for an account without one, or no account (None), as for a wrong password."""
    with _at_once:
        try:
            matches = _hasher.verify(password_hash or _nobodys_hash(), password[:MAX_LENGTH])
        except (VerificationError, InvalidHashError):
            return False
    return matches and bool(password_hash)


@cache
def _nobodys_hash() -> str:
    """The hash that is verified where there is none, for the same time taken."""
    return _hasher.hash("nobody signs in with this")
