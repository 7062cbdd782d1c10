"""The append-only history of bookings: who changed one, when and through which channel; one row a change."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.bookings.models import Booking, BookingEvent, Status
from core.platform.actor import Actor
from core.telemetry import recording


def record(session: Session, booking: Booking, *, before: Status | None, by: Actor, now: datetime) -> None:
    """Add the change that just happened. The booking has its new state."""
    session.add(
        BookingEvent(
            booking_id=booking.id,
            coach_id=booking.coach_id,
            from_status=before,
            to_status=booking.status,
            actor=by.role,
            account_id=by.account_id,
            channel=by.channel,
            at=now,
        )
    )
    _note(session, booking, before=before, by=by, now=now)


def _note(session: Session, booking: Booking, *, before: Status | None, by: Actor, now: datetime) -> None:
    """For the monitor, once it is committed. An answer's value is how long the family waited for it, in seconds."""
    names = ["requested"] if before is None else []
    if booking.status is not Status.PENDING:
        names.append(booking.status.value.lower())
    answered = before is Status.PENDING and booking.status in (Status.APPROVED, Status.DENIED)
    waited_s = (now - booking.requested_at).total_seconds() if answered else 0.0
    for name in names:
        recording.note(
            session,
            "business",
            name,
            value=waited_s,
            coach_id=booking.coach_id,
            subject_id=booking.id,
            detail=f"{by.role} {by.channel}{' late' if booking.cancelled_late else ''}".lower(),
        )
