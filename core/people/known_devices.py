"""Known devices: a signed cookie of browsers that an account has signed in with, which the rate limit of others never slows."""

import hmac
import secrets
from collections.abc import Iterable

from core.platform.signed_tokens import Signer

MAX_REMEMBERED = 5  # people who share a tablet at the gym
SEPARATOR = "~"


def marked(cookie: str, account_id: int, signer: Signer) -> str:
    """The cookie with a new mark of this account first; the marks of others who share the device stay."""
    prefix = f"{account_id}."
    others = [mark for mark in cookie.split(SEPARATOR) if mark and not mark.startswith(prefix)]
    return SEPARATOR.join([_mark(account_id, secrets.token_urlsafe(12), signer), *others][:MAX_REMEMBERED])


def known(cookie: str, account_id: int, signer: Signer) -> str | None:
    """This account's mark in the cookie, if its signature is valid; else None."""
    return next(iter(_valid(cookie.split(SEPARATOR)[:MAX_REMEMBERED], account_id, signer)), None)


def _valid(marks: Iterable[str], account_id: int, signer: Signer) -> Iterable[str]:
    """The account's marks whose HMAC is right, compared in constant time."""
    for mark in marks:
        owner, _, rest = mark.partition(".")
        nonce = rest.partition(".")[0]
        if owner == str(account_id) and hmac.compare_digest(mark.encode(), _mark(account_id, nonce, signer).encode()):
            yield mark


def _mark(account_id: int, nonce: str, signer: Signer) -> str:
    return f"{account_id}.{nonce}.{signer.keyed_hash(f'device {account_id} {nonce}')}"
