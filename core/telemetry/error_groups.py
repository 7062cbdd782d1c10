"""
Upsert of error groups: one row a fingerprint, whichever of many processes meets it first.

Counts are exact, for the database adds; so are hours and people. In the same transaction, under the lock of the group's
row, a group is reopened: a resolved one when the error happened after it was resolved, in a release that is no older (a
regression); an ignored one when its time, count or people are reached. Events from before, and of older releases, reopen
nothing.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Row, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.telemetry import fingerprints
from core.telemetry.error_capture import CapturedError
from core.telemetry.tables import (
    archive_mark,
    error_change,
    error_event,
    error_group,
    error_hour,
    error_moment,
    error_person,
    release_mark,
)

FIRST_KEPT, MAX_NEWEST = 20, 50  # events with details a group: how it began, and how it is now
MAX_PEOPLE = 1000  # distinct pseudonyms of a group in one flush
HOUR_US, SECOND_US = 3_600_000_000, 1_000_000
MAX_MOMENTS = 200  # of a group in one flush; what comes after them is counted by seconds
MOMENTS_FROM = "error_moment"  # archive_mark: the instant from which every moment is kept
OPEN, RESOLVED, IGNORED, REGRESSED = "open", "resolved", "ignored", "regressed"  # states of a group
BY_ITSELF = 0  # error_change.by of a change that an event made


class PendingGroup:
    """Aggregate of one group's errors that are not written yet: counts, hours, people; the first and the newest events."""

    def __init__(self, one: CapturedError) -> None:
        self.first = one
        self.last = one
        self.count = 0
        self.first_us, self.last_us = one.at_us, one.at_us
        self.hours: Counter[int] = Counter()
        self.moments: Counter[int] = Counter()
        self.people: set[str] = set()
        self.oldest: list[CapturedError] = []
        self.newest: deque[CapturedError] = deque(maxlen=MAX_NEWEST)

    def add(self, one: CapturedError) -> None:
        self.count += 1
        self.last = one
        self.first_us, self.last_us = min(self.first_us, one.at_us), max(self.last_us, one.at_us)
        self.hours[one.at_us // HOUR_US * HOUR_US] += 1
        is_storm = len(self.moments) >= MAX_MOMENTS
        self.moments[one.at_us // SECOND_US * SECOND_US if is_storm else one.at_us] += 1
        if one.who and len(self.people) < MAX_PEOPLE:
            self.people.add(one.who)
        if one.exceptions is not None:
            (self.oldest if len(self.oldest) < FIRST_KEPT else self.newest).append(one)

    def merged(self, later: "PendingGroup | None") -> "PendingGroup":
        """This aggregate, whose flush failed, with what has come since."""
        if later is not None:
            self.count += later.count
            self.last = later.last
            self.first_us, self.last_us = min(self.first_us, later.first_us), max(self.last_us, later.last_us)
            self.hours.update(later.hours)
            self.moments.update(later.moments)
            self.people |= set(list(later.people)[: MAX_PEOPLE - len(self.people)])
            for one in later.events:
                (self.oldest if len(self.oldest) < FIRST_KEPT else self.newest).append(one)
        return self

    @property
    def events(self) -> list[CapturedError]:
        return [*self.oldest, *self.newest]


def write(connection: Connection, pending: Iterable[PendingGroup], *, service: str, release: str) -> None:
    """Upsert these groups with counts and events, sorted by fingerprint, so that two writers never deadlock."""
    pending = sorted(pending, key=lambda one: one.first.fingerprint)
    mark_release(connection, release, at_us=min(one.first_us for one in pending))
    for one in pending:
        group = _add_to_group(connection, one, release)
        _add_counts(connection, error_hour.c.hour_us, group.id, one.hours)
        _add_counts(connection, error_moment.c.at_us, group.id, one.moments)
        people = group.people + _add_people(connection, group.id, one)
        _reopen_if_due(connection, group, one, people=people, release=release)
        _add_events(connection, group.id, one, service=service, release=release)


def mark_release(connection: Connection, release: str, *, at_us: int) -> None:
    """Record when this release was first seen, once; releases are ordered by that."""
    statement = _insert(connection, release_mark).values(release=release, first_us=at_us)
    connection.execute(statement.on_conflict_do_nothing())


def is_older(connection: Connection, release: str, than: str) -> bool:
    """Whether this release was first seen before the other one; False where one of them is unknown."""
    if release == than:
        return False
    rows = connection.execute(
        select(release_mark.c.release, release_mark.c.first_us).where(release_mark.c.release.in_((release, than)))
    )
    seen = {row.release: row.first_us for row in rows}
    return len(seen) == 2 and seen[release] < seen[than]


def change_state(connection: Connection, group_id: int, state: str, *, at_us: int, by: int, release: str) -> None:
    """Set a group's state and append the change to its history. by: the account; 0 for an event."""
    connection.execute(update(error_group).where(error_group.c.id == group_id).values(state=state))
    connection.execute(
        error_change.insert().values(group_id=group_id, at_us=at_us, state=state, by=by, release=release)
    )


def _add_to_group(connection: Connection, one: PendingGroup, release: str) -> Row[Any]:
    """Upsert the group. Its row as it is now, locked until the commit."""
    statement = _insert(connection, error_group).values(
        fingerprint=one.first.fingerprint,
        fingerprint_version=fingerprints.VERSION,
        title=one.first.title,
        culprit=one.first.culprit,
        level=one.last.level,
        state="",  # until its first change, a few lines below
        count=one.count,
        first_seen_us=one.first_us,
        last_seen_us=one.last_us,
        first_release=release,
        last_release=release,
    )
    new = statement.excluded
    earlier, later = (func.min, func.max) if connection.dialect.name == "sqlite" else (func.least, func.greatest)
    return connection.execute(
        statement.on_conflict_do_update(
            index_elements=["fingerprint"],
            set_={
                "count": error_group.c.count + new.count,
                "level": new.level,
                "first_seen_us": earlier(error_group.c.first_seen_us, new.first_seen_us),
                "last_seen_us": later(error_group.c.last_seen_us, new.last_seen_us),
                "last_release": new.last_release,
            },
        ).returning(*error_group.c)
    ).one()


def _add_counts(connection: Connection, at: Column[int], group_id: int, counts: Mapping[int, int]) -> None:
    """Add to the counts of one group's instants. at: the column of a table of (group_id, at, count)."""
    statement = _insert(connection, at.table)
    grown = statement.on_conflict_do_update(
        index_elements=["group_id", at.name], set_={"count": at.table.c.count + statement.excluded.count}
    )
    connection.execute(
        grown, [{"group_id": group_id, at.name: at_us, "count": count} for at_us, count in sorted(counts.items())]
    )


def mark_moments(connection: Connection) -> None:
    """Record, once, from which instant on error_moment is complete; in an older store that is now."""
    latest = connection.scalar(select(func.max(error_group.c.last_seen_us)))
    statement = _insert(connection, archive_mark).values(
        stream=MOMENTS_FROM, upto_id=latest + 1 if latest is not None else 0
    )
    connection.execute(statement.on_conflict_do_nothing())


def _add_people(connection: Connection, group_id: int, one: PendingGroup) -> int:
    """Insert the people whom it happened to. How many of them are new to this group."""
    if not one.people:
        return 0
    statement = _insert(connection, error_person).values([{"group_id": group_id, "who": who} for who in one.people])
    new = len(connection.execute(statement.on_conflict_do_nothing().returning(error_person.c.who)).all())
    if new:
        connection.execute(
            update(error_group).where(error_group.c.id == group_id).values(people=error_group.c.people + new)
        )
    return new


def _reopen_if_due(connection: Connection, group: Row[Any], one: PendingGroup, *, people: int, release: str) -> None:
    """Reopen the group where this news calls for it."""
    state = None
    if group.state == "":
        state = OPEN
    elif group.state == RESOLVED:
        # an event from before the resolving, or of a release that lacks the fix, is no regression
        late = one.last_us <= group.resolved_at_us
        if not late and not is_older(connection, release, group.resolved_in):
            state = REGRESSED
    elif group.state == IGNORED and _ignore_has_ended(group, one, people):
        state = OPEN
    if state is not None:
        change_state(connection, group.id, state, at_us=one.last_us, by=BY_ITSELF, release=release)


def _ignore_has_ended(group: Row[Any], one: PendingGroup, people: int) -> bool:
    return bool(
        (group.ignored_until_us and one.last_us >= group.ignored_until_us)
        or (group.ignored_until_count and group.count >= group.ignored_until_count)
        or (group.ignored_until_people and people >= group.ignored_until_people)
    )


def _add_events(connection: Connection, group_id: int, one: PendingGroup, *, service: str, release: str) -> None:
    """Insert the events, then delete all of the group's but the first FIRST_KEPT and the newest MAX_NEWEST."""
    events = one.events
    if not events:
        return
    statement = _insert(connection, error_event).values(
        [
            {
                "event_id": event.event_id,
                "group_id": group_id,
                "at_us": event.at_us,
                "level": event.level,
                "service": service,
                "message": event.message,
                "route": event.route,
                "request_id": event.request_id,
                "who": event.who,
                "release": release,
                "body": event.body(),
            }
            for event in events
        ]
    )
    connection.execute(statement.on_conflict_do_nothing())
    ids = connection.scalars(
        select(error_event.c.id).where(error_event.c.group_id == group_id).order_by(error_event.c.id)
    ).all()
    if middle := ids[FIRST_KEPT:-MAX_NEWEST]:
        connection.execute(delete(error_event).where(error_event.c.id.in_(middle)))


def _insert(connection: Connection, table: Any) -> Any:
    """INSERT of the connection's dialect, which has ON CONFLICT."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
