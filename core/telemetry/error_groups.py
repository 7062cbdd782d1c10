"""
Errors by group, as the writer adds them: one row a mistake, whoever of eight processes meets it first.

The count is exact, for the database adds; so are the hours and the people. In the same transaction, and under the lock
of the group's row, a group comes back: a resolved one when the error happened after it was resolved, in a release that
is no older; an ignored one when its time, count or people are reached. Late and old news wake nobody.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Row, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.telemetry import fingerprints
from core.telemetry.captured import Caught
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

FIRST_KEPT, MAX_NEWEST = 20, 50
MAX_PEOPLE = 1000
HOUR_US, SECOND_US = 3_600_000_000, 1_000_000
MAX_MOMENTS = 200  # of a group in one flush; what comes after them is counted by seconds
MOMENTS_FROM = "error_moment"  # archive_mark: the instant from which every moment is kept
OPEN, RESOLVED, IGNORED, REGRESSED = "open", "resolved", "ignored", "regressed"
BY_ITSELF = 0


class Pending:
    """Errors of one group that are not written yet: how many, when, whom; the first stories and the newest."""

    def __init__(self, one: Caught) -> None:
        self.first = one
        self.last = one
        self.count = 0
        self.first_us, self.last_us = one.at_us, one.at_us
        self.hours: Counter[int] = Counter()
        self.moments: Counter[int] = Counter()
        self.people: set[str] = set()
        self.oldest: list[Caught] = []
        self.newest: deque[Caught] = deque(maxlen=MAX_NEWEST)

    def add(self, one: Caught) -> None:
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

    def merged(self, later: "Pending | None") -> "Pending":
        """This one, which could not be written, with what has come since."""
        if later is not None:
            self.count += later.count
            self.last = later.last
            self.first_us, self.last_us = min(self.first_us, later.first_us), max(self.last_us, later.last_us)
            self.hours.update(later.hours)
            self.moments.update(later.moments)
            self.people |= set(list(later.people)[: MAX_PEOPLE - len(self.people)])
            for one in later.stories:
                (self.oldest if len(self.oldest) < FIRST_KEPT else self.newest).append(one)
        return self

    @property
    def stories(self) -> list[Caught]:
        return [*self.oldest, *self.newest]


def write(connection: Connection, pending: Iterable[Pending], *, service: str, release: str) -> None:
    """Add these to their groups. In one order everywhere, so that two writers never wait for each other's rows."""
    pending = sorted(pending, key=lambda one: one.first.fingerprint)
    mark_release(connection, release, at_us=min(one.first_us for one in pending))
    for one in pending:
        group = _add_to_group(connection, one, release)
        _add_counts(connection, error_hour.c.hour_us, group.id, one.hours)
        _add_counts(connection, error_moment.c.at_us, group.id, one.moments)
        people = group.people + _add_people(connection, group.id, one)
        _come_back(connection, group, one, people=people, release=release)
        _add_stories(connection, group.id, one, service=service, release=release)


def mark_release(connection: Connection, release: str, *, at_us: int) -> None:
    """When this release was first seen: that is how releases are ordered."""
    statement = _insert(connection, release_mark).values(release=release, first_us=at_us)
    connection.execute(statement.on_conflict_do_nothing())


def is_older(connection: Connection, release: str, than: str) -> bool:
    """Whether this release was seen first before the other one. Of one that is unknown we cannot say so."""
    if release == than:
        return False
    rows = connection.execute(
        select(release_mark.c.release, release_mark.c.first_us).where(release_mark.c.release.in_((release, than)))
    )
    seen = {row.release: row.first_us for row in rows}
    return len(seen) == 2 and seen[release] < seen[than]


def change_state(connection: Connection, group_id: int, state: str, *, at_us: int, by: int, release: str) -> None:
    """One row for each change of a group's state, never altered. by: the account; 0 for an event."""
    connection.execute(update(error_group).where(error_group.c.id == group_id).values(state=state))
    connection.execute(
        error_change.insert().values(group_id=group_id, at_us=at_us, state=state, by=by, release=release)
    )


def _add_to_group(connection: Connection, one: Pending, release: str) -> Row[Any]:
    """The group's row as it is now, locked until we commit."""
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
    """From when on each moment is noted: in a store from before there were any, from now on. Once."""
    latest = connection.scalar(select(func.max(error_group.c.last_seen_us)))
    statement = _insert(connection, archive_mark).values(
        stream=MOMENTS_FROM, upto_id=latest + 1 if latest is not None else 0
    )
    connection.execute(statement.on_conflict_do_nothing())


def _add_people(connection: Connection, group_id: int, one: Pending) -> int:
    """How many of them are new to this group."""
    if not one.people:
        return 0
    statement = _insert(connection, error_person).values([{"group_id": group_id, "who": who} for who in one.people])
    new = len(connection.execute(statement.on_conflict_do_nothing().returning(error_person.c.who)).all())
    if new:
        connection.execute(
            update(error_group).where(error_group.c.id == group_id).values(people=error_group.c.people + new)
        )
    return new


def _come_back(connection: Connection, group: Row[Any], one: Pending, *, people: int, release: str) -> None:
    state = None
    if group.state == "":
        state = OPEN
    elif group.state == RESOLVED:
        late = one.last_us <= group.resolved_at_us
        if not late and not is_older(connection, release, group.resolved_in):
            state = REGRESSED
    elif group.state == IGNORED and _patience_is_over(group, one, people):
        state = OPEN
    if state is not None:
        change_state(connection, group.id, state, at_us=one.last_us, by=BY_ITSELF, release=release)


def _patience_is_over(group: Row[Any], one: Pending, people: int) -> bool:
    return bool(
        (group.ignored_until_us and one.last_us >= group.ignored_until_us)
        or (group.ignored_until_count and group.count >= group.ignored_until_count)
        or (group.ignored_until_people and people >= group.ignored_until_people)
    )


def _add_stories(connection: Connection, group_id: int, one: Pending, *, service: str, release: str) -> None:
    """The first twenty and the newest fifty are kept."""
    stories = one.stories
    if not stories:
        return
    statement = _insert(connection, error_event).values(
        [
            {
                "event_id": story.event_id,
                "group_id": group_id,
                "at_us": story.at_us,
                "level": story.level,
                "service": service,
                "message": story.message,
                "route": story.route,
                "request_id": story.request_id,
                "who": story.who,
                "release": release,
                "body": story.body(),
            }
            for story in stories
        ]
    )
    connection.execute(statement.on_conflict_do_nothing())
    ids = connection.scalars(
        select(error_event.c.id).where(error_event.c.group_id == group_id).order_by(error_event.c.id)
    ).all()
    if middle := ids[FIRST_KEPT:-MAX_NEWEST]:
        connection.execute(delete(error_event).where(error_event.c.id.in_(middle)))


def _insert(connection: Connection, table: Any) -> Any:
    """An INSERT that knows ON CONFLICT, which each of the two dialects spells for itself."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
