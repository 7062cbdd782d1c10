"""The hold of a booking on its coach's time."""

from datetime import timedelta

from core.bookings.models import Booking, Hold, HoldKind
from core.schedule.models import LessonType

HOLD_GUARD = "ex_hold_coach"  # the exclusion constraint on PostgreSQL, the trigger on SQLite


def hold_for(booking: Booking, lesson: LessonType) -> Hold:
    """A new hold: the lesson's time with its buffers. The database refuses one that overlaps another of the coach."""
    return Hold(
        coach_id=booking.coach_id,
        booking_id=booking.id,
        kind=HoldKind.LESSON,
        busy_from=booking.starts_at - timedelta(minutes=lesson.buffer_before_min),
        busy_to=booking.ends_at + timedelta(minutes=lesson.buffer_after_min),
    )
