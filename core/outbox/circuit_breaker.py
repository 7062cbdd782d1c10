"""
Circuit breaker of the mail server, in the gym's row.

Whatever would stop every mail opens it at once: the server is away, slow, closing, or refuses us. A refusal of one mail
may be about that mail; one of another right after it, with none taken between, opens it too. While it is open no mail is
tried; then one is, as a probe. The first mail that is taken closes it, and pulls forward everything that waits.
"""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.gym.models import Gym, the_gym
from core.outbox.delivery_failures import (
    AuthenticationFailure,
    MailFailure,
    PolicyFailure,
    ServerFailure,
    TemporaryFailure,
)
from core.outbox.models import WEBHOOK, MessageState, OutboxMessage

DEFAULT_OPEN = timedelta(seconds=30)  # with a pass every 20 s, the first try comes within a minute of the recovery
SOON = timedelta(seconds=60)  # what was refused alone: others passed meanwhile, so it may well be refused again
SIGN_IN_OPEN = timedelta(seconds=60)  # more tries a minute with a wrong password would have us locked out


def is_open(gym: Gym, *, now: datetime) -> bool:
    """Whether no mail is tried at the moment."""
    return gym.mail_circuit_until is not None and now < gym.mail_circuit_until


def refused(session: Session, message_id: int, failure: MailFailure, *, now: datetime) -> datetime | None:
    """Count a failure that is no fault of the reader's address. Until when the circuit is open; None: only this mail waits."""
    if not isinstance(failure, TemporaryFailure | AuthenticationFailure):
        return None  # a mistake of our own in this mail: no server has seen it, so it says nothing about one
    gym = the_gym(session)
    for_everybody = isinstance(failure, AuthenticationFailure | ServerFailure)
    in_a_row = gym.mail_refused_id not in (None, message_id)
    if for_everybody or in_a_row or isinstance(failure, PolicyFailure):
        gym.mail_trouble, gym.mail_trouble_since = str(failure), gym.mail_trouble_since or now
    if not for_everybody:
        gym.mail_refused_id = message_id
    if not (for_everybody or in_a_row):
        return None  # the first refusal may be about this mail alone
    gym.mail_circuit_until = now + (SIGN_IN_OPEN if isinstance(failure, AuthenticationFailure) else DEFAULT_OPEN)
    return gym.mail_circuit_until


def answered(session: Session, *, now: datetime) -> None:
    """The server took a mail, or knew its reader well enough to say no: nothing is wrong with it (any more)."""
    gym = the_gym(session)
    if gym.mail_circuit_until is not None:
        close(session, now=now)
    elif gym.mail_trouble is not None or gym.mail_refused_id is not None:
        _forget_trouble(gym)
        _pull_forward(session, due_at=now + SOON)


def close(session: Session, *, now: datetime) -> None:
    """Everything that waits is tried at once, and its pauses begin anew."""
    _forget_trouble(the_gym(session))
    _pull_forward(session, due_at=now, attempts=0)


def _forget_trouble(gym: Gym) -> None:
    gym.mail_circuit_until = gym.mail_trouble = gym.mail_trouble_since = gym.mail_refused_id = None


def _pull_forward(session: Session, *, due_at: datetime, **columns: int) -> None:
    """What was tried in vain is due at this instant, if it was not due before it."""
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.state == MessageState.QUEUED,
            OutboxMessage.channel != WEBHOOK,
            OutboxMessage.attempts > 0,
            OutboxMessage.due_at > due_at,
        )
        .values(due_at=due_at, **columns)
        .execution_options(synchronize_session=False)
    )
