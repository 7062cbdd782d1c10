"""Known devices: a signed mark in a browser that somebody signed in with before, so that strangers' tries never slow it."""

import hmac
import secrets
from collections.abc import Iterable

from core.platform.tokens import Signer

MAX_REMEMBERED = 5  # people who share a tablet at the gym
SEPARATOR = "~"


def marked(cookie: str, account_id: int, signer: Signer) -> str:
    """The cookie with this account's mark first, made anew; the marks of others who share the device stay."""
    prefix = f"{account_id}."
    others = [mark for mark in cookie.split(SEPARATOR) if mark and not mark.startswith(prefix)]
    return SEPARATOR.join([_mark(account_id, secrets.token_urlsafe(12), signer), *others][:MAX_REMEMBERED])


def known(cookie: str, account_id: int, signer: Signer) -> str | None:
    """The mark that this account has left on the device, if it is ours."""
    return next(iter(_ours(cookie.split(SEPARATOR)[:MAX_REMEMBERED], account_id, signer)), None)


def _ours(marks: Iterable[str], account_id: int, signer: Signer) -> Iterable[str]:
    for mark in marks:
        owner, _, rest = mark.partition(".")
        nonce = rest.partition(".")[0]
        if owner == str(account_id) and hmac.compare_digest(mark.encode(), _mark(account_id, nonce, signer).encode()):
            yield mark


def _mark(account_id: int, nonce: str, signer: Signer) -> str:
    return f"{account_id}.{nonce}.{signer.keyed_hash(f'device {account_id} {nonce}')}"
