"""
Deliver what is due, in numbered steps. At least once while it is true; at most one duplicate for a crash.

1. Claim one due row by lease, in a short transaction. A lease that ran out is claimed again.
2. Read the booking again: is this message still true? If not, it is DROPPED with the reason.
3. Render. Links are signed now, so that no usable secret of a decision is at rest.
4. Send, outside any transaction, with a time limit per phase.
5. Record: SENT; or tried again later, with growing and jittered delay; or DEAD, when it is refused for good.

A refused password is everybody's problem: it opens a circuit, and no mail is tried until it closes. What goes to the
webhook goes on meanwhile: it may be the one way to say so.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, or_, select, true, update
from sqlalchemy.orm import Session

from core import clock, pump
from core.bookings import queries
from core.bookings.models import Booking
from core.bootstrap import Services
from core.failpoints import failpoint
from core.gym import Gym, the_gym
from core.mail import truth
from core.mail.digest import find_digest
from core.mail.letter import Invitation
from core.mail.messages import Letter, compose
from core.mail.models import MessageKind, MessageState, OutboxMessage
from core.mail.outbox import WEBHOOK
from core.mail.transports import AuthenticationFailure, MailFailure, PermanentFailure
from core.people.models import Account, Role, SignInLink
from core.rehearsals.models import Rehearsal
from core.schedule import slots
from core.schedule.availability import Slot
from core.schedule.queries import coach_of
from core.telemetry import recording
from core.telemetry.alerts.notices import find_notice

LEASE = timedelta(seconds=60)  # longer than a transport may take (45 s)
MOST_ATTEMPTS = 20
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=2)
CIRCUIT_OPEN = timedelta(minutes=5)
AT_ONCE = 2

log = structlog.get_logger()


@dataclass(frozen=True)
class Delivery:
    """How many mails a pass sent, dropped as no longer true, will try again, and gave up."""

    sent: int = 0
    dropped: int = 0
    retried: int = 0
    dead: int = 0

    def counting(self, state: MessageState) -> "Delivery":
        name = {MessageState.SENT: "sent", MessageState.DROPPED: "dropped", MessageState.DEAD: "dead"}.get(
            state, "retried"
        )
        return replace(self, **{name: getattr(self, name) + 1})


def deliver_due(services: Services) -> Delivery:
    """Deliver until nothing is due. Safe to run at any time, anywhere, any number of times."""
    done = Delivery()
    while (claim := services.database.transact(_claim)) is not None:
        if (state := _deliver(services, *claim)) is not None:
            done = done.counting(state)
    return done


class Pump(pump.Pump):
    """Two send at a time."""

    def __init__(self) -> None:
        super().__init__(AT_ONCE)

    def ring(self, services: Services) -> Delivery:
        """Deliver what is due, unless others are at it already and will look again."""
        passes = self.run(lambda: deliver_due(services))
        return Delivery(*(sum(count) for count in zip(*map(astuple, passes), strict=True)))


def letter_for(session: Session, message: OutboxMessage, *, now: datetime) -> Letter:
    """Everything a mail says, read now."""
    booking = _booking(session, message)
    account = session.get(Account, message.account_id) if message.account_id is not None else None
    return Letter(
        message=message,
        gym=the_gym(session),
        booking=booking,
        account=account,
        sign_in_link_id=message.sign_in_link_id,
        next_slots=_next_slots(session, message, booking, now=now),
        generated_at=now,
        digest=find_digest(session, message, now=now),
        invitation=_invitation(session, message, account) if message.kind is MessageKind.INVITATION else None,
        notice=find_notice(session, message.alert_change_id),
    )


def _booking(session: Session, message: OutboxMessage) -> Booking | None:
    """What it is about; for a rehearsal a booking that is in no table."""
    if message.rehearsal_id is not None:
        return session.get_one(Rehearsal, message.rehearsal_id).as_booking()
    return queries.get_booking(session, message.booking_id) if message.booking_id is not None else None


def _invitation(session: Session, message: OutboxMessage, account: Account | None) -> Invitation | None:
    """Who invites to what, as it is now."""
    link = session.get(SignInLink, message.sign_in_link_id) if message.sign_in_link_id is not None else None
    if account is None or link is None or link.invited_by is None:
        return None
    return Invitation(by=link.invited_by.name, teaches=coach_of(session, account) is not None)


def _next_slots(session: Session, message: OutboxMessage, booking: Booking | None, *, now: datetime) -> Sequence[Slot]:
    """An expired request's family is offered other times."""
    if message.kind is not MessageKind.EXPIRED or booking is None:
        return ()
    return slots.next_free(session, booking.coach, booking.lesson, now=now, count=3)


def _due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(OutboxMessage.state == MessageState.QUEUED, OutboxMessage.due_at <= now),
        and_(OutboxMessage.state == MessageState.SENDING, OutboxMessage.lease_until <= now),
    )


