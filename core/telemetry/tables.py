"""
Tables of the telemetry store: facts (append-only logs), error groups, totals, and the archive's manifest.

Facts are hot rows: appended, never changed, read by id, deleted once they are in the archive. Their columns are the
fields of core/telemetry/log_rows.py. They have no second index, for an index would cost each flush more than its rows. An id
is never reused. A fact names routes, tasks and pages by template, people by pseudonym, and no value that somebody typed.

Columns are only ever added (`Store.prepare` does that), so that an old file stays readable.
"""

from typing import Any, get_type_hints

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.telemetry.log_rows import ROWS

VERSION = 1  # of the schema; a store with a higher one is refused

metadata = MetaData()
Whole = BigInteger().with_variant(Integer(), "sqlite")


def _id() -> Column[int]:
    return Column("id", Whole, primary_key=True, autoincrement=True)


def _whole(name: str, default: int = 0) -> Column[int]:
    return Column(name, Whole, nullable=False, server_default=str(default))


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _fact(name: str, *more: Column[Any]) -> Table:
    """A table of facts: its id, the fields of its rows, and what the writer adds."""
    row = ROWS[name]
    kinds = get_type_hints(row)
    fields = (_field(field, kinds[field], row._field_defaults.get(field)) for field in row._fields)
    return Table(name, metadata, _id(), *fields, _text("service"), *more, sqlite_autoincrement=True)


def _field(name: str, kind: type, default: Any) -> Column[Any]:
    if kind is str:
        return _text(name)
    if kind is float:
        return Column(name, Float, nullable=False, server_default=f"{default or 0:g}")
    return _whole(name, default or 0)


request_log = _fact(
    "request_log",
    _text("release"),
    _whole("weight", 1),  # how many this row stands for
)
statement_log = _fact("statement_log")
event_log = _fact("event_log")
metric_log = _fact("metric_log")

FACTS = {table.name: table for table in (request_log, statement_log, event_log, metric_log)}

error_group = Table(
    "error_group",
    metadata,
    _id(),
    Column("fingerprint", String(64), nullable=False, unique=True),  # the upsert's conflict target
    _whole("fingerprint_version", 1),
    _text("title"),  # "ZeroDivisionError: division by zero"
    _text("culprit"),  # the innermost function of ours, or the logger
    _text("level"),  # of its latest event: WARNING, ERROR, CRITICAL
    _text("state"),  # open, resolved, ignored, regressed
    _whole("count"),  # of all events ever
    _whole("people"),  # distinct pseudonyms ever
    _whole("first_seen_us"),
    _whole("last_seen_us"),
    _text("first_release"),
    _text("last_release"),
    _whole("resolved_at_us"),  # 0: it is not resolved
    _whole("resolved_by"),  # the account
    _text("resolved_in"),  # the release
    _whole("ignored_until_us"),  # this and the two below: what ends the ignoring; 0: does not
    _whole("ignored_until_count"),
    _whole("ignored_until_people"),
)

error_event = Table(  # events with details: the first 20 and the newest 50 of a group
    "error_event",
    metadata,
    _id(),
    Column("event_id", String(32), nullable=False, unique=True),  # a flush that is repeated inserts none twice
    Column("group_id", Whole, nullable=False, index=True),  # for the page of a group, and for its trimming
    _whole("at_us"),
    _text("level"),
    _text("service"),
    _text("message"),
    _text("route"),
    _text("request_id"),
    _text("who"),
    _text("release"),
    _text("body"),  # JSON: exceptions, frames, names and types of locals, source lines, trail
)

error_person = Table(  # distinct people of a group
    "error_person",
    metadata,
    _whole("group_id"),
    _text("who"),
    PrimaryKeyConstraint("group_id", "who"),
)

error_hour = Table(  # how often it happened, by the hour; kept for good
    "error_hour",
    metadata,
    _whole("group_id"),
    _whole("hour_us"),
    _whole("count"),
    PrimaryKeyConstraint("group_id", "hour_us"),
)

error_moment = Table(  # when it happened, exactly; a storm by seconds. Kept for a month, then hours alone are left
    "error_moment",
    metadata,
    _whole("group_id"),
    _whole("at_us"),
    _whole("count"),
    PrimaryKeyConstraint("group_id", "at_us"),
)

error_change = Table(  # history of a group's state, append-only
    "error_change",
    metadata,
    _id(),
    _whole("group_id"),
    _whole("at_us"),
    _text("state"),
    _whole("by"),  # the account; 0: an event did it
    _text("release"),
)

TOTAL_BUCKETS = 15  # OpenTelemetry's fourteen bounds, and one for what took longer

metric_total = Table(  # cumulative counters for Prometheus (core/telemetry/prometheus_totals.py)
    "metric_total",
    metadata,
    *(
        Column(name, Text, nullable=False, server_default="")
        for name in ("family", "service", "first", "second", "third")
    ),
    _whole("count"),
    _whole("sum_us"),
    *(_whole(f"bucket_{number}") for number in range(TOTAL_BUCKETS)),
    PrimaryKeyConstraint("family", "service", "first", "second", "third"),
)

written_batch = Table(  # idempotency keys of flushes, so that one whose commit was not answered is not counted twice
    "written_batch",
    metadata,
    Column("batch", String(32), primary_key=True),
    _whole("at_us"),
)

process_run = Table(  # heartbeats (core/telemetry/processes.py)
    "process_run",
    metadata,
    Column("id", String(32), primary_key=True),
    _text("service"),
    _text("release"),
    _text("host"),
    _whole("pid"),
    _whole("began_us"),
    _whole("seen_us"),  # of its latest flush
    _whole("ended_us"),  # 0 while it runs, as far as anybody knows
    _text("tasks"),  # JSON: those that ran at its latest flush
)

release_mark = Table(  # releases in the order they were first seen
    "release_mark",
    metadata,
    Column("release", String(80), primary_key=True),
    _whole("first_us"),  # releases are ordered by this
)

archive_mark = Table(  # watermarks
    "archive_mark",
    metadata,
    Column("stream", String(40), primary_key=True),
    _whole("upto_id"),  # every row up to here lies in the archive
)

archive_file = Table(  # the manifest: files of the archive
    "archive_file",
    metadata,
    _id(),
    _text("stream"),  # a table of facts, or a tile
    _whole("day"),  # days since 1970 (UTC) of its rows
    _text("path"),  # below the archive's folder
    _whole("rows"),
    _whole("size_bytes"),
    _whole("first_us"),
    _whole("last_us"),
    _whole("added_at_us"),
    _whole("replaced_at_us"),  # 0 while readers use it
    UniqueConstraint("path"),  # two archives at once cannot enter one file twice
)

archive_run = Table(  # history of the archive's passes
    "archive_run",
    metadata,
    _id(),
    _text("stream"),
    _whole("upto_id"),
    _whole("at_us"),
    _whole("rows"),  # that it moved
)
