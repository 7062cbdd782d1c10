"""What speaks against approving a request by now: its coach has changed her hours since, or the lesson has ended."""

import enum
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.orm import Session

from core.bookings.models import Booking
from core.bookings.outside_hours import outside_hours
from core.errors import NeedsAgreement


class Concern(enum.StrEnum):
    OUTSIDE_HOURS = "outside_hours"
    LESSON_ENDED = "lesson_ended"


def concerns(session: Session, bookings: Sequence[Booking]) -> dict[int, dict[Concern, str]]:
    """By booking's id a sentence for each concern; empty where nothing speaks against it."""
    found: dict[int, dict[Concern, str]] = {booking.id: {} for booking in bookings}
    for coach in {booking.coach for booking in bookings}:
        hers = [booking for booking in bookings if booking.coach is coach]
        for booking in outside_hours(session, coach, hers):
            found[booking.id][Concern.OUTSIDE_HOURS] = f"This time is outside of {coach.name}’s hours by now."
        for booking in hers:
            if not booking.lesson.active or booking.lesson not in coach.lessons:
                ended = f"{booking.lesson.name} with {coach.name} is not offered any more."
                found[booking.id][Concern.LESSON_ENDED] = ended
    return found


def check_agreed(session: Session, booking: Booking, despite: Collection[str]) -> None:
    """Raises NeedsAgreement unless whoever approves has seen each concern and approves all the same."""
    open_concerns: Mapping[Concern, str] = concerns(session, [booking])[booking.id]
    if not set(open_concerns) <= set(despite):
        raise NeedsAgreement({concern.value: sentence for concern, sentence in open_concerns.items()})
