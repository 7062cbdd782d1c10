"""The terms of cancelling: until when a family cancels free of charge, and what it costs later; as it agreed to them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.bookings.models import Booking
from core.gym.models import Gym


@dataclass(frozen=True)
class Terms:
    """Free until `late_hours` before the lesson, with 0 until it begins; `fee`: the gym's own words, may be empty."""

    late_hours: int
    fee: str

    @property
    def code(self) -> str:
        """Stands for these terms in a form's hidden field."""
        return f"{self.late_hours}-{hashlib.sha256(self.fee.encode()).hexdigest()[:16]}"

    def free_until(self, starts_at: datetime) -> datetime:
        return starts_at - timedelta(hours=self.late_hours)

    def is_late(self, starts_at: datetime, now: datetime) -> bool:
        """Whether a family that cancels its confirmed lesson now does so late."""
        return now > self.free_until(starts_at)


def gyms_terms(gym: Gym) -> Terms:
    """What the gym offers to whoever asks now."""
    return Terms(gym.late_cancel_hours, gym.cancellation_fee_text)


def terms_of(booking: Booking, gym: Gym) -> Terms:
    """What this family agreed to; fewer hours by now are in its favour. An older booking knows only the gym's present terms."""
    agreed = booking.late_cancel_hours
    hours = gym.late_cancel_hours if agreed is None else min(agreed, gym.late_cancel_hours)
    return Terms(hours, gym.cancellation_fee_text if booking.late_fee_text is None else booking.late_fee_text)


def late_sentence(terms: Terms) -> str:
    """What a late cancellation means, for who is about to make one."""
    soon = f"It is less than {terms.late_hours} hours until the lesson, so this counts as a late cancellation."
    return f"{soon} {terms.fee}".strip()


def announcement(terms: Terms, starts_at: datetime, *, now: datetime) -> str:
    """What the lesson's form says about cancelling, before anything is agreed to."""
    if not terms.late_hours:
        return "You can cancel on your own page, free of charge until the lesson begins."
    if terms.is_late(starts_at, now):
        soon = "so soon before the lesson, a confirmed one counts as a late cancellation."
        return f"You can cancel on your own page; {soon} {terms.fee}".strip()
    free = f"free of charge until {terms.late_hours} hours before the lesson. After that it counts as late."
    return f"You can cancel on your own page, {free} {terms.fee}".strip()


def announced(terms: Terms, starts_at: datetime, *, now: datetime) -> str:
    """A form's hidden field: the terms that it showed, and whether it said that cancelling would be late at once."""
    return f"{terms.code}-{'late' if terms.is_late(starts_at, now) else 'free'}"


def is_worse(shown: str, terms: Terms, starts_at: datetime, *, now: datetime) -> bool:
    """Whether a form that showed this announced other terms, or freedom where it would be late at once by now."""
    code, _, then = shown.rpartition("-")
    return code != terms.code or (then == "free" and terms.is_late(starts_at, now))
