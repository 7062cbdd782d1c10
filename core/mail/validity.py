"""Validity check of a mail, right before it is sent: one that is no longer true is dropped, with the reason."""

from datetime import datetime

from core.bookings.mail_status import state_of
from core.bookings.models import Booking, Status
from core.mail.digest import Digest
from core.outbox.kinds import TrueWhile
from core.outbox.models import OutboxMessage
from core.people.models import SignInLink


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
    if link is not None:  # a mail to sign in: its link is all it is about
        return _why_link_is_over(link, now)
    if digest is not None:  # a mail about several things is true while one of them is left
        return digest.why_needless()
    if booking is None:
        return None  # an alert: its notice is asked instead (core/mail/delivery.py)
    if message.account_id is None and message.recipient != booking.customer_email:
        return "the family's address was corrected before this mail was sent"
    if (
        message.kind.spec.true_while is TrueWhile.UNCONFIRMED
    ):  # an unconfirmed request has no row, so no id, as a booking
        return "the request was confirmed before this mail was sent" if booking.id else None
    return _why_booking_differs(message, booking, now)


def _why_booking_differs(message: OutboxMessage, booking: Booking, now: datetime) -> str | None:
    status, wanted = booking.status_at(now), state_of(message.kind)
    was_changed = message.kind.spec.true_while is TrueWhile.UNCHANGED and booking.version != message.booking_version
    if wanted is Status.PENDING and status is not wanted:
        return f"the request was {_word(status)} before this mail was sent"
    if was_changed or (wanted is not None and status is not wanted):
        return f"the booking was {_word(status)} before this mail was sent"
    return None


def _why_link_is_over(link: SignInLink, now: datetime) -> str | None:
    """An invitation sent again ends the link of the one before it."""
    if link.used_at is not None:
        return "the link was used before this mail was sent"
    return "the link was replaced before this mail was sent" if link.expires_at <= now else None


def _word(status: Status) -> str:
    return {Status.PENDING: "waiting again"}.get(status, status.value.lower())
