"""
A captured error: its chain of exceptions, frames and locals, bounded, without a reference to live objects.

Of a local variable the name and type are recorded, and the value only where it is a number, a boolean, None or a date: a
text may be anybody's. Fields of a log line are scrubbed here, texts by the writer's thread, before they leave memory.
"""

import linecache
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import FrameType
from typing import Any

import orjson

from core.telemetry import fingerprints
from core.telemetry.queues import now_us
from core.telemetry.request_context import RequestContext, current
from core.telemetry.scrubbing import HIDDEN, is_card, is_secret, scrubbed, scrubbed_text, storable

MAX_FRAMES, MAX_LOCALS = 40, 30  # a deep recursion, or a function with a namespace for locals, is cut here
CONTEXT_LINES = 5  # of source on either side of a frame's line
MAX_BODY_BYTES = 64 * 1024  # with 70 events a group at most, a group takes 4.5 MB at most
PLAIN = (int, float, bool, type(None), datetime, date, timedelta)  # types whose values can hold no one's text

Frame = tuple[str, str, str, int, list[tuple[str, str, str]]]  # file, module of ours, function, line, locals


@dataclass(slots=True)
class CapturedError:
    """One error event in memory, before it is scrubbed and written."""

    fingerprint: str
    kind: str  # type of the exception; "" of a log line without one
    text: str  # not scrubbed yet
    culprit: str  # "core.mail.delivery:_send", or the logger's name
    level: str  # WARNING, ERROR, CRITICAL
    at_us: int
    event_id: str
    route: str
    request_id: str
    who: str  # pseudonym of the person whom it happened to
    exceptions: list[tuple[str, str, list[Frame]]] | None = None  # type, text, frames; outermost first
    extra: Mapping[str, Any] = field(default_factory=dict)  # fields of the log line, scrubbed
    # Breadcrumbs: (us since the request began, kind, text).
    trail: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def message(self) -> str:
        """The text, scrubbed."""
        return storable(scrubbed_text(self.text))

    @property
    def title(self) -> str:
        """ "ZeroDivisionError: division by zero", in one line."""
        text = " ".join(self.message.split())[:160]
        return f"{self.kind.rpartition('.')[2]}: {text}".strip(": ") if self.kind else text

    def body(self) -> str:
        """The event's details as JSON: exceptions, log fields and breadcrumbs; at most MAX_BODY_BYTES, as far as that can be."""
        body = {
            "exceptions": [_exception(*one) for one in self.exceptions or []],
            "log": self.extra,
            "trail": [[at_us, kind, scrubbed_text(text)] for at_us, kind, text in self.trail],
        }
        while len(text := orjson.dumps(body, default=str)) > MAX_BODY_BYTES:
            if not _shortened(body):
                break
        return storable(text.decode())


def capture(
    error: BaseException | None,
    *,
    source: str,
    message: str,
    level: str,
    extra: Mapping[str, Any],
    who: str,
    fingerprint: tuple[str, str] | None = None,
    with_body: bool = True,
) -> CapturedError:
    """
    Capture an error with the context at hand.

    Args:
        error: None for a log line without an exception. fingerprint: with its culprit, where it is known already.
        with_body: False: the count alone matters, so no frames are read.
    """
    work = current.get()
    if fingerprint is None:
        fingerprint = fingerprint_of(error, source, message)
    found = CapturedError(
        fingerprint=fingerprint[0],
        kind=fingerprints.kind_of(error) if error is not None else "",
        text=fingerprints.safe_text(error) if error is not None else message,
        culprit=fingerprint[1] or source,
        level=level,
        at_us=now_us(),
        event_id=uuid.uuid4().hex,
        route=work.route if work is not None else "",
        request_id=work.request_id if work is not None else "",
        who=who,
    )
    if with_body:
        found.extra = scrubbed(dict(extra) if error is None else {"said": message, **extra})
        found.trail = _trail(work)
        found.exceptions = [] if error is None else [_link(link) for link in fingerprints.chain_of(error)]
    return found


def fingerprint_of(error: BaseException | None, source: str, message: str) -> tuple[str, str]:
    """(fingerprint, culprit) of an exception, or of a log line without one."""
    return fingerprints.of_exception(error) if error is not None else (fingerprints.of_message(source, message), source)


def _trail(work: RequestContext | None) -> list[tuple[int, str, str]]:
    return list(work.trail) if work is not None and work.trail else []


def _link(error: BaseException) -> tuple[str, str, list[Frame]]:
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(_frame(trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    if len(frames) > MAX_FRAMES:
        frames = [*frames[: MAX_FRAMES // 4], *frames[-MAX_FRAMES * 3 // 4 :]]
    return fingerprints.kind_of(error), fingerprints.safe_text(error), frames


def _frame(frame: FrameType, line: int) -> Frame:
    code = frame.f_code
    module = fingerprints.own_module(code.co_filename)
    return code.co_filename, module, code.co_qualname, line, _locals(frame) if module else []


def _locals(frame: FrameType) -> list[tuple[str, str, str]]:
    variables = []
    for name, value in list(frame.f_locals.items())[:MAX_LOCALS]:
        if name.startswith("__"):
            continue
        kind = type(value)
        shown = ""
        if kind in PLAIN:
            hide = is_secret(name) or (kind is int and is_card(str(value)))
            shown = HIDDEN if hide else str(value)[:64]
        variables.append((name, kind.__qualname__, shown))
    return variables


def _exception(kind: str, text: str, frames: list[Frame]) -> dict[str, Any]:
    return {"type": kind, "text": scrubbed_text(text), "frames": [_shown(*frame) for frame in frames]}


def _shown(file: str, module: str, function: str, line: int, variables: list[tuple[str, str, str]]) -> dict[str, Any]:
    context_lines = CONTEXT_LINES if module else 0
    first = max(1, line - context_lines)
    source = [linecache.getline(file, number).rstrip("\n") for number in range(first, line + context_lines + 1)]
    return {
        "module": module or _foreign(file),
        "own": bool(module),
        "function": function,
        "line": line,
        "first": first,
        "source": [text[:200] for text in source],
        "locals": [list(variable) for variable in variables],
    }


def _foreign(file: str) -> str:
    """A library's file without its folder, "starlette/routing.py": paths of this host stay out of the store."""
    _, found, inside = file.rpartition("site-packages/")
    return inside if found else "/".join(file.split("/")[-2:])


def _shortened(body: dict[str, Any]) -> bool:
    """Drop the least useful part: libraries' source, then outer frames, then breadcrumbs. Whether anything was left to drop."""
    for exception in body["exceptions"]:
        for frame in exception["frames"]:
            if not frame["own"] and frame["source"]:
                frame["source"] = []
                return True
    for exception in body["exceptions"]:
        if len(exception["frames"]) > 1:
            del exception["frames"][0]
            return True
    if body["trail"] or body["log"]:
        body["trail"], body["log"] = [], {}
        return True
    return False
