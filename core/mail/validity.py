"""Is this mail still true? Asked just before it is sent; what is no longer true is dropped, with the reason."""

from datetime import datetime

from core.bookings.models import Booking, Status
from core.mail.digest import Digest
from core.outbox.models import MessageKind, OutboxMessage
from core.people.models import SignInLink

SAYS_PENDING = {MessageKind.REQUEST, MessageKind.REMINDER, MessageKind.REQUEST_RECEIVED, MessageKind.REHEARSAL}
SAYS = {
    MessageKind.CONFIRMED: Status.APPROVED,
    MessageKind.BOOKED_DIRECTLY: Status.APPROVED,
    MessageKind.DENIED: Status.DENIED,
    MessageKind.EXPIRED: Status.EXPIRED,
    MessageKind.REQUEST_EXPIRED: Status.EXPIRED,
    MessageKind.CANCELLED: Status.CANCELLED,
    MessageKind.LESSON_CANCELLED: Status.CANCELLED,
}


def why_untrue(
    message: OutboxMessage,
    booking: Booking | None,
    link: SignInLink | None,
    digest: Digest | None = None,
    *,
    now: datetime,
) -> str | None:
    """The reason to drop it, in words; None if it is true."""
    if message.not_after is not None and now >= message.not_after:
        return "it was too late to send it"
    if link is not None:
        return _why_link_is_over(link, now)
    if digest is not None:
        return digest.why_needless()
    if booking is None:
        return None
    if message.account_id is None and message.recipient != booking.customer_email:
        return "the family's address was corrected before this mail was sent"
    if message.kind is MessageKind.CONFIRM_REQUEST:
        return "the request was confirmed before this mail was sent" if booking.id else None
    status = booking.status_at(now)
    if message.kind in SAYS_PENDING and status is not Status.PENDING:
        return f"the request was {_word(status)} before this mail was sent"
    if message.kind in SAYS and status is not SAYS[message.kind]:
        return f"the booking was {_word(status)} before this mail was sent"
    if message.kind is MessageKind.DECIDED_BY_ADMIN and booking.version != message.booking_version:
        return f"the booking was {_word(status)} before this mail was sent"
    return None


def _why_link_is_over(link: SignInLink, now: datetime) -> str | None:
    """An invitation sent again ends the link of the one before it."""
    if link.used_at is not None:
        return "the link was used before this mail was sent"
    return "the link was replaced before this mail was sent" if link.expires_at <= now else None


def _word(status: Status) -> str:
    return {Status.PENDING: "waiting again"}.get(status, status.value.lower())
