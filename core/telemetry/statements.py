"""
The database as each piece of work meets it: how many statements, how long, and which were slow or asked again and again.

A statement is kept as its shape: what stood there as a value is a question mark, and an IN list of any length is one
shape. With it goes the place in our code that asked, looked up only for those that are kept.
"""

import re
import sys
import time
from functools import lru_cache
from types import FrameType
from typing import Any

from sqlalchemy import Engine, event

from core.telemetry import fingerprints, recording
from core.telemetry.context import MAX_SHAPES, Work, current, unwatched
from core.telemetry.queues import now_us
from core.telemetry.rows import StatementRow

SLOW_US = 100_000
REPEATED = 10
MAX_STATEMENT_LENGTH = 2000
BEGAN = "telemetry_began"
MAX_FRAMES = 80
HOUSEKEEPING = ("BEGIN", "PRAGM")  # ours around each transaction; told only when they are slow

PLACEHOLDER = r"(?:\?|:\w+|%\(\w+\)s(?:::\w+)?|%s(?:::\w+)?|\$\d+(?:::\w+)?|__\[POSTCOMPILE_\w+\])"
SHAPING = (
    (re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL), "?"),
    (re.compile(r"\b[eE]'(?:[^'\\]|''|\\.)*(?:'|\Z)", re.DOTALL), "?"),
    (re.compile(r"'(?:[^']|'')*(?:'|\Z)"), "?"),
    (re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL), " "),
    (re.compile(r"(?<![\w$:%(.])-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b"), "?"),
    (re.compile(r"\(\s*\d+(?:\.\d+)?(?=\s*[,)])"), "(?"),
    (re.compile(PLACEHOLDER), "?"),
    (re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)"), "(?, …)"),
    (re.compile(r"(\(\?, …\)|\(\?\))(?:\s*,\s*(?:\(\?, …\)|\(\?\)))+"), "(?, …)"),
    (re.compile(r"IN \(\?\)"), "IN (?, …)"),
    (re.compile(r"\s+"), " "),
)


@lru_cache(maxsize=2000)
def shape_of(statement: str) -> str:
    """The statement without any value, in one line."""
    for pattern, replacement in SHAPING:
        statement = pattern.sub(replacement, statement)
    return statement.strip()[:MAX_STATEMENT_LENGTH]


def watch(engine: Engine) -> None:
    """Have an engine's statements counted for the work that asks them. The monitor's own are never seen."""
    event.listen(engine, "before_cursor_execute", _before)
    event.listen(engine, "after_cursor_execute", _after)


def _before(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    connection.info[BEGAN] = time.perf_counter_ns()


def _after(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    began_ns = connection.info.get(BEGAN)
    recorder = recording.active()
    if recorder is None or began_ns is None or unwatched.get():
        return
    try:
        _count(cursor, statement, began_ns)
    except Exception as error:  # the statement has been run, and whoever asked goes on
        recorder.failed(error)


def _count(cursor: Any, statement: str, began_ns: int) -> None:
    duration_us = (time.perf_counter_ns() - began_ns) // 1000
    work = current.get()
    if work is not None and statement[:5] not in HOUSEKEEPING:
        work.db_us += duration_us
        work.db_count += 1
        shapes = work.shapes
        if shapes is None:
            shapes = work.shapes = {}
        shape = shape_of(statement)
        count = shapes.get(shape, 0) + 1
        if count > 1 or len(shapes) < MAX_SHAPES:
            shapes[shape] = count
            _add_time(work, shape, duration_us)
        work.crumb("statement", f"{duration_us / 1000:.1f} ms  {shape[:200]}")
        if count == REPEATED:
            work.repeated = {**(work.repeated or {}), shape: place_of(sys._getframe(2))}
    if duration_us >= SLOW_US:
        _keep("slow", shape_of(statement), duration_us, rows=max(0, cursor.rowcount), count=1)


def _add_time(work: Work, shape: str, duration_us: int) -> None:
    if work.shapes_us is None:
        work.shapes_us = {}
    work.shapes_us[shape] = work.shapes_us.get(shape, 0) + duration_us


def keep_repeated(work: Work) -> None:
    """At the end of a piece of work: what it asked again and again, with its true count and the time of all its runs."""
    recorder = recording.active()
    if recorder is None or not work.repeated:
        return
    shapes, shapes_us = work.shapes or {}, work.shapes_us or {}
    for shape, place in work.repeated.items():
        recorder.statements.add(
            StatementRow(
                now_us(),
                "repeated",
                shape,
                place,
                count=shapes[shape],
                duration_us=shapes_us[shape],
                route=work.route,
                request_id=work.request_id,
            )
        )
    work.repeated = None


def _keep(kind: str, shape: str, duration_us: int, *, rows: int, count: int) -> None:
    recorder = recording.active()
    if recorder is None:
        return
    work = current.get()
    route, request_id = (work.route, work.request_id) if work is not None else ("", "")
    place = place_of(sys._getframe(2))
    recorder.statements.add(StatementRow(now_us(), kind, shape, place, rows, count, duration_us, route, request_id))


def place_of(frame: FrameType | None) -> str:
    """The file and function of ours that asked, "core/bookings/queries.py requests_awaiting_answer"."""
    for _ in range(MAX_FRAMES):
        if frame is None:
            break
        code = frame.f_code
        module = fingerprints.own_module(code.co_filename)
        if module and module not in ("core.platform.db", __name__):
            return f"{module.replace('.', '/')}.py {code.co_qualname}"
        frame = frame.f_back
    return ""
