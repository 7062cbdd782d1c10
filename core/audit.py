"""
The audit log: who of the staff did what, when, and through which channel; one row an action, never altered, kept for ever.

Ids, a verb, a channel and an instant; no text of anybody's, so that nothing in it has to be forgotten. What happens to a
booking's state has a history of its own (core.bookings.history); core.ops.audit_view reads both as one.
"""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.platform.actor import Actor
from core.platform.orm import Base


class Verb(enum.StrEnum):
    """The actions that are logged. A new one needs no migration: the column is plain text."""

    INVITED = "invited"
    ROLE_CHANGED = "role changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    SESSIONS_ENDED = "sessions ended"
    IDENTITY_FORGOTTEN = "identity forgotten"
    KEY_MADE = "key made"
    KEY_ENDED = "key ended"
    GYM_CHANGED = "gym changed"
    RULES_CHANGED = "rules changed"
    LESSON_CHANGED = "lesson changed"
    HOURS_CHANGED = "hours changed"
    PREFERENCES_CHANGED = "preferences changed"
    PAGE_CHANGED = "page changed"
    FEED_RENEWED = "feed renewed"
    CONTENT_CHANGED = "content changed"
    PICTURE_SENT = "picture sent"
    PICTURE_REPLACED = "picture replaced"
    PICTURE_CHANGED = "picture changed"
    PICTURE_DELETED = "picture deleted"
    MAIL_RETRIED = "mail retried"
    MAIL_RESENT = "mail sent again"
    MAIL_DROPPED = "mail dropped"
    MAIL_HELD = "mail held"
    MAIL_RELEASED = "mail released"
    RESTORED = "restored from a backup"
    TAUGHT = "lesson taught"
    NO_SHOW = "no-show"
    ATTENDANCE_UNDONE = "attendance undone"
    ADDRESS_CORRECTED = "address corrected"
    FAMILY_CALLED = "family called"
    UNREACHED_SETTLED = "undelivered mail settled"
    ANONYMISED = "anonymised"
    ALERT_RULE_ADDED = "alert rule added"
    ALERT_RULE_CHANGED = "alert rule changed"
    ALERT_RULE_DELETED = "alert rule deleted"
    ALERT_RULE_MUTED = "alert rule muted"
    ALERT_RULE_UNMUTED = "alert rule unmuted"
    INCIDENT_ACKNOWLEDGED = "incident acknowledged"
    INCIDENT_RESOLVED = "incident resolved"


class AuditEvent(Base):
    """
    One action of one member of staff. The database refuses to change or delete it (`audit_event_append_only`).
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        # the newest change of one thing: who saved a form last (core.gym.form_merge)
        Index("ix_audit_event_subject_subject_id", "subject", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)  # the log's page reads it by time, newest first
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))  # None: the command line or the clock
    verb: Mapped[str]  # a Verb's value
    door: Mapped[str]  # the channel, a value of core.platform.actor.Channel
    subject: Mapped[str]  # the kind of thing that was changed, such as "account"
    subject_id: Mapped[int | None]  # its id; None for "gym", of which there is one


def record(
    session: Session, verb: Verb, subject: str, subject_id: int | None = None, *, by: Actor, now: datetime
) -> None:
    """Add one row to the audit log. Call it in the transaction of the action."""
    session.add(
        AuditEvent(
            at=now,
            account_id=by.account_id,
            verb=verb.value,
            door=by.channel.value,
            subject=subject,
            subject_id=subject_id,
        )
    )
