"""
Redaction of secrets and personal data, one set of rules for logs and telemetry.

A value is found by the key it stands under (`auth_token`, `customerEmail`), word by word, so that `author` is spared; or
by a pattern (a bearer token, a card number, an address). Whatever lies deeper than MAX_DEPTH is hidden as a whole.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "…"
MAX_DEPTH = 6  # of nested lists and dictionaries
MAX_ITEMS = 50  # of each list or dictionary
MAX_TEXT_LENGTH = 20_000  # the patterns below take time with the length
MIN_SECRET = 4  # letters; a shorter one stands in half of all lines
_values: tuple[str, ...] = ()  # of this process's secrets, the longest first
PLAIN = re.compile(  # most values of a line of the log: nothing below is written like this
    r"[a-z_. ]*|[A-Z]{1,12}"  # words, methods
    r"|20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z"  # the line's own time
    r"|(?=\d*[a-f])[0-9a-f]{1,16}"  # a request's id
)

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")  # of a key in snake_case, kebab-case or camelCase
# A key with one of these words holds a secret, or a person's data.
SECRET_WORDS = frozenset(
    ("password", "passwd", "passphrase", "pwd", "pin", "otp", "secret", "secrets", "token", "tokens", "jwt", "auth",
     "authorization", "bearer", "credential", "credentials", "cookie", "cookies", "csrf", "xsrf", "signature", "salt",
     "handle", "handles", "iban", "card", "cvc", "cvv", "ssn")
)  # fmt: skip
PERSONAL_WORDS = frozenset(
    ("email", "phone", "address", "street", "recipient", "notes", "reason", "birthday", "surname")
)
# "key" and "name" are hidden only after one of these words: `api_key`, `customer_name`, but not `sort_key`, `event_name`.
BEFORE_KEY = frozenset(("api", "secret", "private", "access", "idempotency", "signing", "encryption", "form"))
BEFORE_NAME = frozenset(
    ("customer", "athlete", "child", "parent", "coach", "person", "first", "last", "full", "family", "given")
)

# What follows a DETAIL of PostgreSQL in a text.
AFTER_DETAIL = r"\n\n|\n(?:HINT|CONTEXT|LINE|Traceback|\[SQL|\(Background|  File|[\w.]*(?:Error|Exception|Violation): )"

# Patterns of secrets and personal data in texts, each with its replacement; in this order: keys in PEM, web tokens,
# e-mail addresses, our links with a handle, passwords in URLs, cookies, bearers, what databases say of a row, name=value
# pairs, random ids. "DETAIL:" is where PostgreSQL shows the values of a row, which may have line breaks.
MASKS = (
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL), HIDDEN),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?"), HIDDEN),  # a signed web token
    (re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)*"), HIDDEN + "@" + HIDDEN),
    (
        re.compile(r"((?:/|%2F)(?:approvals|bookings|sign-in|calendar)(?:/|%2F))[^/?%\s\"'{]+", re.IGNORECASE),
        r"\1" + HIDDEN,
    ),
    (re.compile(r"(://)[^/\s\"']*@"), r"\1" + HIDDEN + "@"),
    (re.compile(r"\b((?:set-)?cookie)\b(\"?'?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE), r"\1\2" + HIDDEN),
    (re.compile(r"\b(Bearer +)\S+", re.IGNORECASE), r"\1" + HIDDEN),
    (re.compile(r"\b((?:Basic|Digest) +)(?=[\w+/.~=-]{8})[\w+/.~=-]+"), r"\1" + HIDDEN),
    (re.compile(r"(\nLINE \d+: ).*"), r"\1" + HIDDEN),  # and where it shows the statement
    (re.compile(r"(DETAIL:).*?(?=" + AFTER_DETAIL + r"|\Z)", re.DOTALL), r"\1 " + HIDDEN),
    (re.compile(r"(invalid (?:input|value)[^\n:]*: )\"[^\n]*\""), r'\1"' + HIDDEN + '"'),
    (
        re.compile(
            r"([\w-]*(?:password|passwd|pwd|passphrase|secret|token|api_?key|authorization|credential)[\w-]*[\"']?\s*[=:]\s*)"
            r"(?!…|Bearer|Basic|Digest)(\"[^\"\n]*\"|'[^'\n]*'|[^&\s\"',;)}\]]+)",
            re.IGNORECASE,
        ),
        r"\1" + HIDDEN,
    ),
    (re.compile(r"\b(key=)[^&\s\"']+", re.IGNORECASE), r"\1" + HIDDEN),
    (
        re.compile(
            r"\b((?:password|secret|token|api key)\s+(?:is |was )?)(?=\S*\d|[\"'])[\"']?[^\s\"']+", re.IGNORECASE
        ),
        r"\1" + HIDDEN,
    ),
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{22,}"), HIDDEN),  # 128 random bits or more
    (re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{32,}\b"), HIDDEN),
)
# Literals inside the statement that SQLAlchemy appends to an error, and digits that may be a payment card's.
STATEMENT = re.compile(r"\[SQL: .*?(?=\n\(Background|\n\[parameters|\Z)", re.DOTALL)
QUOTED = re.compile(r"'(?:[^']|'')*(?:'|\Z)")
DIGITS = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.])")


@lru_cache(maxsize=4096)
def is_secret(key: str) -> bool:
    """Whether a key holds a secret or personal data: `auth_token`, `customerEmail`, not `author`."""
    words = [word.lower() for word in WORDS.findall(key)]
    if words == ["name"]:
        return True
    for before, word in zip(["", *words], words, strict=False):
        if word in SECRET_WORDS or word in PERSONAL_WORDS:
            return True
        if (word == "key" and before in BEFORE_KEY) or (word == "name" and before in BEFORE_NAME):
            return True
    return False


def scrubbed(value: Any, depth: int = 0) -> Any:
    """A redacted copy: texts masked, secret keys hidden, also inside lists, dictionaries and pairs."""
    if isinstance(value, str):
        return scrubbed_text(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return HIDDEN if is_card(str(value)) else value
    if isinstance(value, datetime | date | timedelta):
        return str(value)
    if depth >= MAX_DEPTH:
        return HIDDEN
    if isinstance(value, Mapping):
        items = list(value.items())[:MAX_ITEMS]
        return {_key(key): HIDDEN if is_secret(_key(key)) else scrubbed(item, depth + 1) for key, item in items}
    if isinstance(value, list | tuple | set | frozenset):
        return [_pair_or_value(item, depth + 1) for item in list(value)[:MAX_ITEMS]]
    return scrubbed_text(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))


def hide_values(secrets: Iterable[str]) -> None:
    """Register secret values to be hidden in every text, also URL-encoded and as JSON writes them. Replaces earlier ones."""
    global _values  # noqa: PLW0603 (a process has one set of secrets, and its loggers no arguments)
    found = {
        form
        for secret in secrets
        for form in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
    }
    _values = tuple(sorted((form for form in found if len(form) >= MIN_SECRET), key=len, reverse=True))


def scrubbed_text(text: str) -> str:
    """The text with secrets and personal data masked. Of one over MAX_TEXT_LENGTH the middle is cut first."""
    for value in _values:
        if value in text:
            text = text.replace(value, HIDDEN)
    if len(text) > MAX_TEXT_LENGTH:
        text = f"{text[: MAX_TEXT_LENGTH // 2]} {HIDDEN} {text[-MAX_TEXT_LENGTH // 2 :]}"
    return text if PLAIN.fullmatch(text) else _masked(text)


def _masked(text: str) -> str:
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    if "[SQL: " in text:
        text = STATEMENT.sub(lambda found: QUOTED.sub(f"'{HIDDEN}'", found[0]), text)
    return DIGITS.sub(_unless_card, text)


def is_card(digits: str) -> bool:
    """Whether these are the digits of a payment card, by the Luhn check digit."""
    if not (13 <= len(digits) <= 19 and digits.isascii() and digits.isdigit() and digits[0] in "3456"):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def storable(text: str) -> str:
    """The text without what a database's text cannot hold: NUL and lone surrogates."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()


def _key(key: Any) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)


def _pair_or_value(item: Any, depth: int) -> Any:
    """A list's item, redacted; of a pair, such as a header, the second is hidden by the name in the first."""
    if (
        isinstance(item, list | tuple)
        and len(item) == 2
        and isinstance(item[0], str | bytes)
        and is_secret(_key(item[0]))
    ):
        return [_key(item[0]), HIDDEN]
    return scrubbed(item, depth)


def _unless_card(match: re.Match[str]) -> str:
    return HIDDEN if is_card(re.sub(r"\D", "", match[0])) else match[0]
