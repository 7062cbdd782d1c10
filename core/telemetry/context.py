"""
The work at hand: one request, one run of a console page, one task. What happens during it is noted here, cheaply.

It travels by a context variable, so that a statement on a thread, a log line and a mail know the request they belong to.
"""

import random
import time
from collections import deque
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from core.telemetry.rows import RequestRow

UNMATCHED = "_unmatched"
OTHER = "_other"
MAX_CRUMBS = 50
MAX_SHAPES = 200


class Work:
    """
    request_id: the one name of all that it causes. began_us: since 1970.
    who: a keyed hash of the staff session. cache: hit or miss. error_id: of the last error inside it.
    coach_id: of the one coach whose page it shows.
    shapes: of its statements, how often each ran, and shapes_us how long in all. repeated: where the place in our code is
    that asks for one again and again.
    trail: what happened, as (microseconds since it began, kind, text); made with the first of them.
    """

    began_us = 0
    who = ""
    cache = ""
    error_id = ""
    coach_id = 0
    db_us = 0
    db_count = 0
    shapes: dict[str, int] | None = None
    shapes_us: dict[str, int] | None = None
    repeated: dict[str, str] | None = None
    trail: deque[tuple[int, str, str]] | None = None
    name = UNMATCHED
    scope: MutableMapping[str, Any] | None = None
    labels: Mapping[int, str] | None = None

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.began_ns = time.perf_counter_ns()

    @property
    def route(self) -> str:
        """The full template of the address, or the name of page or task."""
        if self.labels is None or self.scope is None:
            return self.name
        return label_of(self.labels, self.scope)

    @property
    def same_max(self) -> int:
        """How often the most frequent statement ran."""
        return max(self.shapes.values()) if self.shapes else 0

    @property
    def elapsed_us(self) -> int:
        """Since it began, by a clock that nobody sets."""
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
        """As it is recorded, once it has ended."""
        return RequestRow(
            self.began_us, kind, method, self.route, status, outcome, duration_us, wait_us, ttfb_us, self.db_us,
            self.db_count, self.same_max, self.cache, self.who, self.request_id, self.error_id, category,
        )  # fmt: skip

    def crumb(self, kind: str, text: str) -> None:
        """Note a step; the oldest are forgotten."""
        if self.trail is None:
            self.trail = deque(maxlen=MAX_CRUMBS)
        self.trail.append((self.elapsed_us, kind, text))


current: ContextVar[Work | None] = ContextVar("work", default=None)
unwatched: ContextVar[bool] = ContextVar("unwatched", default=False)


def label_of(labels: Mapping[int, str], scope: MutableMapping[str, Any]) -> str:
    """The route's template from the application's table, by the route's identity; no address makes a new label."""
    route = scope.get("route")
    return UNMATCHED if route is None else labels.get(id(route), OTHER)


def request_id() -> str | None:
    """The request that causes what happens now, if one does."""
    work = current.get()
    return work.request_id if work is not None else None


def new_request_id(at_us: int) -> str:
    """
    "0656a3f1c2d9e4b7": the microsecond it begins and twelve bits of chance. Ids sort by time, and the archive keeps only
    the chance (analytics/request_ids.py), for a row has its time already.
    """
    return f"{at_us:013x}{random.getrandbits(12):03x}"


@contextmanager
def not_watched() -> Iterator[None]:
    """The monitor never records itself."""
    token = unwatched.set(True)
    try:
        yield
    finally:
        unwatched.reset(token)
