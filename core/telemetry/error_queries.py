"""
Queries on error groups for the console, and an admin's commands on one: resolve, ignore for a while, reopen.

open → resolved (by whom, in which release) → regressed, when it happens again; open → ignored until a time, a count or
people are reached, never for ever. Each change is a row that says who.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Connection, func, or_, select, update

from core.errors import Invalid, NotFound
from core.platform.actor import Actor
from core.platform.clock import instant, microseconds
from core.platform.text_cleaning import one_line
from core.telemetry.error_groups import HOUR_US, IGNORED, MOMENTS_FROM, OPEN, REGRESSED, RESOLVED, change_state
from core.telemetry.release import release as this_release
from core.telemetry.store import Store
from core.telemetry.tables import archive_mark, error_change, error_event, error_group, error_hour, error_moment

STATES = (OPEN, REGRESSED, IGNORED, RESOLVED)
UNSOLVED = (OPEN, REGRESSED)
GRAINS = (  # (longest range, step of its chart in us): no longer than a step of a chart of that length (analytics/time_window.py), and few
    (timedelta(hours=1), 15_000_000),
    (timedelta(hours=25), 60_000_000),
    (timedelta.max, HOUR_US),
)


@dataclass(frozen=True)
class ErrorGroup:
    """Errors with one fingerprint."""

    id: int
    title: str
    culprit: str  # the innermost function of ours, or the logger
    level: str  # of its latest event: WARNING, ERROR, CRITICAL
    state: str
    count: int  # of all time, exact
    count_in_range: int  # of the range asked for; where that begins before `counted_from`, of its whole hours
    people: int  # distinct pseudonyms of all time
    first_seen_at: datetime
    last_seen_at: datetime
    first_release: str
    last_release: str
    resolved_at: datetime | None
    resolved_by: int | None  # the account
    resolved_in: str | None  # the release with the fix
    ignored_until_at: datetime | None  # what ends the ignoring, whichever comes first; None where not asked for
    ignored_until_count: int | None
    ignored_until_people: int | None


@dataclass(frozen=True)
class ErrorEvent:
    """One event of a group, with its details."""

    event_id: str
    group_id: int
    at: datetime
    level: str
    service: str
    message: str
    route: str
    request_id: str
    release: str
    body: dict[str, Any]  # exceptions with frames, fields of the log line, breadcrumbs


@dataclass(frozen=True)
class Change:
    """One entry of a group's history: a change of its state."""

    at: datetime
    state: str
    by: int | None  # the account; None when an event did it
    release: str


def list_groups(
    store: Store,
    *,
    start: datetime,
    end: datetime,
    states: Sequence[str] = (),
    level: str | None = None,
    search: str = "",
    limit: int = 100,
) -> list[ErrorGroup]:
    """The groups that happened in [start, end), last seen first. search: in title or culprit."""
    wanted: list[ColumnElement[bool]] = [
        error_group.c.last_seen_us >= microseconds(start),
        error_group.c.first_seen_us < microseconds(end),
    ]
    if states:
        wanted.append(error_group.c.state.in_(states))
    if level:
        wanted.append(error_group.c.level == level)
    if sought := one_line(search):
        found = (
            error_group.c.title.icontains(sought, autoescape=True),
            error_group.c.culprit.icontains(sought, autoescape=True),
        )
        wanted.append(or_(*found))
    with store.read() as connection:
        at, within = _times(connection, start, end)
        counted = select(func.coalesce(func.sum(at.table.c.count), 0))
        in_range = counted.where(at.table.c.group_id == error_group.c.id, *within).scalar_subquery()
        query = select(*error_group.c, in_range.label("in_range")).where(*wanted)
        rows = connection.execute(query.order_by(error_group.c.last_seen_us.desc()).limit(limit)).all()
    return [_group(row, int(row.in_range)) for row in rows if row.in_range]


def get_group(store: Store, group_id: int) -> ErrorGroup:
    """One error group, whole. Raises NotFound."""
    with store.read() as connection:
        row = _get(connection, group_id)
    return _group(row, row.count)


def trend(store: Store, group_id: int | None, *, start: datetime, end: datetime) -> list[tuple[datetime, int]]:
    """Histogram of errors over [start, end), oldest first, in steps of GRAINS; group_id None: all groups together."""
    grain_us = next(grain for longest, grain in GRAINS if end - start <= longest)
    with store.read() as connection:
        at, within = _times(connection, start, end)
        part = (at - at % grain_us).label("part_us")
        query = select(part, func.sum(at.table.c.count)).where(*within)
        if group_id is not None:
            query = query.where(at.table.c.group_id == group_id)
        rows = connection.execute(query.group_by(part).order_by(part)).all()
    return [(instant(part_us), int(count)) for part_us, count in rows]


def counted_from(store: Store) -> datetime | None:
    """From when on counts are exact to the moment; what begins earlier is counted by whole hours. None: nothing written yet."""
    with store.read() as connection:
        from_us = _moments_from(connection)
    return instant(from_us) if from_us is not None else None


def latest_critical(store: Store, *, since: datetime, limit: int = 3) -> list[ErrorGroup]:
    """Unsolved CRITICAL groups that happened since then, latest first; count_in_range is 0."""
    query = select(error_group).where(
        error_group.c.level == "CRITICAL",
        error_group.c.state.in_(UNSOLVED),
        error_group.c.last_seen_us >= microseconds(since),
    )
    with store.read() as connection:
        rows = connection.execute(query.order_by(error_group.c.last_seen_us.desc()).limit(limit)).all()
    return [_group(row, 0) for row in rows]


