"""
Lanes of the outbox: queues that never wait for each other, each with senders of its own.

    MAIL      to families and staff
    ALERTS    mail to admins about an incident: never behind a thousand others
    WEBHOOK   what a program is told: it may be slow, and is nobody's mail server
"""

import enum

from sqlalchemy import ColumnElement, and_

from core.outbox.models import WEBHOOK, MessageKind, OutboxMessage


class Lane(enum.Enum):
    MAIL = enum.auto()
    ALERTS = enum.auto()
    WEBHOOK = enum.auto()

    def holds(self) -> ColumnElement[bool]:
        """Which rows wait in it."""
        if self is Lane.WEBHOOK:
            return OutboxMessage.channel == WEBHOOK
        is_alert = OutboxMessage.kind == MessageKind.ALERT
        return and_(OutboxMessage.channel != WEBHOOK, is_alert if self is Lane.ALERTS else ~is_alert)


ALL_LANES = tuple(Lane)
