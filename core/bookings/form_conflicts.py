"""Optimistic concurrency: what a form showed is compared with what is stored now; a difference must be confirmed first."""

from datetime import datetime

from core.bookings.cancellation_terms import Terms, announcement, gyms_terms, is_worse, late_sentence
from core.bookings.lesson_request import Shown
from core.bookings.models import Booking
from core.errors import NotAsShown
from core.gym.models import Gym
from core.schedule.availability import Slot
from core.schedule.models import Coach, LessonType
from core.wording import money, spoken_time


def check_lesson(seen: Shown, coach: Coach, lesson: LessonType, slot: Slot, gym: Gym, *, now: datetime) -> None:
    """Check that price, length, way of booking and terms are as the form, or program, was shown. Raises NotAsShown."""
    if changes := lesson_changes(seen, coach, lesson, slot, gym, now=now):
        raise NotAsShown(changes, "Nothing is booked yet. If that is fine with you, press the button once more.")


def lesson_changes(
    seen: Shown, coach: Coach, lesson: LessonType, slot: Slot, gym: Gym, *, now: datetime
) -> dict[str, str]:
    """Compare a lesson with what was shown: field → sentence for each difference. A field that was not sent was not shown."""
    changes: dict[str, str] = {}
    if seen.price_cents not in (None, lesson.price_cents):
        assert seen.price_cents is not None
        changes["price_cents"] = (
            f"The price has changed: it was {money(seen.price_cents)} and is {money(lesson.price_cents)} now."
        )
    if seen.minutes not in (None, lesson.minutes):
        changes["minutes"] = (
            f"The length has changed: it was {seen.minutes} minutes and is {lesson.minutes} minutes now."
        )
    if seen.requires_approval not in (None, slot.requires_approval):
        changes["requires_approval"] = (
            f"This time has to be asked for now: {coach.name} answers first."
            if slot.requires_approval
            else f"This time is booked at once now, without asking {coach.name} first."
        )
    terms = gyms_terms(gym)
    if seen.cancelling is not None and is_worse(seen.cancelling, terms, slot.starts_at, now=now):
        terms_now = announcement(terms, slot.starts_at, now=now)
        changes["cancelling"] = f"What cancelling means has changed. {terms_now}"
    return changes


def check_costs(shown: str | None, terms: Terms) -> None:
    """
    Check that a late cancellation was announced as one, on these terms.

    shown: `Terms.code` where the page said that it counts as late, empty where it did not; None where nobody was shown
    anything: a member of staff, or a program, acts.

    Raises NotAsShown.
    """
    if shown is not None and shown != terms.code:
        raise NotAsShown(
            {"cancelling": late_sentence(terms)},
            "Nothing is cancelled yet. If you still want to cancel, press the button once more.",
        )


def check_time(booking: Booking, slot_version: int | None) -> None:
    """Check that the lesson was not moved since it was shown. None: a program that was shown no time. Raises NotAsShown."""
    if slot_version not in (None, booking.slot_version):
        time = spoken_time(booking.starts_at, booking.ends_at, booking.coach.zone)
        raise NotAsShown({"time": f"The lesson was moved: it is on {time} now."}, "Nothing was changed.")
