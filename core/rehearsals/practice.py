"""
Commands and queries of practice requests: begin, answer, expire one.

A practice request comes by mail, is answered by its link or in the console, and shows the coach what the family would
have read. It touches no slot, hold, figure or family, and is removed after a day.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from core.bookings.decisions import OUTCOME, Decision
from core.bookings.models import Status
from core.bookings.sentences import reason_given
from core.errors import LinkReplaced, NotAllowed, NotFound, NotPossible, RequestExpired
from core.outbox.messages import add_message
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.people.accounts import NOT_IN_USE, check_usable
from core.people.permissions import account_of
from core.platform.actor import Actor
from core.rehearsals.models import Rehearsal
from core.schedule.availability import at_wall_time
from core.schedule.models import Coach
from core.wording import spoken_instant

LASTS = timedelta(hours=24)  # until it expires, and until it is removed
LESSON_AT_MIN = 16 * 60  # 4 pm, in two days: a time like those that families ask for
OVER = "This practice request is over. You can begin another one in the console, on the page Guide."


def rehearse(session: Session, coach: Coach, *, by: Actor, now: datetime) -> Rehearsal:
    """
    Begin a practice request, with its mail to the coach alone. An earlier one is removed.

    Raises:
        NotAllowed: it is not the coach herself. NotPossible: she teaches no lesson that could be asked for.
    """
    _check_herself(session, coach, by)
    lesson = next((lesson for lesson in coach.lessons if lesson.active), None)
    if lesson is None:
        raise NotPossible("You teach no lesson yet, so nobody could ask for one. Choose some on the page Public page.")
    _remove(session, coach_id=coach.id)
    on = (now + 2 * LASTS).astimezone(coach.zone).date()
    starts_at = at_wall_time(on, LESSON_AT_MIN, coach.zone)
    rehearsal = Rehearsal(
        coach=coach,
        lesson=lesson,
        status=Status.PENDING,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=lesson.minutes),
        requested_at=now,
        expires_at=now + LASTS,
    )
    session.add(rehearsal)
    session.flush()
    add_rehearsal(session, MessageKind.REHEARSAL, rehearsal, now=now)
    session.flush()
    return rehearsal


def answer(
    session: Session, coach: Coach, rehearsal_id: int, decision: Decision, *, reason: str | None = None, now: datetime
) -> Rehearsal:
    """
    Approve or deny a practice request; idempotent: the same answer again changes nothing, the other one is refused.

    Raises:
        NotFound, LinkReplaced, RequestExpired: it can no longer be answered. NotPossible: the other answer was given.
        NotAllowed: the coach's account is disabled. Invalid: the reason is too long.
    """
    rehearsal = get_rehearsal(session, rehearsal_id, coach, now=now)
    if rehearsal.answered_at is not None:
        if rehearsal.status is OUTCOME[decision]:  # the same answer again: a second click
            return rehearsal
        answered = f"{rehearsal.status.value.lower()} this practice request"
        raise NotPossible(f"You have already {answered}, on {spoken_instant(rehearsal.answered_at, coach.zone)}.")
    reason = reason_given(reason, required=False)
    rehearsal.status, rehearsal.answered_at = OUTCOME[decision], now
    rehearsal.denial_reason = reason if decision is Decision.DENY else None
    add_rehearsal(session, MessageKind.REHEARSAL_ANSWERED, rehearsal, now=now)
    session.flush()
    return rehearsal


def answer_in_console(
    session: Session,
    coach: Coach,
    rehearsal_id: int,
    decision: Decision,
    *,
    by: Actor,
    reason: str | None = None,
    now: datetime,
) -> Rehearsal:
    """Answer a practice request in the console. Raises NotAllowed for everybody but the coach herself, and what `answer` raises."""
    _check_herself(session, coach, by)
    return answer(session, coach, rehearsal_id, decision, reason=reason, now=now)


def get_rehearsal(session: Session, rehearsal_id: int, coach: Coach | None = None, *, now: datetime) -> Rehearsal:
    """
    A practice request that can be shown and answered.

    Raises:
        NotFound: it is over, or another coach's. LinkReplaced: there is a newer one. RequestExpired: nobody answered in time.
        NotAllowed: its coach's account is disabled.
    """
    rehearsal = session.get(Rehearsal, rehearsal_id)
    if rehearsal is None or (coach is not None and rehearsal.coach_id != coach.id):
        raise NotFound(OVER)
    check_usable(rehearsal.coach.account)
    newest = find_rehearsal(session, rehearsal.coach_id)
    if newest is not None and newest.id != rehearsal.id:
        raise LinkReplaced("There is a newer practice request. Please use the link in the newest mail.")
    if rehearsal.status_at(now) is Status.EXPIRED:
        raise RequestExpired(OVER)
    return rehearsal


def find_rehearsal(session: Session, coach_id: int) -> Rehearsal | None:
    """The coach's newest practice request, in whatever state; None if there is none."""
    return session.scalars(
        select(Rehearsal).where(Rehearsal.coach_id == coach_id).order_by(Rehearsal.id.desc()).limit(1)
    ).one_or_none()


def clean_up(session: Session, *, now: datetime) -> None:
    """Remove practice requests older than a day, with their mails. Safe to run at any time."""
    _remove(session, made_before=now - LASTS)


def _check_herself(session: Session, coach: Coach, by: Actor) -> None:
    account = account_of(session, by)
    if account is None:
        raise NotAllowed(NOT_IN_USE)
    check_usable(account)
    if account.id != coach.account_id:
        raise NotAllowed("A coach practises by herself: its mails go to her.")


def _remove(session: Session, *, coach_id: int | None = None, made_before: datetime | None = None) -> None:
    """Delete practice requests and their mails; one whose mail is being sent at this moment stays until the next time."""
    which = select(Rehearsal.id)
    if coach_id is not None:
        which = which.where(Rehearsal.coach_id == coach_id)
    if made_before is not None:
        which = which.where(Rehearsal.requested_at <= made_before)
    ids = session.scalars(which).all()
    if not ids:  # the usual case of a sweep: nothing to write
        return
    no_sync = {"synchronize_session": False}
    session.execute(
        delete(OutboxMessage).where(OutboxMessage.rehearsal_id.in_(ids), OutboxMessage.state != MessageState.SENDING),
        execution_options=no_sync,
    )
    has_mail = exists().where(OutboxMessage.rehearsal_id == Rehearsal.id)
    session.execute(delete(Rehearsal).where(Rehearsal.id.in_(ids), ~has_mail), execution_options=no_sync)


def add_rehearsal(session: Session, kind: MessageKind, rehearsal: Rehearsal, *, now: datetime) -> OutboxMessage:
    """Add a practice request's mail to the outbox, to its coach alone; dropped once the practice is over."""
    key = f"{kind.value}:{rehearsal.id}:{now:%Y%m%dT%H%M%S.%f}"
    return add_message(
        session, kind, rehearsal.coach.account, key, not_after=rehearsal.expires_at, rehearsal_id=rehearsal.id, now=now
    )
