"""Messages of the outbox, added, looked up and changed: written with their cause; retried, dropped, held and released by hand."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import NotFound, NotPossible
from core.gym.models import the_gym
from core.outbox import circuit_breaker
from core.outbox.models import MAIL, WEBHOOK, MessageKind, MessageState, OutboxMessage, of_known_kind
from core.people.models import Account, SignInLink
from core.platform.db import guard_named
from core.platform.text_cleaning import searchable
from core.schedule.models import Coach

UNFINISHED = (MessageState.QUEUED, MessageState.SENDING)


def add_message(
    session: Session,
    kind: MessageKind,
    reader: Account | str,
    key: str,
    *,
    now: datetime,
    due_at: datetime | None = None,
    not_after: datetime | None = None,
    channel: str = MAIL,
    **cause: int | None,
) -> OutboxMessage:
    """
    Queue a message, due now or at due_at.

    Args:
        reader: a member of staff, or the address of somebody who has no account.
        key: of the fact it is about; a second message with the same one is refused by the database.
        cause: ids of what it is about, by column: booking_id, sign_in_link_id ...
    """
    account = reader if isinstance(reader, Account) else None
    message = OutboxMessage(
        kind=kind,
        channel=channel,
        account_id=account.id if account else None,
        recipient=reader.email if isinstance(reader, Account) else reader,
        dedupe_key=key,
        created_at=now,
        due_at=due_at or now,
        not_after=not_after,
        message_id=new_message_id(),
        **cause,
    )
    session.add(message)
    return message


def add_sign_in(session: Session, account: Account, link: SignInLink, *, now: datetime) -> OutboxMessage:
    """Queue the mail with a one-time link (an invitation where somebody invited); it dies with the link."""
    kind = MessageKind.SIGN_IN if link.invited_by_account_id is None else MessageKind.INVITATION
    key = f"{kind.value}:{link.id}"
    return add_message(session, kind, account, key, not_after=link.expires_at, sign_in_link_id=link.id, now=now)


def add_digest(
    session: Session, kind: MessageKind, coach: Coach, key: str, *, due_at: datetime, not_after: datetime, now: datetime
) -> OutboxMessage | None:
    """Queue a mail about several things. None if there is one with this key: another process was first."""
    try:
        with session.begin_nested():
            message = add_message(session, kind, coach.account, key, due_at=due_at, not_after=not_after, now=now)
            session.flush()
    except IntegrityError as error:
        if "dedupe_key" not in guard_named(error):
            raise
        return None  # written already
    return message


def add_alert(session: Session, change_id: int, account: Account | None, *, now: datetime) -> OutboxMessage:
    """Queue one notice of an incident: a mail to an admin, or a webhook call when `account` is None. One of each for a change."""
    channel = MAIL if account is not None else WEBHOOK
    key = f"{MessageKind.ALERT.value}:{change_id}:{channel}:{account.id if account is not None else ''}"
    return add_message(
        session, MessageKind.ALERT, account or WEBHOOK, key, channel=channel, alert_change_id=change_id, now=now
    )


def new_message_id() -> str:
    """The local part; the sender's domain follows when the mail is rendered."""
    return uuid.uuid4().hex


def get_message(session: Session, message_id: int) -> OutboxMessage:
    """Raises NotFound."""
    message = session.scalars(
        select(OutboxMessage).where(OutboxMessage.id == message_id, of_known_kind())
    ).one_or_none()
    if message is None:
        raise NotFound(f"There is no mail {message_id} in the outbox.")
    return message


def list_messages(
    session: Session,
    *,
    state: MessageState | None = None,
    text: str = "",
    limit: int = 200,
    before_id: int | None = None,
) -> Sequence[OutboxMessage]:
    """The latest mails first. text: in the recipient's address, or what the mail is about ("request received")."""
    query = select(OutboxMessage).where(of_known_kind()).order_by(OutboxMessage.id.desc()).limit(limit)
    if state is not None:
        query = query.where(OutboxMessage.state == state)
    if before_id is not None:
        query = query.where(OutboxMessage.id < before_id)
    if wanted := searchable(text):
        kinds = [kind for kind in MessageKind if wanted in kind.label]
        in_address = func.lower(OutboxMessage.recipient).contains(wanted, autoescape=True)
        query = query.where(or_(in_address, OutboxMessage.kind.in_(kinds)))
    return session.scalars(query).all()


def retry(session: Session, message_id: int, *, now: datetime) -> OutboxMessage:
    """Queue a dead or waiting mail to be tried at once. Raises NotFound; NotPossible for one that was sent or dropped."""
    message = get_message(session, message_id)
    if message.state not in (MessageState.DEAD, MessageState.QUEUED):
        raise NotPossible(
            f"Mail {message_id} is {message.state.value.lower()}; only a dead or waiting one can be tried again."
        )
    _queue_again(message, now=now)
    return message


def retry_dead(session: Session, *, since: datetime | None = None, now: datetime) -> Sequence[OutboxMessage]:
    """Queue every dead mail to be tried at once; with `since` those that were given up from then on."""
    query = select(OutboxMessage).where(OutboxMessage.state == MessageState.DEAD, of_known_kind())
    if since is not None:
        query = query.where(OutboxMessage.finished_at >= since)
    messages = session.scalars(query.order_by(OutboxMessage.id)).all()
    for message in messages:
        _queue_again(message, now=now)
    return messages


def count_dead(session: Session) -> int:
    """How many mails were given up."""
    return session.scalar(select(func.count()).where(OutboxMessage.state == MessageState.DEAD)) or 0


def _queue_again(message: OutboxMessage, *, now: datetime) -> None:
    """It waits from now on: what it waited before was somebody's decision."""
    message.state, message.attempts, message.finished_at = MessageState.QUEUED, 0, None
    message.due_at = message.first_due_at = now


def drop(session: Session, message_id: int, *, reason: str, now: datetime) -> OutboxMessage:
    """Never send this mail. Raises NotFound; NotPossible if it was sent or is being sent."""
    message = get_message(session, message_id)
    if message.state not in (MessageState.QUEUED, MessageState.DEAD):
        raise NotPossible(
            f"Mail {message_id} is {message.state.value.lower()}; only a dead or waiting one can be dropped."
        )
    message.state, message.last_error, message.finished_at = MessageState.DROPPED, reason, now
    return message


def hold(session: Session, *, now: datetime) -> None:
    """Nothing leaves the outbox until it is released."""
    the_gym(session).mail_held = True


def release(session: Session, *, now: datetime) -> None:
    """Mail goes out again, and everything that waits is tried at once, whatever the mail server said before."""
    the_gym(session).mail_held = False
    session.flush()
    circuit_breaker.close(session, now=now)


def count_due(session: Session, *, now: datetime) -> int:
    """How many would go out now."""
    due = select(func.count()).where(OutboxMessage.state.in_(UNFINISHED), OutboxMessage.due_at <= now)
    return session.scalar(due) or 0


def oldest_due_at(session: Session, *, now: datetime) -> datetime | None:
    """Since when the mail that waits longest has been due, however often it was tried; None when nothing is."""
    first = OutboxMessage.first_due_at
    return session.scalars(
        select(first).where(OutboxMessage.state.in_(UNFINISHED), first <= now).order_by(first).limit(1)
    ).one_or_none()
