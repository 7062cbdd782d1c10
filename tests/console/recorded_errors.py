"""Errors written to the telemetry store as the recorder writes them."""

from collections.abc import Sequence

from core.bookings.lists import Cursor, all_pages
from core.bookings.models import Booking
from core.telemetry import error_groups
from core.telemetry.error_capture import capture
from core.telemetry.error_groups import PendingGroup
from core.telemetry.store import Store


class TheFloorIsWet(RuntimeError):
    """Somebody spilled the chalk water."""


def record_error(
    store: Store,
    *,
    times: int = 1,
    people: Sequence[str] = ("someone",),
    release: str = "2026.11.1",
    level: str = "ERROR",
) -> None:
    """Record the same error so many times, for each of these people in turn."""
    pending = None
    for number in range(times):
        try:
            list(all_pages(_mop, at_most=7))  # through a function of ours, whose locals the story tells of
        except TheFloorIsWet as error:
            found = capture(error, source="site", message="", level=level, extra={}, who=people[number % len(people)])
            found.at_us -= 1_000_000  # the clock of the tests stands still, and a range ends before now
            found.request_id, found.route = f"request-{number}", "/bookings"
            pending = pending or PendingGroup(found)
            pending.add(found)
    assert pending is not None
    with store.write() as connection:
        error_groups.write(connection, [pending], service="site", release=release)


def _mop(after: Cursor | None) -> Sequence[Booking]:
    raise TheFloorIsWet("the floor is wet")
