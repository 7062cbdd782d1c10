"""A coach's preferences: the form of notice, horizon, step, approval, deadlines and mails; its checks; commands."""

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import Invalid
from core.gym.form_merge import Values, last_changed_by, merge
from core.people.models import Account
from core.platform.actor import Actor, ActorRole, Channel
from core.platform.forms import Form
from core.schedule.availability import DAY_MIN, MIN_TIME_TO_ANSWER
from core.schedule.hours import check_may_edit
from core.schedule.models import Asks, Coach

STEPS_MIN = (5, 10, 15, 20, 30, 45, 60, 90, 120)
MIN_ANSWER_MIN = int(MIN_TIME_TO_ANSWER.total_seconds() // 60)


class Digest(enum.IntEnum):
    """Digests: mails about several things at once. The number is part of the links that stop them."""

    DAILY_SUMMARY = 1
    ROLL_UP = 2

    @property
    def preference(self) -> str:
        """The name of the coach's column that turns it on."""
        return self.name.lower()


class Preferences(Form):
    """The form of a coach's preferences; fields as on core.schedule.models.Coach."""

    notice_min: Annotated[int, Field(ge=0, le=14 * DAY_MIN, title="At least … ahead")]
    horizon_days: Annotated[int, Field(ge=1, le=366, title="At most … days ahead")]
    slot_step_min: Annotated[int, Field(ge=5, le=240, title="A lesson may start every … minutes")]
    asks: Annotated[Asks, Field(title="Who decides")]
    asks_under_hours: Annotated[int, Field(ge=1, le=14 * 24, title="Short notice is less than … hours")]
    expiry_before_min: Annotated[int, Field(ge=15, le=2 * DAY_MIN, title="A request expires … before the lesson")]
    answer_within_min: Annotated[int, Field(ge=MIN_ANSWER_MIN, le=14 * DAY_MIN, title="I answer within")]
    reminder_before_min: Annotated[
        Annotated[int, Field(ge=5, le=7 * DAY_MIN)] | None, Field(title="Remind me … before a request expires")
    ]
    request_mails: Annotated[bool, Field(title="A mail for each request")]
    roll_up: Annotated[bool, Field(title="Once an hour one mail for all others")]
    daily_summary: Annotated[bool, Field(title="A summary at seven every morning")]

    def check(self) -> None:
        if wrong := conflicts(self):
            raise Invalid(wrong)


def conflicts(preferences: Preferences) -> dict[str, str]:
    """Validate fields together: field → sentence for each that cannot work with another."""
    wrong: dict[str, str] = {}
    asks = preferences.asks is not Asks.NEVER
    horizon_min = (preferences.horizon_days + 1) * DAY_MIN  # it counts whole days, and the last one ends at midnight
    if preferences.notice_min >= horizon_min:
        wrong["notice_min"] = "The notice is longer than the horizon, so nothing could ever be booked."
    if preferences.asks is Asks.ALWAYS and preferences.expiry_before_min + MIN_ANSWER_MIN >= horizon_min:
        wrong["expiry_before_min"] = "Requests would expire before anybody could make them. Please widen the horizon."
    reminder = preferences.reminder_before_min
    if asks and reminder is not None and reminder >= preferences.answer_within_min:
        wrong["reminder_before_min"] = "The reminder would come before the request. Please choose a shorter time."
    return wrong


def remarks(preferences: Preferences) -> list[str]:
    """Warnings about valid preferences that may surprise, one sentence each."""
    warnings = []
    needed_min = preferences.expiry_before_min + MIN_ANSWER_MIN
    if preferences.asks is Asks.ALWAYS and preferences.notice_min < needed_min:
        because = f"a request expires {preferences.expiry_before_min} minutes before the lesson"
        warnings.append(
            f"Parents must ask at least {needed_min} minutes ahead all the same: {because}, "
            f"and you have {MIN_ANSWER_MIN} minutes to answer."
        )
    if not hears_of_requests(preferences):
        warnings.append("No mail will tell you that a family waits: only the console shows it.")
    return warnings


def hears_of_requests(preferences: Preferences | Coach) -> bool:
    """Whether any mail notifies the coach of waiting requests, or none can wait."""
    is_mailed = preferences.request_mails or preferences.daily_summary or preferences.reminder_before_min is not None
    return is_mailed or preferences.asks is Asks.NEVER


def coaches_without_mail(session: Session) -> Sequence[Coach]:
    """Shown coaches whom no mail notifies of waiting requests, by name; a warning for admins."""
    shown = session.scalars(
        select(Coach)
        .join(Account, Account.id == Coach.account_id)
        .where(Coach.published, Account.disabled_at.is_(None))
        .order_by(Account.name, Coach.id)
    )
    return [coach for coach in shown if not hears_of_requests(coach)]


def set_preferences(
    session: Session,
    coach: Coach,
    preferences: Preferences,
    *,
    by: Actor,
    now: datetime,
    shown: Values | None = None,
) -> Coach:
    """
    Store a coach's preferences, by three-way merge. Waiting requests keep their deadlines.

    Args:
        shown: what the form had shown, as of core.gym.form_merge.

    Raises NotAllowed, ChangedMeanwhile.
    """
    check_may_edit(session, coach, by)
    preferences = merge(
        preferences.model_dump(),
        Preferences.of(coach).model_dump(),
        shown,
        read=Preferences.parse,
        last_by=last_changed_by(session, Verb.PREFERENCES_CHANGED, "coach", coach.id),
    )
    for name, value in preferences:
        setattr(coach, name, value)
    audit.record(session, Verb.PREFERENCES_CHANGED, "coach", coach.id, by=by, now=now)
    session.flush()
    return coach


def stop_mail(session: Session, coach: Coach, digest: Digest, *, now: datetime) -> Coach:
    """Unsubscribe a coach from a digest, by the link in it; idempotent."""
    if getattr(coach, digest.preference):
        setattr(coach, digest.preference, False)
        by = Actor(coach.account_id, ActorRole.COACH, Channel.MAIL)
        audit.record(session, Verb.PREFERENCES_CHANGED, "coach", coach.id, by=by, now=now)
        session.flush()
    return coach
