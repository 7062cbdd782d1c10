"""
What a visitor's browser says of a page: errors of our own scripts, and web vitals. Anybody can say anything there.

So nothing is believed that is not on a list: routes and names are ours, numbers have bounds, and of a stack only the
names of our own scripts and their functions are kept.
"""

import hashlib
import math
import re
import time
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from core.telemetry.catching import Caught, Frame
from core.telemetry.fingerprints import VERSION, normalised
from core.telemetry.lanes import now_us
from core.telemetry.recorder import Recorder
from core.telemetry.work import OTHER, current

MOST_EVENTS = 20
FROM_BROWSERS = "browser:"  # begins the name of each module
VITALS = {"CLS": 100.0, "FCP": 600_000.0, "INP": 600_000.0, "LCP": 600_000.0, "TTFB": 600_000.0}
KINDS_OF_ERROR = frozenset(
    ("Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError", "DOMException")
)
OUR_FRAME = re.compile(
    r"(?:at\s+)?(?P<function>[\w.$<>]*)\s*[@(]?\s*\S*/static/(?P<file>\w+)\.[0-9a-f]{8}\.js:(?P<line>\d{1,6})"
)
LONGEST_TEXT, LONGEST_STACK, MOST_FRAMES = 500, 4000, 20
MOST_GROUPS = 100  # of one process
_known: set[str] = set()


def tell(recorder: Recorder, said: Any, *, routes: Collection[str]) -> int:
    """
    Record what a browser sent, as far as it can be believed.

    Args:
        said: any JSON. routes: every template that a page of ours can have.

    Returns:
        How many of its events were recorded; the others are counted as dropped.
    """
    events = said.get("events") if isinstance(said, dict) else None
    if not isinstance(events, list):
        recorder.lose("browser: unreadable")
        return 0
    route = said["route"] if isinstance(said.get("route"), str) and said["route"] in routes else OTHER
    told = sum(_event(recorder, one, route) for one in events[:MOST_EVENTS])
    if dropped := len(events) - told:
        recorder.lose("browser: not believed", dropped)
    return told


def _event(recorder: Recorder, one: Any, route: str) -> bool:
    if not isinstance(one, dict):
        return False
    if one.get("kind") == "vital":
        return _vital(recorder, one.get("name"), one.get("value"), route)
    return one.get("kind") == "error" and _error(recorder, one, route)


def _vital(recorder: Recorder, name: Any, value: Any, route: str) -> bool:
    if not isinstance(name, str) or name not in VITALS or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if not (math.isfinite(value) and 0 <= value <= VITALS[name]):
        return False
    request_id = work.request_id if (work := current.get()) is not None else ""
    recorder.events.add((now_us(), "vital", name, float(value), 0, 0, route, request_id, ""))
    return True


def _error(recorder: Recorder, one: Mapping[str, Any], route: str) -> bool:
    message, stack = one.get("message"), one.get("stack")
    if not isinstance(message, str) or not isinstance(stack, str) or message.startswith("Script error"):
        return False
    frames = own_frames(stack[:LONGEST_STACK])
    if not frames:
        return False
    name = str(one.get("name"))
    kind = name if name in KINDS_OF_ERROR else "Error"
    text = message[:LONGEST_TEXT].removeprefix("Uncaught ").removeprefix(f"{kind}: ")
    places = [f"{module}:{function}" for _, module, function, _, _ in frames]
    parts = (
        f"v{VERSION}",
        "browser",
        kind,
        *(places[-8:] if any(frame[2] for frame in frames) else [normalised(text)]),
    )
    work = current.get()
    recorder.add_error(
        Caught(
            fingerprint=_fingerprint(parts),
            kind=kind,
            text=text,
            culprit=places[-1],
            level="ERROR",
            at_us=time.time_ns() // 1000,
            event_id=uuid.uuid4().hex,
            route=route,
            request_id=work.request_id if work is not None else "",
            who=recorder.person(),
            exceptions=[(kind, text, frames)],
            extra={"browser": True},
        )
    )
    return True


def _fingerprint(parts: tuple[str, ...]) -> str:
    """Whoever makes names up makes no more than so many groups: what comes after them is one group."""
    fingerprint = hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
    if fingerprint not in _known and len(_known) >= MOST_GROUPS:
        return hashlib.sha256(b"browser: too many kinds").hexdigest()
    _known.add(fingerprint)
    return fingerprint


def own_frames(stack: str) -> list[Frame]:
    """The functions of our own scripts in a browser's stack, innermost last; what is not ours is left out."""
    found: list[Frame] = []
    for line in stack.splitlines()[: MOST_FRAMES * 2]:
        if match := OUR_FRAME.search(line):
            script = f"{FROM_BROWSERS}{match['file']}.js"
            found.append((script, script, match["function"], int(match["line"]), []))
    return list(reversed(found[:MOST_FRAMES]))
