"""
Which errors are the same mistake: version 1.

The chain of exception types, and the functions of ours that it passed through, nearest to the mistake last. No line
numbers, so an edit above it makes no second group; recursion counts once. Where no function of ours is involved, the
message decides, with its numbers, names and dates taken out. The version is kept with the group: another rule will not
mix its groups with these.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType

from core.telemetry.release import ROOT

VERSION = 1
MAX_FRAMES = 8
MAX_CHAINED_ERRORS = 5
OWN = frozenset(("core", "analytics", "public_site", "console", "tasks"))

NORMAL = (
    (re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)*"), "<email>"),
    (re.compile(r"\w+://\S+"), "<url>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?"), "<date>"),
    (re.compile(r"\"[^\"]*\"|'[^']*'"), "<quoted>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}\b"), "<hex>"),
    (re.compile(r"\d+(\.\d+)?"), "<n>"),
)


def of_exception(error: BaseException) -> tuple[str, str]:
    """Its fingerprint, and its culprit: the innermost function of ours, or an empty text."""
    parts, own = ["exception"], []
    for link in chain_of(error):
        parts.append(kind_of(link))
        own += own_frames(link.__traceback__)
    frames = own[-MAX_FRAMES:]
    parts += frames or [normalised(safe_text(error))]
    return _hashed(parts), (own_frames(error.__traceback__) or own or [""])[-1]


def of_message(source: str, message: str) -> str:
    """Of what was logged without an exception: who said it, and what, without what differs each time."""
    return _hashed(["message", source, normalised(message)])


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """This exception, then what caused it, and so on; of a group its first member."""
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
    """ "ZeroDivisionError", "sqlalchemy.exc.OperationalError"."""
    kind = type(error)
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def own_frames(trace: TracebackType | None) -> list[str]:
    """The functions of ours in the order they were called, "core.mail.delivery:_send", each once."""
    found: dict[str, None] = {}
    while trace is not None:
        code = trace.tb_frame.f_code
        if module := own_module(code.co_filename):
            found.setdefault(f"{module}:{code.co_qualname}")
        trace = trace.tb_next
    return list(found)


@lru_cache(maxsize=2048)
def own_module(filename: str) -> str:
    """ "console.app_pages.requests" for a file of ours, else an empty text; Streamlit calls its pages `__main__`."""
    try:
        inside = Path(filename).relative_to(ROOT).with_suffix("").parts
    except ValueError:
        return ""
    return ".".join(inside) if inside and inside[0] in OWN else ""


def normalised(message: str) -> str:
    """The message without what differs each time."""
    for pattern, name in NORMAL:
        message = pattern.sub(name, message)
    return message[:300]


def safe_text(error: BaseException) -> str:
    """What it says; of a database's error without its statement and without the row's values."""
    try:
        said = str(error)
    except Exception:  # an exception whose text cannot be made must not become a second one
        return "(its text cannot be read)"
    for end in ("\n[SQL:", "\nLINE ", "DETAIL:", "\n(Background on"):
        said = said.partition(end)[0]
    return said.strip()[:2000]


def _hashed(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join((f"v{VERSION}", *parts)).encode("utf-8", "replace")).hexdigest()
