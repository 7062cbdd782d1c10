"""The state machine's one transition: a conditional update (compare and set), a history row, and the holds."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from core.bookings import history
from core.bookings.models import Booking, Hold, Status
from core.platform.actor import Actor
from core.platform.failpoints import failpoint

TAKES_TIME = (Status.PENDING, Status.APPROVED)  # states with a hold
STAMP = {
    Status.APPROVED: "approved_at",
    Status.DENIED: "denied_at",
    Status.EXPIRED: "expired_at",
    Status.CANCELLED: "cancelled_at",
}


def change(session: Session, booking: Booking, to: Status, *, by: Actor, now: datetime, **values: Any) -> bool:
    """
    Move a booking to another state, if nobody was faster.

    It happened if exactly one row changed: the row with the state and version that were read. A booking that no
    longer takes time loses its holds in the same transaction.

    Returns:
        Whether it happened. The booking is read again either way.
    """
    before = booking.status
    failpoint("before_change")
    changed = session.execute(
        update(Booking)
        .where(Booking.id == booking.id, Booking.status == before, Booking.version == booking.version)
        .values(
            status=to,
            version=Booking.version + 1,
            changed_at=now,
            changed_by=by.role,
            changed_by_account_id=by.account_id,
            channel=by.channel,
            **{STAMP[to]: now},
            **values,
        )
        .execution_options(synchronize_session=False)
    )
    session.refresh(booking)
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        return False  # another change came first, and stands
    history.record(session, booking, before=before, by=by, now=now)
    if to not in TAKES_TIME:  # its time is free for others
        session.execute(delete(Hold).where(Hold.booking_id == booking.id))
    failpoint("after_change")
    return True
