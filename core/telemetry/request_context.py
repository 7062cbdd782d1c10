"""
Request context in a context variable: one request, one run of a console page, or one task, with its counters and breadcrumbs.

It travels by a context variable, so that a statement on a thread, a log line and a mail know the request they belong to.
"""

import random
import time
from collections import deque
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from core.telemetry.log_rows import RequestRow

UNMATCHED = "_unmatched"  # route of an address that no route matches
OTHER = "_other"  # route that is on no list of ours
MAX_CRUMBS = 50  # the newest; a page has about twenty steps
MAX_SHAPES = 200  # distinct statements that are counted by shape; a page asks about thirty


class RequestContext:
    """Context of one request, page run or task. Its id is the correlation id of all that it causes. Collections are made on first use."""

    began_us = 0  # since 1970
    who = ""  # pseudonym of the staff session
    cache = ""  # hit, miss, or nothing
    error_id = ""  # of the last error inside it
    coach_id = 0  # of the one coach whose page it shows
    db_us = 0  # in statements, all together
    db_count = 0  # of statements
    shapes: dict[str, int] | None = None  # statement shape → how often it ran
    shapes_us: dict[str, int] | None = None  # statement shape → how long in all
    repeated: dict[str, str] | None = None  # shape of a repeated statement → the place in our code that asks it
    trail: deque[tuple[int, str, str]] | None = None  # breadcrumbs: (us since it began, kind, text)
    name = UNMATCHED  # of the page or task, where there is no route
    scope: MutableMapping[str, Any] | None = None  # ASGI's, of an HTTP request
    labels: Mapping[int, str] | None = None  # id of a route → its template

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.began_ns = time.perf_counter_ns()

    @property
    def route(self) -> str:
        """The full route template, or the name of the page or task."""
        if self.labels is None or self.scope is None:
            return self.name
        return label_of(self.labels, self.scope)

    @property
    def same_max(self) -> int:
        """How often the most frequent statement ran."""
        return max(self.shapes.values()) if self.shapes else 0

    @property
    def elapsed_us(self) -> int:
        """Microseconds since it began, by the monotonic clock."""
        return (time.perf_counter_ns() - self.began_ns) // 1000

    def row(
        self,
        kind: str,
        *,
        outcome: str,
        duration_us: int,
        category: str,
        method: str = "",
        status: int = 0,
        wait_us: int = 0,
        ttfb_us: int = 0,
    ) -> RequestRow:
        """The row of request_log, once it has ended."""
        return RequestRow(
            self.began_us, kind, method, self.route, status, outcome, duration_us, wait_us, ttfb_us, self.db_us,
            self.db_count, self.same_max, self.cache, self.who, self.request_id, self.error_id, category,
        )  # fmt: skip

    def crumb(self, kind: str, text: str) -> None:
        """Add a breadcrumb; the oldest are dropped beyond MAX_CRUMBS."""
        if self.trail is None:
            self.trail = deque(maxlen=MAX_CRUMBS)
        self.trail.append((self.elapsed_us, kind, text))


current: ContextVar[RequestContext | None] = ContextVar("work", default=None)
suppressed: ContextVar[bool] = ContextVar("suppressed", default=False)


def label_of(labels: Mapping[int, str], scope: MutableMapping[str, Any]) -> str:
    """The route's template from the application's table, by the route's identity; no address makes a new label."""
    route = scope.get("route")
    return UNMATCHED if route is None else labels.get(id(route), OTHER)


def request_id() -> str | None:
    """Correlation id of the context at hand; None outside of any."""
    work = current.get()
    return work.request_id if work is not None else None


def new_request_id(at_us: int) -> str:
    """
    A time-sortable correlation id, "0656a3f1c2d9e4b7": the microsecond it begins and twelve random bits.

    The archive stores only the random bits (analytics/short_request_ids.py), for a row has its time already.
    """
    return f"{at_us:013x}{random.getrandbits(12):03x}"


@contextmanager
def suppress_recording() -> Iterator[None]:
    """Suppress recording in this block: the monitor never records itself."""
    token = suppressed.set(True)
    try:
        yield
    finally:
        suppressed.reset(token)