def _claim(session: Session, *, now: datetime) -> tuple[int, datetime] | None:
    """Step 1. The id of a row that is now ours, and until when; None when nothing is due or mail is held."""
    gym = the_gym(session)
    if gym.mail_held:
        return None
    refused = gym.mail_circuit_until is not None and now < gym.mail_circuit_until
    tried = OutboxMessage.channel == WEBHOOK if refused else true()
    message_id = session.scalars(
        select(OutboxMessage.id)
        .where(_due(now), tried)
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if message_id is None:
        return None
    lease = now + LEASE
    claimed = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, _due(now))
        .values(
            state=MessageState.SENDING,
            lease_until=lease,
            leased_by=pump.worker_name(),
            attempts=OutboxMessage.attempts + 1,
        )
        .execution_options(synchronize_session=False)
    )
    return (message_id, lease) if claimed.rowcount == 1 else None  # type: ignore[attr-defined]


def _deliver(services: Services, message_id: int, lease: datetime) -> MessageState | None:
    """Steps 2 to 5. What became of it; None if we slept so long that somebody else has claimed it since."""
    failpoint("claimed")
    with services.database.read() as session:
        message = session.get_one(OutboxMessage, message_id)
    if message.lease_until != lease:
        return None
    try:
        untrue = _send(services, message)
    except MailFailure as failure:
        return _record_failure(services, message, failure)
    except Exception as error:  # a mail that cannot be written must not stop the others
        log.exception("mail failed", outbox_id=message_id, kind=message.kind.value)
        return _record_failure(services, message, MailFailure(f"could not be written: {type(error).__name__}"))
    if untrue is not None:
        return _record(services, message, MessageState.DROPPED, untrue)
    failpoint("mail_sent")
    return _record(services, message, MessageState.SENT, None)


def _send(services: Services, message: OutboxMessage) -> str | None:
    """Steps 2 to 4. Returns why it is no longer true, if so; then nothing was sent."""
    with services.database.read() as session:
        now = clock.now()
        link = session.get(SignInLink, message.sign_in_link_id) if message.sign_in_link_id is not None else None
        letter = letter_for(session, message, now=now)
    if letter.account is not None and letter.account.disabled_at is not None:
        return "its reader does not work here any more"
    if reason := truth.why_untrue(message, letter.booking, link, letter.digest, now=now):
        return reason
    if letter.notice is not None and (reason := _why_no_alert(letter)):
        return reason
    if message.channel == WEBHOOK:
        services.webhook.post(_payload(services, letter))
        return None
    mail = compose(letter, settings=services.settings, signer=services.signer)
    services.transport.send(mail, recipient=message.recipient)
    return None


def _why_no_alert(letter: Letter) -> str | None:
    if letter.account is not None and letter.account.role is not Role.ADMIN:
        return "its reader does not administer any more"
    return letter.notice.why_needless() if letter.notice is not None else None


def _payload(services: Services, letter: Letter) -> Mapping[str, Any]:
    if letter.notice is None:
        raise ValueError("the webhook is told of incidents alone")
    return letter.notice.payload(
        gym=letter.gym.name, console_url=services.settings.console_url, delivery=letter.message.message_id
    )


def _record_failure(services: Services, message: OutboxMessage, failure: MailFailure) -> MessageState:
    if isinstance(failure, AuthenticationFailure):
        services.database.transact(_open_circuit)
    given_up = isinstance(failure, PermanentFailure) or message.attempts >= MOST_ATTEMPTS
    state = MessageState.DEAD if given_up else MessageState.QUEUED
    log.warning("mail not sent", outbox_id=message.id, kind=message.kind.value, why=str(failure), state=state.value)
    return _record(services, message, state, str(failure))


def _record(services: Services, message: OutboxMessage, state: MessageState, error: str | None) -> MessageState:
    services.database.transact(_finish, message.id, message.lease_until, state, error)
    if (recorder := recording.active()) is not None:
        late_s = (clock.now() - message.due_at).total_seconds()
        recorder.event(
            "mail",
            state.value,
            value=late_s,
            subject_id=message.id,
            request_id=message.request_id or "",
            detail=message.kind.value,
        )
    return state


def _finish(
    session: Session, message_id: int, lease: datetime | None, state: MessageState, error: str | None, *, now: datetime
) -> None:
    """Step 5. Only while the lease is still ours: a slow sender must not overwrite what its successor recorded."""
    message = session.get_one(OutboxMessage, message_id)
    if message.state is not MessageState.SENDING or message.lease_until != lease:
        return
    message.state, message.lease_until, message.leased_by, message.last_error = state, None, None, error
    if state is MessageState.QUEUED:
        message.due_at = now + _pause(message.attempts)
    else:
        message.finished_at = now
    if state is MessageState.SENT and message.channel != WEBHOOK:
        session.execute(update(Gym).where(Gym.mail_circuit_until.is_not(None)).values(mail_circuit_until=None))


def _open_circuit(session: Session, *, now: datetime) -> None:
    the_gym(session).mail_circuit_until = now + CIRCUIT_OPEN


def _pause(attempts: int) -> timedelta:
    """Doubles from 15 seconds to two hours, give or take a quarter, so that failed mails do not come back in step."""
    doubled: timedelta = FIRST_PAUSE * (2 ** min(attempts - 1, 12))
    return min(doubled, LONGEST_PAUSE) * random.uniform(0.75, 1.25)
