"""Retention: anonymise bookings whose lesson ended some months ago (two years by default)."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.bookings.models import Booking
from core.bookings.notes import BookingNote
from core.gym.models import the_gym
from core.outbox.models import OutboxMessage
from core.platform.actor import THE_CLOCK
from core.platform.signed_tokens import new_handle

A_MONTH = timedelta(days=365.25 / 12)  # on average: a retention time is no calendar date
AT_ONCE = 200  # so that no writer waits for long; the next sweep goes on
NOBODY, NOBODYS_ADDRESS = "(forgotten)", "forgotten@example.org"  # a mail to it can be looked at, and reaches nobody
FORGOTTEN: dict[
    str, object
] = {  # the personal data, and what replaces it; core.ops.names_in_copies applies it to copies too
    "customer_name": NOBODY,
    "customer_email": NOBODYS_ADDRESS,
    "customer_key": "",
    "customer_phone": None,
    "athlete_name": NOBODY,
    "notes": "",
    "denial_reason": None,
    "cancel_reason": None,
    "override_reason": None,
    "after_all_reason": None,
    "idempotency_key_hash": None,
    "command_hash": None,
}


def anonymise_finished(session: Session, *, now: datetime) -> int:
    """
    Anonymise bookings that ended more than `gym.anonymise_after_months` ago. Safe to run at any time.

    Coach, lesson, times, price, state and history stay. The family's link opens nothing any more.

    Returns:
        How many bookings; at most AT_ONCE.
    """
    months = the_gym(session).anonymise_after_months
    if not months:  # the gym keeps names for ever
        return 0
    old = session.scalars(
        select(Booking.id)
        .where(Booking.starts_at < now - A_MONTH * months, Booking.ends_at < now - A_MONTH * months)
        .where(Booking.anonymised_at.is_(None))
        .order_by(Booking.starts_at)
        .limit(AT_ONCE)
    ).all()
    for booking_id in old:
        session.execute(
            update(Booking)
            .where(Booking.id == booking_id)
            .values(**FORGOTTEN, handle=new_handle(), anonymised_at=now)
            .execution_options(synchronize_session=False)
        )
        audit.record(session, Verb.ANONYMISED, "booking", booking_id, by=THE_CLOCK, now=now)
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.booking_id.in_(old), OutboxMessage.account_id.is_(None))
        .values(recipient=NOBODYS_ADDRESS, last_error=None)  # servers repeat an address in what they refuse
        .execution_options(synchronize_session=False)
    )
    session.execute(delete(BookingNote).where(BookingNote.booking_id.in_(old)))
    session.flush()
    return len(old)
