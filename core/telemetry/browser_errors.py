"""
Reports of visitors' browsers, validated by allow-lists: errors of our own scripts, and web vitals.

Anybody can send anything here. So only what is on a list is recorded: routes and names that are ours, numbers within
bounds, of a stack our own scripts and their identifiers, of a message the words of browsers' own messages. A name that
somebody typed, or made up, is on none of these lists.
"""

import hashlib
import math
import re
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from core.telemetry.error_capture import CapturedError, Frame
from core.telemetry.fingerprints import VERSION, normalised
from core.telemetry.log_rows import EventRow
from core.telemetry.queues import now_us
from core.telemetry.recorder import Recorder
from core.telemetry.request_context import OTHER, current
from core.telemetry.scrubbing import HIDDEN

MAX_EVENTS = 20  # of one report; our beacon sends fewer
FROM_BROWSERS = "browser:"  # begins the name of each module
# Web vitals and the largest value of each that is plausible: ten minutes in milliseconds, a layout shift without unit.
VITALS = {"CLS": 100.0, "FCP": 600_000.0, "INP": 600_000.0, "LCP": 600_000.0, "TTFB": 600_000.0}
KINDS_OF_ERROR = frozenset(
    ("Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError", "DOMException")
)
# A line of a stack that names one of our static scripts, as Chromium ("at f (url:1:2)") and Firefox ("f@url:1:2") write it.
OUR_FRAME = re.compile(
    r"(?:at\s+)?(?P<function>[\w.$<>]*)\s*[@(]?\s*\S*/static/(?P<file>\w+)\.[0-9a-f]{8}\.js:(?P<line>\d{1,6})"
)
MAX_TEXT_LENGTH, MAX_STACK_LENGTH, MAX_FRAMES = 500, 4000, 20  # what browsers send in earnest is shorter
MAX_GROUPS = 100  # of one process; our scripts are few, so more fingerprints are made up
WORDS = frozenset(  # of the messages of Chromium, Firefox and Safari, and of what our scripts call
    """
    a abort aborted after an and any argument arguments array as assignment at async attempt be because been
    before call callback called can cannot can't circular code const constant constructor content convert could
    couldn't data defined delete denied did does document domexception due element empty error event exceeded
    exception expected expression failed fetch file for found from function generator get has have identifier
    illegal import in index initialization initialize insecure instance invalid invocation is isn't iterable json
    key length limit load loading map match maximum may memory message method missing module must network new no
    node non not null number object of on only operation or out outside page parameter parse parsing permission
    position primitive promise properties property proxy quota range read reading redeclaration reference regexp
    regular rejection request required resource response return script security set setting size source stack
    storage strict string structure symbol syntax target the this timed timeout to token too type typeerror
    undefined unable unexpected unhandled uncaught unknown unsupported unterminated url used valid value variable
    was while with within without write observer performanceobserver sendbeacon beacon navigator entries entry
    """.split()  # noqa: SIM905 (a hundred and fifty words, a line each otherwise)
)
_known: set[str] = set()


def record_report(
    recorder: Recorder, report: Any, *, routes: Collection[str], scripts: Mapping[str, Collection[str]]
) -> int:
    """
    Validate a browser's report and record its events.

    Args:
        report: any JSON. routes: every template that a page of ours can have.
        scripts: our own, without their ending ("reports"), with the identifiers that stand in each.

    Returns:
        How many of its events were recorded; the others are counted as dropped.
    """
    events = report.get("events") if isinstance(report, dict) else None
    if not isinstance(events, list):
        recorder.lose("browser: unreadable")
        return 0
    route = report["route"] if isinstance(report.get("route"), str) and report["route"] in routes else OTHER
    recorded = sum(_event(recorder, one, route, scripts) for one in events[:MAX_EVENTS])
    if dropped := len(events) - recorded:
        recorder.lose("browser: not believed", dropped)
    return recorded


def _event(recorder: Recorder, one: Any, route: str, scripts: Mapping[str, Collection[str]]) -> bool:
    if not isinstance(one, dict):
        return False
    if one.get("kind") == "vital":
        return _vital(recorder, one.get("name"), one.get("value"), route)
    return one.get("kind") == "error" and _error(recorder, one, route, scripts)


def _vital(recorder: Recorder, name: Any, value: Any, route: str) -> bool:
    if not isinstance(name, str) or name not in VITALS or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if not (math.isfinite(value) and 0 <= value <= VITALS[name]):
        return False
    request_id = work.request_id if (work := current.get()) is not None else ""
    recorder.events.add(EventRow(now_us(), "vital", name, float(value), route=route, request_id=request_id))
    return True


def _error(recorder: Recorder, one: Mapping[str, Any], route: str, scripts: Mapping[str, Collection[str]]) -> bool:
    message, stack = one.get("message"), one.get("stack")
    if not isinstance(message, str) or not isinstance(stack, str) or message.startswith("Script error"):
        return False
    frames = own_frames(stack[:MAX_STACK_LENGTH], scripts)
    if not frames:
        return False
    name = str(one.get("name"))
    kind = name if name in KINDS_OF_ERROR else "Error"
    text = known_words(message[:MAX_TEXT_LENGTH].removeprefix("Uncaught ").removeprefix(f"{kind}: "))
    places = [f"{module}:{function}" for _, module, function, _, _ in frames]
    parts = (
        f"v{VERSION}",
        "browser",
        kind,
        *(places[-8:] if any(frame[2] for frame in frames) else [normalised(text)]),
    )
    work = current.get()
    recorder.add_error(
        CapturedError(
            fingerprint=_fingerprint(parts),
            kind=kind,
            text=text,
            culprit=places[-1],
            level="ERROR",
            at_us=now_us(),
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
    """The fingerprint, capped at MAX_GROUPS a process: whatever is new after that falls into one group."""
    fingerprint = hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
    if fingerprint not in _known and len(_known) >= MAX_GROUPS:
        return hashlib.sha256(b"browser: too many kinds").hexdigest()
    _known.add(fingerprint)
    return fingerprint


def known_words(message: str) -> str:
    """The message with "…" for each word outside the allow-list: "… is not a function"."""
    words = [word if word.strip(".,:;!?()").lower() in WORDS else HIDDEN for word in message.split()]
    shown = [word for place, word in enumerate(words) if word != HIDDEN or place == 0 or words[place - 1] != HIDDEN]
    return " ".join(shown)


def own_frames(stack: str, scripts: Mapping[str, Collection[str]]) -> list[Frame]:
    """Frames of our own scripts in a browser's stack, innermost last; others are left out."""
    found: list[Frame] = []
    for line in stack.splitlines()[: MAX_FRAMES * 2]:
        if (match := OUR_FRAME.search(line)) and match["file"] in scripts:
            script = f"{FROM_BROWSERS}{match['file']}.js"
            function = match["function"].rpartition(".")[2]
            known = function if function in scripts[match["file"]] else ""
            found.append((script, script, known, int(match["line"]), []))
    return list(reversed(found[:MAX_FRAMES]))
