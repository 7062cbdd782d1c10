"""Words about a booking that more than one command needs."""

from core.bookings.models import Actor, Booking
from core.errors import Invalid

REASON_LENGTH = 500


def actor_name(booking: Booking) -> str:
    """Who changed it last, as staff read it."""
    if booking.changed_by_account is not None:
        return booking.changed_by_account.name
    return {Actor.PARENT: "The family", Actor.CLOCK: "The clock"}.get(booking.changed_by, "Somebody")


def reason_given(reason: str | None, *, required: bool) -> str | None:
    """The reason without margins, None if there is none. Raises Invalid when it is missing or too long."""
    reason = (reason or "").replace("\r\n", "\n").replace("\x00", "").strip()
    if len(reason) > REASON_LENGTH:
        raise Invalid({"reason": f"Please shorten the reason to {REASON_LENGTH} characters."})
    if required and not reason:
        raise Invalid({"reason": "Please give a reason."})
    return reason or None
