"""Retention of sign-in links and invitations: removed, with their mails, a week after their end."""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from core.outbox.models import MessageState, OutboxMessage
from core.people.models import SignInLink

KEPT = timedelta(days=7)  # so that one can still see that it was mailed


def forget_old_links(session: Session, *, now: datetime) -> None:
    """Delete old links and their mails. Safe to run at any time; a mail that is being sent stays until the next time."""
    ended = SignInLink.expires_at < now - KEPT
    no_sync = {"synchronize_session": False}
    session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.sign_in_link_id.in_(select(SignInLink.id).where(ended)),
            OutboxMessage.state != MessageState.SENDING,
        ),
        execution_options=no_sync,
    )
    has_mail = exists().where(OutboxMessage.sign_in_link_id == SignInLink.id)
    session.execute(delete(SignInLink).where(ended, ~has_mail), execution_options=no_sync)
