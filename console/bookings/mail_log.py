"""Delivery status of one outbox message, as a sentence."""

from zoneinfo import ZoneInfo

from core.outbox.models import MessageState, OutboxMessage
from core.platform import clock
from core.wording import spoken_instant


def mail_status(message: OutboxMessage, zone: ZoneInfo) -> str:
    """A message's state in one sentence: sent, dropped or dead with the reason, sending, queued."""
    when = spoken_instant(message.finished_at or message.due_at, zone)
    match message.state:
        case MessageState.SENT:
            return f"Sent on {when}."
        case MessageState.DROPPED:
            return f"Not sent: {message.last_error}."
        case MessageState.DEAD:
            return f"Given up on {when}: {message.last_error}."
        case MessageState.SENDING:
            return "Being sent at this moment."
    if message.last_error:
        return f"Tried, and waits until {when}: {message.last_error}."
    return f"Waits until {when}." if message.due_at > clock.now() else "Due now."


def mail_name(message: OutboxMessage) -> str:
    """A message's kind and recipient: "request received to sam@example.org"."""
    return f"{message.kind.label} to {message.recipient}"