def list_events(store: Store, group_id: int, *, limit: int = 50) -> list[ErrorEvent]:
    """The stored events of a group, newest first."""
    query = select(error_event).where(error_event.c.group_id == group_id)
    return _events(store, query.order_by(error_event.c.id.desc()).limit(limit))


def list_events_of_request(store: Store, request_id: str) -> list[ErrorEvent]:
    """Error events of one request, oldest first."""
    return _events(store, select(error_event).where(error_event.c.request_id == request_id).order_by(error_event.c.id))


def list_changes(store: Store, group_id: int) -> list[Change]:
    """History of a group's state, oldest first."""
    query = select(error_change).where(error_change.c.group_id == group_id).order_by(error_change.c.id)
    with store.read() as connection:
        rows = connection.execute(query).all()
    return [Change(instant(row.at_us), row.state, row.by or None, row.release) for row in rows]


def resolve(store: Store, group_id: int, *, by: Actor, now: datetime, release: str | None = None) -> ErrorGroup:
    """Mark a group as fixed in this release; idempotent. Raises NotFound."""
    release = release or this_release()
    values = {"resolved_at_us": microseconds(now), "resolved_by": by.staff_id, "resolved_in": release}
    return _change(store, group_id, RESOLVED, values, by=by, now=now, release=release)


def ignore(
    store: Store,
    group_id: int,
    *,
    by: Actor,
    now: datetime,
    until: datetime | None = None,
    more: int | None = None,
    more_people: int | None = None,
) -> ErrorGroup:
    """
    Ignore a group until a time, so many more events, or so many more people, whichever comes first.

    Raises:
        Invalid: none of the three is given, or one has passed already.
        NotFound: it has been removed.
    """
    if until is None and not more and not more_people:
        raise Invalid({"until": "Please say until when, or after how many more times or people, it should come back."})
    if until is not None and until <= now:
        raise Invalid({"until": "That time has passed already."})
    with store.read() as connection:
        row = _get(connection, group_id)
    values = {
        "ignored_until_us": microseconds(until) if until is not None else 0,
        "ignored_until_count": row.count + more if more else 0,
        "ignored_until_people": row.people + more_people if more_people else 0,
    }
    return _change(store, group_id, IGNORED, values, by=by, now=now, again=True)


def reopen(store: Store, group_id: int, *, by: Actor, now: datetime) -> ErrorGroup:
    """Reopen a resolved or ignored group. Raises NotFound."""
    values = {"resolved_at_us": 0, "resolved_by": 0, "resolved_in": ""}
    return _change(store, group_id, OPEN, values, by=by, now=now)


def _change(
    store: Store,
    group_id: int,
    state: str,
    values: dict[str, Any],
    *,
    by: Actor,
    now: datetime,
    release: str | None = None,
    again: bool = False,
) -> ErrorGroup:
    """Set state and values under the lock of the group's row, so that a concurrent event sees one state or the other."""
    if state != IGNORED:
        values |= {"ignored_until_us": 0, "ignored_until_count": 0, "ignored_until_people": 0}
    with store.write() as connection:
        row = _get(connection, group_id, lock=True)
        if row.state != state or again:
            connection.execute(update(error_group).where(error_group.c.id == group_id).values(**values))
            change_state(
                connection, group_id, state, at_us=microseconds(now), by=by.staff_id, release=release or this_release()
            )
    return get_group(store, group_id)


def _get(connection: Connection, group_id: int, *, lock: bool = False) -> Any:
    query = select(error_group).where(error_group.c.id == group_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("There is no such group of errors. It may have been removed with the old ones.")
    return row


def _times(
    connection: Connection, start: datetime, end: datetime
) -> tuple[Column[int], tuple[ColumnElement[bool], ColumnElement[bool]]]:
    """The column to count [start, end) by, and its limits: moments, or the hours that touch it where moments are gone."""
    from_us, start_us = _moments_from(connection), microseconds(start)
    if from_us is not None and start_us >= from_us:
        return error_moment.c.at_us, (error_moment.c.at_us >= start_us, error_moment.c.at_us < microseconds(end))
    first_us = start_us // HOUR_US * HOUR_US
    return error_hour.c.hour_us, (error_hour.c.hour_us >= first_us, error_hour.c.hour_us < microseconds(end))


def _moments_from(connection: Connection) -> int | None:
    return connection.scalar(select(archive_mark.c.upto_id).where(archive_mark.c.stream == MOMENTS_FROM))


def _events(store: Store, query: Any) -> list[ErrorEvent]:
    with store.read() as connection:
        rows = connection.execute(query).all()
    return [
        ErrorEvent(
            event_id=row.event_id,
            group_id=row.group_id,
            at=instant(row.at_us),
            level=row.level,
            service=row.service,
            message=row.message,
            route=row.route,
            request_id=row.request_id,
            release=row.release,
            body=orjson.loads(row.body) if row.body else {},
        )
        for row in rows
    ]


def _group(row: Any, in_range: int) -> ErrorGroup:
    return ErrorGroup(
        id=row.id,
        title=row.title,
        culprit=row.culprit,
        level=row.level,
        state=row.state,
        count=row.count,
        count_in_range=in_range,
        people=row.people,
        first_seen_at=instant(row.first_seen_us),
        last_seen_at=instant(row.last_seen_us),
        first_release=row.first_release,
        last_release=row.last_release,
        resolved_at=instant(row.resolved_at_us) if row.resolved_at_us else None,
        resolved_by=row.resolved_by or None,
        resolved_in=row.resolved_in or None,
        ignored_until_at=instant(row.ignored_until_us) if row.ignored_until_us else None,
        ignored_until_count=row.ignored_until_count or None,
        ignored_until_people=row.ignored_until_people or None,
    )
