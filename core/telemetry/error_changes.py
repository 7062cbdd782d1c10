"""New error groups and regressions since an instant, for the alert rules about them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from core.platform.clock import microseconds
from core.telemetry.browser_errors import FROM_BROWSERS
from core.telemetry.error_groups import BY_ITSELF, OPEN, REGRESSED
from core.telemetry.error_queries import UNSOLVED
from core.telemetry.store import Store
from core.telemetry.tables import error_change, error_group

ALERTING_LEVELS = ("ERROR", "CRITICAL")  # levels that alert; warnings are read in the console
MAX_FOUND, MAX_TITLE = 20, 120  # one notification each, its subject on one line


@dataclass(frozen=True)
class ChangedGroup:
    """A new or regressed error group."""

    id: int
    title: str
    culprit: str
    release: str  # in which it happened


def new_groups(store: Store, *, since: datetime) -> list[ChangedGroup]:
    """New groups: first seen since then, and not resolved or ignored meanwhile; newest first, at most MAX_FOUND."""
    return _changed(store, since, lambda change, first: change == first)


def regressions(store: Store, *, since: datetime) -> list[ChangedGroup]:
    """Regressions: groups that were resolved or ignored and happened again since then; newest first, at most MAX_FOUND."""
    return _changed(store, since, lambda change, first: change != first)


def _changed(store: Store, since: datetime, is_wanted: Callable[[int, int], bool]) -> list[ChangedGroup]:
    """Groups that events opened or reopened; without warnings and browsers' reports, where anybody can make up a new error."""
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
            error_group.c.level.in_(ALERTING_LEVELS),
            error_group.c.culprit.not_like(f"{FROM_BROWSERS}%"),
        )
        .order_by(error_change.c.id.desc())
    )
    with store.read() as connection:
        rows = [row for row in connection.execute(query) if is_wanted(row.change, row.first)]
    found = {row.id: ChangedGroup(row.id, row.title[:MAX_TITLE], row.culprit, row.release) for row in rows}
    return list(found.values())[:MAX_FOUND]
