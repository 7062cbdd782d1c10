"""Attendance of a confirmed lesson that has begun: taught, or a no-show."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.bookings import queries
from core.bookings.models import Attendance, Booking, Status
from core.bookings.permissions import by_member_of_staff, check_may_change
from core.errors import NotPossible
from core.platform.actor import Actor
from core.schedule.models import Coach

VERBS = {
    Attendance.TAUGHT: Verb.TAUGHT,
    Attendance.NO_SHOW: Verb.NO_SHOW,
    None: Verb.ATTENDANCE_UNDONE,
}


def note_attendance(
    session: Session, coach: Coach, booking_id: int, attendance: Attendance | None, *, by: Actor, now: datetime
) -> Booking:
    """
    Record attendance, by the coach or an admin; it can be corrected, each change is in the audit log. Nobody is mailed.

    attendance: None takes the note back. The same again changes nothing.

    Raises:
        NotFound: another coach's. NotAllowed: the account is not in use any more.
        NotPossible: the lesson is not confirmed, or has not begun.
    """
    by = by_member_of_staff(session, coach, by)
    booking = queries.read_again(session, booking_id, coach)
    check_may_change(session, booking, by)
    if booking.status is not Status.APPROVED:
        raise NotPossible(f"This booking is {booking.status_at(now).value.lower()}, so there was no lesson.")
    if now < booking.starts_at:
        raise NotPossible("The lesson has not begun.")
    if booking.attendance is attendance:  # a second click: no row in the audit log
        return booking
    session.execute(
        update(Booking)
        .where(Booking.id == booking.id, Booking.status == Status.APPROVED)
        .values(attendance=attendance)
        .execution_options(synchronize_session=False)
    )
    session.refresh(booking)
    audit.record(session, VERBS[attendance], "booking", booking.id, by=by, now=now)
    session.flush()
    return booking
