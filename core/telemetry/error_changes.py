"""Errors that were never met before, and those that came back: for whoever must hear of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from core.platform.clock import microseconds
from core.telemetry.browsers import FROM_BROWSERS
from core.telemetry.error_groups import BY_ITSELF, OPEN, REGRESSED
from core.telemetry.errors import UNSOLVED
from core.telemetry.store import Store
from core.telemetry.tables import error_change, error_group

LOUD = ("ERROR", "CRITICAL")
MAX_FOUND, MAX_TITLE = 20, 120


@dataclass(frozen=True)
class Met:
    """A group of errors. release: in which it happened."""

    id: int
    title: str
    culprit: str
    release: str


def first_met(store: Store, *, since: datetime) -> list[Met]:
    """Groups whose first change was since then, and that nobody has resolved or ignored meanwhile."""
    return _changed(store, since, lambda change, first: change == first)


def come_back(store: Store, *, since: datetime) -> list[Met]:
    """Groups that were resolved or ignored, and came back by themselves since then."""
    return _changed(store, since, lambda change, first: change != first)


def _changed(store: Store, since: datetime, is_wanted: Callable[[int, int], bool]) -> list[Met]:
    """Not warnings, nor what browsers say: anybody can make up a new error there."""
    earlier = error_change.alias("earlier")
    first = select(func.min(earlier.c.id)).where(earlier.c.group_id == error_group.c.id).scalar_subquery()
    query = (
        select(error_group, error_change.c.id.label("change"), first.label("first"), error_change.c.release)
        .join(error_change, error_change.c.group_id == error_group.c.id)
        .where(
            error_change.c.at_us >= microseconds(since),
            error_change.c.by == BY_ITSELF,
            error_change.c.state.in_((OPEN, REGRESSED)),
            error_group.c.state.in_(UNSOLVED),
            error_group.c.level.in_(LOUD),
            error_group.c.culprit.not_like(f"{FROM_BROWSERS}%"),
        )
        .order_by(error_change.c.id.desc())
    )
    with store.read() as connection:
        rows = [row for row in connection.execute(query) if is_wanted(row.change, row.first)]
    found = {row.id: Met(row.id, row.title[:MAX_TITLE], row.culprit, row.release) for row in rows}
    return list(found.values())[:MAX_FOUND]
