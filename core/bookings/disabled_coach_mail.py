"""Mails of a coach whose account is disabled: those about families go to the admins instead."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bookings import mails
from core.bookings.models import Booking
from core.outbox.kinds import MessageKind
from core.outbox.models import MessageState, OutboxMessage
from core.people.models import Account, Role
from core.schedule.models import Coach

ADMINS_INSTEAD = tuple(kind for kind in MessageKind if kind.spec.admins_instead)
SHE_IS_GONE = "its reader does not work here any more; the admins have it instead"
SHE_IS_BACK = "its coach works here again and has it herself"


def tell_coach_or_admins(
    session: Session, kind: MessageKind, booking: Booking, *, now: datetime, due_at: datetime | None = None
) -> None:
    """Write a mail to the booking's coach, or to every admin where her account is disabled."""
    if booking.coach.account.disabled_at is None:
        mails.add(session, kind, booking, now=now, due_at=due_at)
        return
    for admin in _admins(session):
        mails.add(session, kind, booking, reader=admin, now=now, due_at=due_at)


def hand_over(session: Session, coach: Coach, *, now: datetime) -> None:
    """Redirect a disabled coach's queued mails about families to the admins, due at the same time."""
    session.flush()
    for message, booking in _waiting(session, coach, of_coach=True):
        message.state, message.finished_at, message.last_error = MessageState.DROPPED, now, SHE_IS_GONE
        tell_coach_or_admins(session, message.kind, booking, now=now, due_at=message.due_at)
    session.flush()


def hand_back(session: Session, coach: Coach, *, now: datetime) -> None:
    """Redirect queued mails that admins have in a coach's place back to her, once her account is enabled."""
    session.flush()
    written = set()
    for message, booking in _waiting(session, coach, of_coach=False):
        message.state, message.finished_at, message.last_error = MessageState.DROPPED, now, SHE_IS_BACK
        if (message.kind, booking.id) not in written:
            written.add((message.kind, booking.id))
            mails.add(session, message.kind, booking, reader=coach.account, now=now, due_at=message.due_at)
    session.flush()


def _waiting(session: Session, coach: Coach, *, of_coach: bool) -> Sequence[tuple[OutboxMessage, Booking]]:
    """Queued mails about a coach's bookings: to herself, or to others of the staff."""
    hers = OutboxMessage.account_id == coach.account_id
    others = (OutboxMessage.account_id != coach.account_id) & OutboxMessage.account_id.is_not(None)
    rows = session.execute(
        select(OutboxMessage, Booking)
        .join(Booking, Booking.id == OutboxMessage.booking_id)
        .where(
            Booking.coach_id == coach.id,
            OutboxMessage.state == MessageState.QUEUED,
            OutboxMessage.kind.in_(ADMINS_INSTEAD),
            hers if of_coach else others,
        )
        .order_by(OutboxMessage.id)
    )
    return [(message, booking) for message, booking in rows]


def _admins(session: Session) -> Sequence[Account]:
    return session.scalars(
        select(Account).where(Account.role == Role.ADMIN, Account.disabled_at.is_(None)).order_by(Account.id)
    ).all()
