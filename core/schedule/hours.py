"""A coach's weekly hours and date overrides: commands for herself or an admin, validation, queries."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import Invalid, NotAllowed, NotFound
from core.gym.form_merge import Values, last_changed_by, merge
from core.people.models import Role
from core.people.permissions import account_of
from core.platform.actor import Actor
from core.schedule.availability import DAY_MIN, Rules, Window
from core.schedule.models import Coach, DateOverride, WeeklyHours

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
GRAIN_MIN = 5  # hours begin and end on a multiple of it
MAX_WINDOWS, MAX_OVERRIDES = 50, 400  # of one coach; a bound on what one form may store
FURTHEST = timedelta(days=366)  # that a date override may lie ahead; as far as a horizon reaches


@dataclass(frozen=True)
class WeekWindow:
    """A half-open window of local wall-clock time on a weekday."""

    weekday: int  # 0 is Monday
    start_min: int  # minutes since local midnight
    end_min: int  # 1440 ends the day


def by_weekday(windows: Iterable[WeekWindow]) -> dict[str, list[WeekWindow]]:
    """Group windows by weekday name, Monday first, each day in order; a day off has none. The form's fields for a merge."""
    ordered = sorted(windows, key=lambda window: (window.weekday, window.start_min))
    return {name: [window for window in ordered if window.weekday == day] for day, name in enumerate(WEEKDAYS)}


def set_weekly_hours(
    session: Session,
    coach: Coach,
    windows: Sequence[WeekWindow],
    *,
    by: Actor,
    now: datetime,
    shown: Values | None = None,
) -> Coach:
    """
    Replace a coach's weekly hours, by three-way merge a day. Booked lessons stay, also those that fall outside of it now (see `lessons_outside`).

    Args:
        shown: the week that the page had shown, as of `by_weekday` and core.gym.form_merge.

    Raises:
        Invalid: a window ends before it begins, or two of a day overlap; says which.
        NotAllowed: neither the coach herself nor an admin.
        ChangedMeanwhile: the same day was saved elsewhere while the page was open.
    """
    check_may_edit(session, coach, by)
    check_week(windows)
    windows = merge(
        by_weekday(windows),
        by_weekday(weekly_hours(session, coach)),
        shown,
        read=lambda week: list(itertools.chain.from_iterable(week.values())),
        last_by=last_changed_by(session, Verb.HOURS_CHANGED, "coach", coach.id),
    )
    session.execute(delete(WeeklyHours).where(WeeklyHours.coach_id == coach.id))
    session.add_all(
        WeeklyHours(coach_id=coach.id, weekday=window.weekday, start_min=window.start_min, end_min=window.end_min)
        for window in windows
    )
    audit.record(session, Verb.HOURS_CHANGED, "coach", coach.id, by=by, now=now)
    session.flush()
    session.expire(coach, ["weekly_hours"])
    return coach


def add_override(
    session: Session,
    coach: Coach,
    on: date,
    window: Window,
    *,
    adds: bool,
    by: Actor,
    now: datetime,
) -> DateOverride:
    """
    Add a date override: on one local day a window more, or a window less. A day off is 0 to 1440 taken away.

    Raises:
        Invalid: the day is past or too far away, the window is none, or there are too many.
        NotAllowed: neither the coach herself nor an admin.
    """
    check_may_edit(session, coach, by)
    today = now.astimezone(coach.zone).date()
    if not today <= on <= today + FURTHEST:
        raise Invalid({"on": "Please choose a day from today on, within a year."})
    try:
        _check_window(window.start_min, window.end_min, "this day")
    except Invalid as error:
        raise Invalid({"to": str(error)}) from None
    if len(overrides_from(session, coach, today)) >= MAX_OVERRIDES:
        raise Invalid({"on": "There are too many single days. Please remove some first."})
    override = DateOverride(
        coach_id=coach.id, local_on=on, adds=adds, start_min=window.start_min, end_min=window.end_min
    )
    session.add(override)
    audit.record(session, Verb.HOURS_CHANGED, "coach", coach.id, by=by, now=now)
    session.flush()
    return override


def remove_override(session: Session, coach: Coach, override_id: int, *, by: Actor, now: datetime) -> None:
    """Delete a date override. Raises NotFound, NotAllowed."""
    check_may_edit(session, coach, by)
    override = session.get(DateOverride, override_id)
    if override is None or override.coach_id != coach.id:
        raise NotFound
    session.delete(override)
    audit.record(session, Verb.HOURS_CHANGED, "coach", coach.id, by=by, now=now)
    session.flush()


def weekly_hours(session: Session, coach: Coach) -> list[WeekWindow]:
    """A coach's weekly hours, Monday first, each day in order."""
    found = session.scalars(
        select(WeeklyHours)
        .where(WeeklyHours.coach_id == coach.id)
        .order_by(WeeklyHours.weekday, WeeklyHours.start_min, WeeklyHours.id)
    )
    return [WeekWindow(hours.weekday, hours.start_min, hours.end_min) for hours in found]


def overrides_from(session: Session, coach: Coach, first_on: date) -> Sequence[DateOverride]:
    """A coach's date overrides from this day on, soonest first."""
    return session.scalars(
        select(DateOverride)
        .where(DateOverride.coach_id == coach.id, DateOverride.local_on >= first_on)
        .order_by(DateOverride.local_on, DateOverride.start_min, DateOverride.id)
    ).all()


def with_week(rules: Rules, windows: Iterable[WeekWindow]) -> Rules:
    """The rules with other weekly hours, for a preview before they are saved."""
    weekly: dict[int, tuple[Window, ...]] = {}
    for window in windows:
        weekly[window.weekday] = (*weekly.get(window.weekday, ()), Window(window.start_min, window.end_min))
    return replace(rules, weekly=weekly)


def check_week(windows: Sequence[WeekWindow]) -> None:
    """Validate weekly hours. Raises Invalid for the first window that is empty, off the grain or overlaps another."""
    if len(windows) > MAX_WINDOWS:
        raise Invalid({"windows": f"A week has at most {MAX_WINDOWS} windows."})
    for window in windows:
        if window.weekday not in range(7):
            raise Invalid({"windows": "Please choose a weekday for each line."})
        _check_window(window.start_min, window.end_min, WEEKDAYS[window.weekday])
    ordered = sorted(windows, key=lambda window: (window.weekday, window.start_min))
    for first, second in itertools.pairwise(ordered):
        if first.weekday == second.weekday and second.start_min < first.end_min:
            raise Invalid({"windows": f"Two windows on {WEEKDAYS[first.weekday]} overlap. Please make them one."})


def check_may_edit(session: Session, coach: Coach, by: Actor) -> None:
    """Let only the coach herself and admins pass, looked up at this moment. Raises NotAllowed."""
    account = account_of(session, by)
    if account is None or account.disabled_at is not None:
        raise NotAllowed("This account is not in use any more.")
    if account.id != coach.account_id and account.role is not Role.ADMIN:
        raise NotAllowed("Only this coach or an admin can change this.")


def _check_window(start_min: int, end_min: int, day: str) -> None:
    if not 0 <= start_min < end_min <= DAY_MIN:
        raise Invalid({"windows": f"On {day} the end must come after the beginning, within the day."})
    if start_min % GRAIN_MIN or end_min % GRAIN_MIN:
        raise Invalid({"windows": f"On {day}: please use steps of {GRAIN_MIN} minutes."})
