"""Outbox commands of an admin, or of the command line: retry, resend, drop, hold, release; each is in the audit log."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.mail.resend import resend as send_again
from core.outbox import messages as outbox
from core.outbox.models import OutboxMessage
from core.people.permissions import check_is_admin
from core.platform.actor import COMMAND_LINE, Actor
from core.platform.text_cleaning import one_line

DROPPED_BY_HAND = "dropped by hand"


def retry(session: Session, message_id: int, *, by: Actor, now: datetime) -> OutboxMessage:
    """Try a dead or waiting mail at once. Raises NotAllowed, NotFound, NotPossible."""
    _check_may(session, by)
    message = outbox.retry(session, message_id, now=now)
    audit.record(session, Verb.MAIL_RETRIED, "mail", message_id, by=by, now=now)
    return message


def retry_dead(session: Session, since: datetime | None = None, *, by: Actor, now: datetime) -> Sequence[OutboxMessage]:
    """Try every dead mail at once, or those given up from an instant on. Raises NotAllowed."""
    _check_may(session, by)
    messages = outbox.retry_dead(session, since=since, now=now)
    for message in messages:
        audit.record(session, Verb.MAIL_RETRIED, "mail", message.id, by=by, now=now)
    return messages


def resend(session: Session, message_id: int, *, by: Actor, now: datetime) -> OutboxMessage:
    """Send it again, to the address on record; a sent one as a new mail. Raises NotAllowed, NotFound, NotPossible."""
    _check_may(session, by)
    message = send_again(session, message_id, now=now)
    audit.record(session, Verb.MAIL_RESENT, "mail", message_id, by=by, now=now)
    return message


def drop(
    session: Session, message_id: int, *, reason: str = DROPPED_BY_HAND, by: Actor, now: datetime
) -> OutboxMessage:
    """Never send this mail. Raises NotAllowed, NotFound, NotPossible."""
    _check_may(session, by)
    message = outbox.drop(session, message_id, reason=one_line(reason), now=now)
    audit.record(session, Verb.MAIL_DROPPED, "mail", message_id, by=by, now=now)
    return message


def hold(session: Session, *, by: Actor, now: datetime) -> None:
    """Nothing leaves the outbox until it is released. Raises NotAllowed."""
    _check_may(session, by)
    outbox.hold(session, now=now)
    audit.record(session, Verb.MAIL_HELD, "gym", by=by, now=now)


def release(session: Session, *, by: Actor, now: datetime) -> None:
    """Mail goes out again, and a refused password is forgotten. Raises NotAllowed."""
    _check_may(session, by)
    outbox.release(session, now=now)
    audit.record(session, Verb.MAIL_RELEASED, "gym", by=by, now=now)


def _check_may(session: Session, by: Actor) -> None:
    if by != COMMAND_LINE:
        check_is_admin(session, by)
