"""
Lanes of the outbox: separate queues, each with senders of its own, so that none waits for another.

    MAIL      to families and staff
    ALERTS    urgent kinds of mail, which today are those about an incident: never behind a thousand others
    WEBHOOK   posts to the webhook, which may be slow
"""

import enum

from sqlalchemy import ColumnElement, and_

from core.outbox.kinds import MessageKind
from core.outbox.models import WEBHOOK, OutboxMessage


class Lane(enum.Enum):
    MAIL = enum.auto()
    ALERTS = enum.auto()
    WEBHOOK = enum.auto()

    def holds(self) -> ColumnElement[bool]:
        """SQL condition: the rows of this lane."""
        if self is Lane.WEBHOOK:
            return OutboxMessage.channel == WEBHOOK
        is_urgent = OutboxMessage.kind.in_([kind for kind in MessageKind if kind.spec.urgent])
        return and_(OutboxMessage.channel != WEBHOOK, is_urgent if self is Lane.ALERTS else ~is_urgent)


ALL_LANES = tuple(Lane)
