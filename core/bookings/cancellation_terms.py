"""Terms of cancelling: until when it is free, and what it costs later; as offered now and as agreed to."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.bookings.models import Booking
from core.gym.models import Gym


@dataclass(frozen=True)
class Terms:
    """One version of the terms of cancelling."""

    late_hours: int  # free until so long before the lesson; 0: until it begins
    fee: str  # the gym's own words about what it costs later; may be empty

    @property
    def code(self) -> str:
        """A version tag of these terms (hours, hash of the fee), for a form's hidden field."""
        return f"{self.late_hours}-{hashlib.sha256(self.fee.encode()).hexdigest()[:16]}"

    def free_until(self, starts_at: datetime) -> datetime:
        """The last instant at which a lesson can be cancelled free of charge, included."""
        return starts_at - timedelta(hours=self.late_hours)

    def is_late(self, starts_at: datetime, now: datetime) -> bool:
        """Whether cancelling a confirmed lesson at `now` is late."""
        return now > self.free_until(starts_at)


def gyms_terms(gym: Gym) -> Terms:
    """The gym's present terms, for new requests."""
    return Terms(gym.late_cancel_hours, gym.cancellation_fee_text)


def terms_of(booking: Booking, gym: Gym) -> Terms:
    """The terms of a booking: those agreed to, or fewer hours if the gym asks for fewer now. Old bookings have the present ones."""
    agreed = booking.late_cancel_hours
    hours = gym.late_cancel_hours if agreed is None else min(agreed, gym.late_cancel_hours)
    return Terms(hours, gym.cancellation_fee_text if booking.late_fee_text is None else booking.late_fee_text)


def late_sentence(terms: Terms) -> str:
    """The sentence about a late cancellation, before one is made."""
    soon = f"It is less than {terms.late_hours} hours until the lesson, so this counts as a late cancellation."
    return f"{soon} {terms.fee}".strip()


def announcement(terms: Terms, starts_at: datetime, *, now: datetime) -> str:
    """The sentence about cancelling on the request form, before anything is agreed to."""
    if not terms.late_hours:
        return "You can cancel on your own page, free of charge until the lesson begins."
    if terms.is_late(starts_at, now):
        soon = "so soon before the lesson, a confirmed one counts as a late cancellation."
        return f"You can cancel on your own page; {soon} {terms.fee}".strip()
    free = f"free of charge until {terms.late_hours} hours before the lesson. After that it counts as late."
    return f"You can cancel on your own page, {free} {terms.fee}".strip()


def announced(terms: Terms, starts_at: datetime, *, now: datetime) -> str:
    """The version tag for the request form's hidden field: the terms shown, and whether cancelling would be late at once."""
    return f"{terms.code}-{'late' if terms.is_late(starts_at, now) else 'free'}"


def is_worse(shown: str, terms: Terms, starts_at: datetime, *, now: datetime) -> bool:
    """Whether the terms are worse than the tag of `announced` says: others, or late at once where it was free."""
    code, _, then = shown.rpartition("-")
    return code != terms.code or (then == "free" and terms.is_late(starts_at, now))
