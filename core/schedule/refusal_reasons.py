"""Reasons why a start is not offered: a stable code for programs, a sentence for people."""

import enum
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.schedule.availability import Busy, Rules, Window, at_wall_time, wall_time_exists
from core.wording import spoken_length


class Reason(enum.StrEnum):
    """Reason codes; stable, programs rely on them."""

    PAST = "past"
    BEYOND_HORIZON = "beyond_horizon"
    CLOCK_CHANGE = "clock_change"
    OUTSIDE_HOURS = "outside_hours"
    OFF_STEP = "off_step"
    TAKEN = "taken"
    TOO_SOON = "too_soon"
    TIME_TO_ANSWER = "time_to_answer"


def why_not_offered(rules: Rules, busy: Sequence[Busy], starts_at: datetime, now: datetime) -> Reason:
    """
    The first reason that holds, in this order: what can never be, what is so by the hours, who has it, how soon it is.

    For a start that is not among the open slots; one without a reason was taken at this very moment.
    """
    local = starts_at.astimezone(rules.zone)
    day = local.date()
    windows = rules.windows_on(day)
    if starts_at <= now:
        return Reason.PAST
    if now < rules.bookable_from(day):
        return Reason.BEYOND_HORIZON
    if local.fold or any(_is_skipped(rules, window, starts_at) for window in windows):
        return Reason.CLOCK_CHANGE
    around = [window for window in windows if _holds(rules, window, starts_at)]
    if not around:
        return Reason.OUTSIDE_HOURS
    minute = local.hour * 60 + local.minute
    exact = not (local.second or local.microsecond)
    if not any(exact and (minute - window.start_min) % rules.step_min == 0 for window in around):
        return Reason.OFF_STEP
    if any(_is_taken(rules, taken, starts_at, now) for taken in busy):
        return Reason.TAKEN
    if now > starts_at - rules.notice:
        return Reason.TOO_SOON
    return Reason.TIME_TO_ANSWER if now > rules.bookable_until(starts_at) else Reason.TAKEN


def sentence(reason: Reason, rules: Rules, coach: str) -> str:
    """The sentence about a reason, for the family that asked."""
    return {
        Reason.PAST: "This time has passed.",
        Reason.BEYOND_HORIZON: f"This is too far ahead: {coach} can be booked for the next {_days(rules.horizon_days)}.",
        Reason.CLOCK_CHANGE: "The clocks change at this hour, so no lesson begins then.",
        Reason.OUTSIDE_HOURS: f"This time is outside of {coach}’s hours.",
        Reason.OFF_STEP: f"No lesson begins at this minute: {coach}’s lessons begin every {rules.step_min} minutes.",
        Reason.TAKEN: "This time is taken.",
        Reason.TOO_SOON: f"This is too soon: {coach} needs {spoken_length(rules.notice)} of notice.",
        Reason.TIME_TO_ANSWER: f"This is too soon: {coach} would have less than 30 minutes to answer{_deadline(rules)}.",
    }[reason]


def _deadline(rules: Rules) -> str:
    return f", for a request ends {spoken_length(rules.expiry_before)} before its lesson"


def _days(number: int) -> str:
    return "day" if number == 1 else f"{number} days"


def _holds(rules: Rules, window: Window, starts_at: datetime) -> bool:
    day = starts_at.astimezone(rules.zone).date()
    opens_at, closes_at = (at_wall_time(day, minute, rules.zone) for minute in (window.start_min, window.end_min))
    return opens_at <= starts_at and starts_at + rules.lesson <= closes_at


def _is_skipped(rules: Rules, window: Window, starts_at: datetime) -> bool:
    """Whether this start is one that falls into the hour skipped by a clock change, and was moved to its end."""
    day = starts_at.astimezone(rules.zone).date()
    if at_wall_time(day, 1440, rules.zone) - at_wall_time(day, 0, rules.zone) == timedelta(days=1):
        return False
    local = starts_at.astimezone(rules.zone)
    shown = range(window.start_min, window.end_min, rules.step_min)
    if local.hour * 60 + local.minute in shown:
        return False
    return any(
        at_wall_time(day, minute, rules.zone) == starts_at and not wall_time_exists(day, minute, rules.zone)
        for minute in shown
    )


def _is_taken(rules: Rules, taken: Busy, starts_at: datetime, now: datetime) -> bool:
    """Whether a lesson, or a request that can still be answered, overlaps this start with its buffers."""
    begins, ends = starts_at - rules.buffer_before, starts_at + rules.lesson + rules.buffer_after
    return taken.start < ends and begins < taken.end and (taken.until is None or now < taken.until)
