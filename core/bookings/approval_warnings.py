"""Warnings before an approval, to be confirmed: the time is outside the coach's hours by now, or the lesson is not offered."""

import enum
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.orm import Session

from core.bookings.models import Booking
from core.bookings.outside_hours import outside_hours
from core.errors import NeedsAgreement


class Concern(enum.StrEnum):
    """The warnings; stable codes, which are sent back by whoever confirms."""

    OUTSIDE_HOURS = "outside_hours"
    LESSON_ENDED = "lesson_ended"


def concerns(session: Session, bookings: Sequence[Booking]) -> dict[int, dict[Concern, str]]:
    """Warnings of each booking: booking id → {concern: sentence}; empty where there is none."""
    sentences: dict[int, dict[Concern, str]] = {booking.id: {} for booking in bookings}
    for coach in {booking.coach for booking in bookings}:
        hers = [booking for booking in bookings if booking.coach is coach]
        for booking in outside_hours(session, coach, hers):
            sentences[booking.id][Concern.OUTSIDE_HOURS] = f"This time is outside of {coach.name}’s hours by now."
        for booking in hers:
            if not booking.lesson.active or booking.lesson not in coach.lessons:
                ended = f"{booking.lesson.name} with {coach.name} is not offered any more."
                sentences[booking.id][Concern.LESSON_ENDED] = ended
    return sentences


def check_agreed(session: Session, booking: Booking, despite: Collection[str]) -> None:
    """Check that every warning was confirmed. despite: codes of the confirmed ones. Raises NeedsAgreement."""
    open_concerns: Mapping[Concern, str] = concerns(session, [booking])[booking.id]
    if not set(open_concerns) <= set(despite):
        raise NeedsAgreement({concern.value: sentence for concern, sentence in open_concerns.items()})
