"""
Instrumentation of SQLAlchemy: statements counted by request, slow ones and repeated ones (N+1) recorded.

A statement is recorded as its shape: each value is a question mark, and an IN list of any length is one shape. With it
goes the place in our code that asked, looked up only for those that are recorded.
"""

import re
import sys
import time
from functools import lru_cache
from types import FrameType
from typing import Any

from sqlalchemy import Engine, event

from core.telemetry import fingerprints, recording
from core.telemetry.log_rows import StatementRow
from core.telemetry.queues import now_us
from core.telemetry.request_context import MAX_SHAPES, RequestContext, current, suppressed

SLOW_US = 100_000  # pages take about 5 ms in statements; a tenth of a second is felt
REPEATED = 10  # times in one request: fewer is seldom worth a join
MAX_STATEMENT_LENGTH = 2000
BEGAN = "telemetry_began"  # key of connection.info
MAX_FRAMES = 80  # of the stack, between the driver and our own function; SQLAlchemy takes about thirty
HOUSEKEEPING = ("BEGIN", "PRAGM")  # ours around each transaction; recorded only when they are slow

PLACEHOLDER = r"(?:\?|:\w+|%\(\w+\)s(?:::\w+)?|%s(?:::\w+)?|\$\d+(?:::\w+)?|__\[POSTCOMPILE_\w+\])"
# From a statement to its shape, in this order: literals first, since a comment's sign may stand inside one; then comments,
# numbers, placeholders; then lists and repeated rows of placeholders; white space last.
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
    """The statement's shape: without any value, on one line, at most MAX_STATEMENT_LENGTH."""
    for pattern, replacement in SHAPING:
        statement = pattern.sub(replacement, statement)
    return statement.strip()[:MAX_STATEMENT_LENGTH]


def instrument(engine: Engine) -> None:
    """Instrument an engine: its statements are counted for the current context. The monitor's own are never seen."""
    event.listen(engine, "before_cursor_execute", _before)
    event.listen(engine, "after_cursor_execute", _after)


def _before(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    connection.info[BEGAN] = time.perf_counter_ns()


def _after(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    began_ns = connection.info.get(BEGAN)
    recorder = recording.active()
    if recorder is None or began_ns is None or suppressed.get():
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


def _add_time(work: RequestContext, shape: str, duration_us: int) -> None:
    if work.shapes_us is None:
        work.shapes_us = {}
    work.shapes_us[shape] = work.shapes_us.get(shape, 0) + duration_us


def keep_repeated(work: RequestContext) -> None:
    """At the end of a request: record its repeated statements, with the true count and the time of all runs."""
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
    """The call site in our code, "core/bookings/queries.py requests_awaiting_answer"; "" if none is near."""
    for _ in range(MAX_FRAMES):
        if frame is None:
            break
        code = frame.f_code
        module = fingerprints.own_module(code.co_filename)
        if module and module not in ("core.platform.db", __name__):
            return f"{module.replace('.', '/')}.py {code.co_qualname}"
        frame = frame.f_back
    return ""
