"""
An error as it is caught: bounded, and without a reference to anything that lives on.

Of a local variable we keep its name and type, and its value only where it is a number, a boolean, None or a date: a text
may be anybody's. What came with a line of the log is scrubbed here, texts by the writer's thread, before they leave memory.
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
from core.telemetry.context import Work, current
from core.telemetry.queues import now_us
from core.telemetry.scrubbing import HIDDEN, is_card, is_secret, scrubbed, scrubbed_text, storable

MAX_FRAMES, MAX_LOCALS = 40, 30
AROUND = 5
MAX_BODY_BYTES = 64 * 1024
PLAIN = (int, float, bool, type(None), datetime, date, timedelta)

Frame = tuple[str, str, str, int, list[tuple[str, str, str]]]  # file, module of ours, function, line, locals


@dataclass(slots=True)
class Caught:
    """
    One error. exceptions: (type, text, frames), the outermost first; None where only the count matters.

    who: whom it happened to, as a keyed hash.
    """

    fingerprint: str
    kind: str
    text: str
    culprit: str
    level: str
    at_us: int
    event_id: str
    route: str
    request_id: str
    who: str
    exceptions: list[tuple[str, str, list[Frame]]] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    trail: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def message(self) -> str:
        return storable(scrubbed_text(self.text))

    @property
    def title(self) -> str:
        """ "ZeroDivisionError: division by zero", in one line."""
        said = " ".join(self.message.split())[:160]
        return f"{self.kind.rpartition('.')[2]}: {said}".strip(": ") if self.kind else said

    def body(self) -> str:
        """What a person needs to understand it, as JSON."""
        story = {
            "exceptions": [_exception(*one) for one in self.exceptions or []],
            "log": self.extra,
            "trail": [[at_us, kind, scrubbed_text(text)] for at_us, kind, text in self.trail],
        }
        while len(text := orjson.dumps(story, default=str)) > MAX_BODY_BYTES:
            if not _shortened(story):
                break
        return storable(text.decode())


def caught(
    error: BaseException | None,
    *,
    source: str,
    message: str,
    level: str,
    extra: Mapping[str, Any],
    who: str,
    fingerprint: tuple[str, str] | None = None,
    with_body: bool = True,
) -> Caught:
    """What happened just now, in the work at hand. fingerprint: with its culprit, where it is known already."""
    work = current.get()
    if fingerprint is None:
        fingerprint = fingerprint_of(error, source, message)
    found = Caught(
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
    """With its culprit."""
    return fingerprints.of_exception(error) if error is not None else (fingerprints.of_message(source, message), source)


def _trail(work: Work | None) -> list[tuple[int, str, str]]:
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
    kept = []
    for name, value in list(frame.f_locals.items())[:MAX_LOCALS]:
        if name.startswith("__"):
            continue
        kind = type(value)
        shown = ""
        if kind in PLAIN:
            hide = is_secret(name) or (kind is int and is_card(str(value)))
            shown = HIDDEN if hide else str(value)[:64]
        kept.append((name, kind.__qualname__, shown))
    return kept


def _exception(kind: str, text: str, frames: list[Frame]) -> dict[str, Any]:
    return {"type": kind, "text": scrubbed_text(text), "frames": [_shown(*frame) for frame in frames]}


def _shown(file: str, module: str, function: str, line: int, variables: list[tuple[str, str, str]]) -> dict[str, Any]:
    around = AROUND if module else 0
    first = max(1, line - around)
    source = [linecache.getline(file, number).rstrip("\n") for number in range(first, line + around + 1)]
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
    """ "starlette/routing.py": where a library lies is this machine's business."""
    _, found, inside = file.rpartition("site-packages/")
    return inside if found else "/".join(file.split("/")[-2:])


def _shortened(story: dict[str, Any]) -> bool:
    """Give up the least telling part that is left. Whether there was one."""
    for exception in story["exceptions"]:
        for frame in exception["frames"]:
            if not frame["own"] and frame["source"]:
                frame["source"] = []
                return True
    for exception in story["exceptions"]:
        if len(exception["frames"]) > 1:
            del exception["frames"][0]
            return True
    if story["trail"] or story["log"]:
        story["trail"], story["log"] = [], {}
        return True
    return False
