"""Free slots: availability minus holds, read from the database. One function decides what is listed and what is bookable."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from core.bookings.models import Booking, Hold, Status
from core.errors import SlotUnavailable
from core.schedule import availability
from core.schedule.availability import Busy, OpenSlots, Rules, Slot, Window
from core.schedule.models import Coach, DateOverride, LessonType, WeeklyHours
from core.schedule.refusal_reasons import Reason, sentence, why_not_offered

K = TypeVar("K")

# Core statements, built once: a page of free times would otherwise spend half its time on building them.
_hours, _override, _hold, _booking = (model.__table__.c for model in (WeeklyHours, DateOverride, Hold, Booking))
_WEEKLY = select(_hours.weekday, _hours.start_min, _hours.end_min).where(_hours.coach_id == bindparam("coach_id"))
_OVERRIDES = select(_override.local_on, _override.adds, _override.start_min, _override.end_min).where(
    _override.coach_id == bindparam("coach_id"),
    _override.local_on.between(bindparam("first_on"), bindparam("last_on")),
)
_HELD = (
    select(_hold.busy_from, _hold.busy_to, _booking.status, _booking.expires_at)
    .join_from(Hold.__table__, Booking.__table__, _booking.id == _hold.booking_id)
    .where(_hold.coach_id == bindparam("coach_id"))
    .where(_hold.busy_from < bindparam("ends"), _hold.busy_to > bindparam("begins"))
)
NEXT_FREE_COUNT = 6  # offered along with a refusal
SEARCH_STEP_DAYS = 7  # the first days that `next_free` looks at; doubled each time


def open_slots(
    session: Session, coach: Coach, lesson: LessonType, *, first_on: date, last_on: date, now: datetime
) -> OpenSlots:
    """A coach's free slots for a lesson on these local days, `last_on` included (see core.schedule.availability)."""
    rules = rules_for(session, coach, lesson, first_on=first_on, last_on=last_on)
    return open_slots_under(session, coach, rules, first_on=first_on, last_on=last_on, now=now)


def open_slots_under(
    session: Session, coach: Coach, rules: Rules, *, first_on: date, last_on: date, now: datetime
) -> OpenSlots:
    """A coach's free slots under other rules than her own, for a preview of weekly hours that are not saved yet."""
    busy = _busy(session, rules, coach.id, first_on, last_on)
    return availability.open_slots(rules, busy, first_on=first_on, last_on=last_on, now=now)


def check_offered(session: Session, coach: Coach, lesson: LessonType, starts_at: datetime, *, now: datetime) -> Slot:
    """
    Check that a start can be booked; returns its slot.

    Raises:
        SlotUnavailable: it is taken, past, off the step, inside the notice …; which, and the next free starts.
    """
    day = starts_at.astimezone(coach.zone).date()
    rules = rules_for(session, coach, lesson, first_on=day, last_on=day)
    busy = _busy(session, rules, coach.id, day, day)
    for slot in availability.open_slots(rules, busy, first_on=day, last_on=day, now=now).slots:
        if slot.starts_at == starts_at:
            return slot
    reason = why_not_offered(rules, busy, starts_at, now)
    raise _unavailable(session, coach, lesson, starts_at, reason, sentence(reason, rules, coach.name), now=now)


def slot_taken(
    session: Session, coach: Coach, lesson: LessonType, starts_at: datetime, *, now: datetime
) -> SlotUnavailable:
    """The error about a start whose hold violated the database's constraint against overlaps."""
    return _unavailable(session, coach, lesson, starts_at, Reason.TAKEN, "This time is taken.", now=now)


def _unavailable(
    session: Session, coach: Coach, lesson: LessonType, starts_at: datetime, reason: Reason, why: str, *, now: datetime
) -> SlotUnavailable:
    """The error, with the next free starts from the wanted time on (from now on, if that is past or far away)."""
    after = starts_at if now <= starts_at <= now + timedelta(days=coach.horizon_days) else now
    free = next_free(session, coach, lesson, now=now, after=after)
    if not free and after > now:
        free = next_free(session, coach, lesson, now=now)
    rest = "Here are the next free times." if free else "No other time is free at the moment."
    return SlotUnavailable(f"{why} {rest}", [slot.starts_at for slot in free], reason=reason.value)


def next_free(
    session: Session,
    coach: Coach,
    lesson: LessonType,
    *,
    now: datetime,
    after: datetime | None = None,
    count: int = NEXT_FREE_COUNT,
) -> list[Slot]:
    """The next free slots from `after` (or now) on, earliest first; fewer than `count` when the horizon ends."""
    from_at = after or now
    first_on = from_at.astimezone(coach.zone).date()
    horizon_on = now.astimezone(coach.zone).date() + timedelta(days=coach.horizon_days)
    free: list[Slot] = []
    step_days = SEARCH_STEP_DAYS
    while first_on <= horizon_on and len(free) < count:
        last_on = min(first_on + timedelta(days=step_days - 1), horizon_on)
        offered = open_slots(session, coach, lesson, first_on=first_on, last_on=last_on, now=now)
        free += [slot for slot in offered.slots if slot.starts_at >= from_at]
        first_on, step_days = last_on + timedelta(days=1), step_days * 2
    return free[:count]


def rules_for(session: Session, coach: Coach, lesson: LessonType, *, first_on: date, last_on: date) -> Rules:
    """A coach's booking rules for a lesson, with the overrides of these local days, `last_on` included."""
    session.flush()  # a connection's statements do not, as a session's would
    connection = session.connection()
    weekly = connection.execute(_WEEKLY, {"coach_id": coach.id}).all()
    days = {"coach_id": coach.id, "first_on": first_on, "last_on": last_on}
    overrides = connection.execute(_OVERRIDES, days).all()
    return Rules(
        zone=coach.zone,
        weekly=_windows([(weekday, Window(start, end)) for weekday, start, end in weekly]),
        extra=_windows([(day, Window(start, end)) for day, adds, start, end in overrides if adds]),
        removed=_windows([(day, Window(start, end)) for day, adds, start, end in overrides if not adds]),
        notice=timedelta(minutes=coach.notice_min),
        horizon_days=coach.horizon_days,
        step_min=coach.slot_step_min,
        lesson=timedelta(minutes=lesson.minutes),
        buffer_before=timedelta(minutes=lesson.buffer_before_min),
        buffer_after=timedelta(minutes=lesson.buffer_after_min),
        asks=coach.asks,
        asks_under=timedelta(hours=coach.asks_under_hours),
        expiry_before=timedelta(minutes=coach.expiry_before_min),
    )


def _windows(keyed: Sequence[tuple[K, Window]]) -> dict[K, tuple[Window, ...]]:
    grouped: dict[K, list[Window]] = defaultdict(list)
    for key, window in keyed:
        grouped[key].append(window)
    return {key: tuple(windows) for key, windows in grouped.items()}


def _busy(session: Session, rules: Rules, coach_id: int, first_on: date, last_on: date) -> list[Busy]:
    """A coach's holds around these days, as busy time; that of a pending request ends with its expiry."""
    begins = availability.at_wall_time(first_on, 0, rules.zone) - rules.buffer_before
    ends = availability.at_wall_time(last_on, availability.DAY_MIN, rules.zone) + rules.lesson + rules.buffer_after
    held: Sequence[Row[datetime, datetime, Status, datetime | None]] = (
        session.connection().execute(_HELD, {"coach_id": coach_id, "begins": begins, "ends": ends}).all()
    )
    return [
        Busy(start, end, expires_at if status is Status.PENDING else None) for start, end, status, expires_at in held
    ]
