"""
Fingerprint of an error, by which it is grouped; version 1.

A hash of the chain of exception types and of the functions of ours that it passed through, innermost last. No line
numbers, so an edit above it makes no second group; recursion counts once. Where no function of ours is involved, the
message decides, with its numbers, names and dates taken out. The version is stored with the group: another rule will not
mix its groups with these.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from core.telemetry.release import ROOT

VERSION = 1  # of the rule; another rule takes another number
MAX_FRAMES = 8  # innermost functions of ours: what calls them from far away makes no other mistake
MAX_CHAINED_ERRORS = 5
OWN = frozenset(("core", "analytics", "public_site", "console", "tasks"))  # top-level names that are ours

# What differs from one occurrence to the next, and its placeholder. In this order: an address holds digits, a date does too.
PLACEHOLDERS = (
    (re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)*"), "<email>"),
    (re.compile(r"\w+://\S+"), "<url>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"), "<date>"),
    (re.compile(r"\"[^\"]*\"|'[^']*'"), "<quoted>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}\b"), "<hex>"),
    (re.compile(r"\d+(\.\d+)?"), "<n>"),
)


def of_exception(error: BaseException) -> tuple[str, str]:
    """(fingerprint, culprit) of an exception; the culprit is the innermost function of ours, or ""."""
    parts, functions = ["exception"], []
    for link in chain_of(error):
        parts.append(kind_of(link))
        functions += own_frames(link.__traceback__)
    frames = functions[-MAX_FRAMES:]
    parts += frames or [normalised(safe_text(error))]
    return _hashed(parts), (own_frames(error.__traceback__) or functions or [""])[-1]


def of_message(source: str, message: str) -> str:
    """Fingerprint of a log line without an exception: its logger and its normalised message."""
    return _hashed(["message", source, normalised(message)])


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The chain of causes, outermost first, at most MAX_CHAINED_ERRORS; of an ExceptionGroup its first member."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen and len(seen) < MAX_CHAINED_ERRORS:
        seen.add(id(link))
        yield link
        if isinstance(link, BaseExceptionGroup):
            link = link.exceptions[0]
        else:
            link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def kind_of(error: BaseException) -> str:
    """Qualified type name: "ZeroDivisionError", "sqlalchemy.exc.OperationalError"."""
    kind = type(error)
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def own_frames(trace: TracebackType | None) -> list[str]:
    """Functions of ours in a traceback, in the order they were called, "core.mail.delivery:_send", each once."""
    found: dict[str, None] = {}
    while trace is not None:
        code = trace.tb_frame.f_code
        if module := own_module(code.co_filename):
            found.setdefault(f"{module}:{code.co_qualname}")
        trace = trace.tb_next
    return list(found)


@lru_cache(maxsize=2048)
def own_module(filename: str) -> str:
    """Module name of a file of ours, "console.app_pages.requests", else "". By path: Streamlit calls its pages `__main__`."""
    try:
        inside = Path(filename).relative_to(ROOT).with_suffix("").parts
    except ValueError:
        return ""
    return ".".join(inside) if inside and inside[0] in OWN else ""


def normalised(message: str) -> str:
    """The message with placeholders for what differs each time, at most 300 characters."""
    for pattern, name in PLACEHOLDERS:
        message = pattern.sub(name, message)
    return message[:300]


def safe_text(error: BaseException) -> str:
    """The exception's text, at most 2,000 characters; of a database's error without its statement and the row's values."""
    try:
        text = str(error)
    except Exception:  # an exception whose text cannot be made must not become a second one
        return "(its text cannot be read)"
    for end in ("\n[SQL:", "\nLINE ", "DETAIL:", "\n(Background on"):
        text = text.partition(end)[0]
    return text.strip()[:2000]


def _hashed(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join((f"v{VERSION}", *parts)).encode("utf-8", "replace")).hexdigest()
