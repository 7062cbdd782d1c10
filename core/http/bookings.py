"""A booking as JSON: the same for the site, the console's API, and whoever scripts against them."""

from datetime import datetime
from typing import Any

from core.bookings.models import Booking
from core.http.problems import utc_text


def booking_as_json(booking: Booking, *, now: datetime) -> dict[str, Any]:
    """Instants are UTC with Z; `id` opens nothing by itself. A request past its expiry is EXPIRED, swept or not."""
    return {
        "id": booking.id,
        "status": booking.status_at(now).value,
        "startDateTimeUTC": utc_text(booking.starts_at),
        "endDateTimeUTC": utc_text(booking.ends_at),
        "autoExpireAt": _or_none(booking.expires_at),
        "coachId": booking.coach_id,
        "lessonId": booking.lesson_type_id,
        "requestedAt": utc_text(booking.requested_at),
        "approvedAt": _or_none(booking.approved_at),
        "deniedAt": _or_none(booking.denied_at),
        "denialReason": booking.denial_reason,
    }


def despite_wrong(despite: Any) -> dict[str, str]:
    """What is wrong with the concerns that an answer names, as an error by field."""
    if isinstance(despite, list) and all(isinstance(name, str) for name in despite):
        return {}
    return {"despite": "This should be a list of concerns, such as outside_hours."}


def _or_none(at: datetime | None) -> str | None:
    return utc_text(at) if at else None
