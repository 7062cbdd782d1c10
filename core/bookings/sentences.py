"""Text about a booking: who changed it, first names for exports, reasons validated."""

import re
from dataclasses import dataclass
from datetime import datetime

from core.bookings.models import Booking, Status
from core.errors import Invalid
from core.platform.actor import ActorRole
from core.platform.text_cleaning import paragraphs

REASON_LENGTH = 500  # at most
# What stands between the names of several children: signs of any script's lists, and the word.
BETWEEN_CHILDREN = re.compile(r"\s*(?:[&+/;,、，]|\band\b)\s*", re.IGNORECASE)


def actor_name(booking: Booking) -> str:
    """The name of who changed the booking last, for staff."""
    if booking.changed_by_account is not None:
        return booking.changed_by_account.name
    return {ActorRole.PARENT: "The family", ActorRole.CLOCK: "The clock"}.get(booking.changed_by, "Somebody")


@dataclass(frozen=True)
class Overturned:
    """An outcome that an admin's approval has overturned."""

    outcome: Status  # DENIED or EXPIRED
    at: datetime  # when it had come, aware UTC


def overturned(booking: Booking) -> Overturned | None:
    """The outcome before an admin's override; None where the approval was the first answer."""
    if booking.approved_at is None:
        return None
    if booking.denied_at is not None:
        return Overturned(Status.DENIED, booking.denied_at)
    return Overturned(Status.EXPIRED, booking.expired_at) if booking.expired_at is not None else None


def first_names(booking: Booking) -> str:
    """
    The athletes' first names, for whatever leaves the gym: feeds and exported tables. "Zeb Miller" is "Zeb".

    Of several children each is named: "Ida and Bo Miller" are "Ida, Bo". A word that is the parent's surname is left
    out wherever it stands ("Miller, Zeb").
    """
    surname = booking.customer_name.split()[-1:]
    named = [_without(part.split(), surname) for part in BETWEEN_CHILDREN.split(booking.athlete_name)]
    firsts = [words[0] for words in named if words]
    return ", ".join(firsts) or booking.athlete_name.split()[0]


def _without(words: list[str], surname: list[str]) -> list[str]:
    return [word for word in words if word.casefold() not in {name.casefold() for name in surname}]


def reason_given(reason: str | None, *, required: bool) -> str | None:
    """Validate a reason; None if there is none. Raises Invalid when it is missing or too long."""
    reason = paragraphs(reason or "")
    if len(reason) > REASON_LENGTH:
        raise Invalid({"reason": f"Please shorten the reason to {REASON_LENGTH} characters."})
    if required and not reason:
        raise Invalid({"reason": "Please give a reason."})
    return reason or None
