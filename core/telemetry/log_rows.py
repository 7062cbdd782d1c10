"""
Rows that a process records: a `NamedTuple` for each table of facts, whose fields are the table's columns.

A field is a column of the store (core/telemetry/tables.py), of the flush that fills it and of the archive, in this order
and of this type: int, float or str; its default is the column's. Fields are only ever added, at the end and with a
default, so that old rows stay readable. What the process is (service, release) is added by the writer.

Stamps are integer microseconds since 1970 (UTC). Units are in the names: `_us` microseconds, `_bytes` bytes.
"""

from typing import NamedTuple


class RequestRow(NamedTuple):
    """One request, run of a console page, or task: request_log. Made by `RequestContext.row`."""

    at_us: int  # when it began
    kind: str  # http, script (a run of a console page), task
    method: str  # of http: GET, …, _OTHER
    route: str  # "/bookings/{handle}", the page's name, the task's name
    status: int  # of http; of a task: which attempt this was
    outcome: str  # ok, error, client_gone, interrupted, retried, expired, lost (its process was killed)
    duration_us: int  # until the last byte, or the end of the run
    wait_us: int = 0  # of a task: from the instant it was due until it began
    ttfb_us: int = 0  # of http: until the first byte
    db_us: int = 0  # in statements, all together
    db_count: int = 0  # of statements
    db_same_max: int = 0  # how often its most frequent statement ran
    cache: str = ""  # hit, miss, or nothing where there is no cache
    who: str = ""  # pseudonym of the staff session, where there is one
    request_id: str = ""  # correlation id; a task has its cause's
    error_id: str = ""  # error_event.event_id
    category: str = ""  # on whose behalf (traffic_categories.py); empty in rows from before it was recorded


class StatementRow(NamedTuple):
    """One slow or repeated statement: statement_log."""

    at_us: int  # when it ended; of repeated, when the request ended
    kind: str  # slow, repeated
    shape: str  # the statement without any value
    place: str  # "core/bookings/queries.py requests_awaiting_answer"
    rows: int = 0  # of slow: as the driver counts them
    count: int = 1  # type: ignore[assignment]  # of repeated: how often in this request; hides tuple.count
    duration_us: int = 0  # of repeated: of all its runs
    route: str = ""
    request_id: str = ""


class EventRow(NamedTuple):
    """One event: event_log."""

    at_us: int
    kind: str  # mail, image, business, deploy, vital, cache, lost, nudge, process
    name: str  # SENT, requested, LCP, …
    value: float = 0.0  # in the unit of its name
    coach_id: int = 0
    subject_id: int = 0  # of the outbox message, booking or image
    route: str = ""
    request_id: str = ""
    detail: str = ""  # in words, never a person's


class MetricRow(NamedTuple):
    """One sample of a process's metric: metric_log."""

    at_us: int
    process: int  # pid
    name: str  # process.memory_bytes, disk.used_share, outbox.oldest_due_s, …
    value: float = 0.0


Row = RequestRow | StatementRow | EventRow | MetricRow
ROWS: dict[str, type[Row]] = {
    "request_log": RequestRow,
    "statement_log": StatementRow,
    "event_log": EventRow,
    "metric_log": MetricRow,
}
