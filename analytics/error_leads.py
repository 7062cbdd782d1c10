"""Lead of an incident, where to look first: the route that fails most, and the error group that most of it is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from analytics.data_sources import Monitor
from analytics.request_store import open_log
from analytics.time_window import Window
from core.alerts.state_machine import Lead
from core.telemetry.store import Store
from core.telemetry.tables import error_event, error_group

MAX_TITLE, MAX_ERRORS = 120, 200  # a subject's line; error ids that are looked up


def lead_of(monitor: Monitor, where: str, named: Mapping[str, Any], *, start_us: int, end_us: int) -> Lead | None:
    """
    The route that fails most, and its most frequent error group; None when nothing failed.

    Args:
        where, named: filter of the requests, as SQL of ours with its parameters.
    """
    with open_log(monitor.store, monitor.folder, start_us=start_us, end_us=end_us) as log:
        rows = log.ask("failing_routes", named, where=where).to_pylist()
    if not rows:
        return None
    worst = rows[0]
    error_id, title = error_among(monitor.store, worst["error_ids"] or [])
    return Lead(worst["service"], worst["route"], error_id, title)


def lead_of_task(monitor: Monitor, task: str, window: Window) -> Lead | None:
    """The error group that most failed runs of a task fall into; None when none failed."""
    named = {"route": task}
    where = "kind = 'task' AND route = $route"
    return lead_of(monitor, where, named, start_us=window.start_us, end_us=window.end_us)


def error_among(store: Store, event_ids: Sequence[str]) -> tuple[int, str]:
    """(id, title) of the most frequent group of these error events; (0, "") when none of them is stored."""
    wanted = list(dict.fromkeys(event_ids))[:MAX_ERRORS]
    if not wanted:
        return 0, ""
    query = (
        select(error_event.c.group_id, error_group.c.title)
        .join(error_group, error_group.c.id == error_event.c.group_id)
        .where(error_event.c.event_id.in_(wanted))
    )
    with store.read() as connection:
        found = Counter((row.group_id, row.title) for row in connection.execute(query))
    if not found:
        return 0, ""
    ((group_id, title), _) = found.most_common(1)[0]
    return group_id, title[:MAX_TITLE]
