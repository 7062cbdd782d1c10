"""Daily summary of a coach: when it is due (seven in the morning in her zone, if she wants it), and its row of the outbox."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.outbox import messages
from core.outbox.models import MessageKind, OutboxMessage
from core.people.models import Account
from core.schedule.availability import at_wall_time
from core.schedule.models import Coach

AT_MIN, WORTHLESS_AT_MIN = 7 * 60, 12 * 60  # wall time; a summary of the day is no use in the afternoon


def coaches_without_todays(session: Session, *, now: datetime) -> Sequence[int]:
    """The ids of coaches whose summary is due and not written yet."""
    wanting = session.scalars(
        select(Coach).join(Account).where(Coach.daily_summary, Account.disabled_at.is_(None)).order_by(Coach.id)
    ).all()
    due = {_key(coach, _today(coach, now)): coach.id for coach in wanting if _is_time(coach, now)}
    written = set(session.scalars(select(OutboxMessage.dedupe_key).where(OutboxMessage.dedupe_key.in_(due))))
    return [coach_id for key, coach_id in due.items() if key not in written]


def write_summary(session: Session, coach_id: int, *, now: datetime) -> None:
    """Queue today's summary of this coach, once. What it lists is read when it is sent."""
    coach = session.get_one(Coach, coach_id)
    if not coach.daily_summary or not _is_time(coach, now):
        return  # she has switched it off since, or the pass took until noon
    on = _today(coach, now)
    messages.add_digest(
        session,
        MessageKind.DAILY_SUMMARY,
        coach,
        _key(coach, on),
        due_at=at_wall_time(on, AT_MIN, coach.zone),
        not_after=at_wall_time(on, WORTHLESS_AT_MIN, coach.zone),
        now=now,
    )


def _today(coach: Coach, now: datetime) -> date:
    return now.astimezone(coach.zone).date()


def _is_time(coach: Coach, now: datetime) -> bool:
    on = _today(coach, now)
    return at_wall_time(on, AT_MIN, coach.zone) <= now < at_wall_time(on, WORTHLESS_AT_MIN, coach.zone)


def _key(coach: Coach, on: date) -> str:
    return f"{MessageKind.DAILY_SUMMARY.value}:{coach.id}:{on:%Y-%m-%d}"
