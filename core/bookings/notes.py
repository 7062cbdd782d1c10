"""Private notes of staff about a booking: read by nobody else, mailed to nobody."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.bookings import queries
from core.errors import Invalid, NotAllowed, NotFound
from core.people.models import Role
from core.people.permissions import account_of
from core.platform.actor import Actor
from core.platform.orm import Base
from core.platform.text_cleaning import at_most, paragraphs

NOTE_LENGTH = 1000  # at most


class BookingNote(Base):
    """A member of staff's private note about a booking, one each."""

    __tablename__ = "booking_note"

    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)  # whose note it is
    text: Mapped[str]
    changed_at: Mapped[datetime]


def note_of(session: Session, booking_id: int, account_id: int) -> str:
    """An account's note about a booking; "" if there is none."""
    note = session.get(BookingNote, (booking_id, account_id))
    return note.text if note else ""


def keep_note(session: Session, booking_id: int, text: str, *, by: Actor, now: datetime) -> None:
    """
    Store one's own note about a booking; an empty text deletes it.

    Raises:
        NotFound: no such booking, or another coach's. NotAllowed: the account is not in use any more.
        Invalid: too long, or characters that cannot be shown.
    """
    account = account_of(session, by)
    if account is None or account.disabled_at is not None:
        raise NotAllowed("This account is not in use any more.")
    booking = queries.get_booking(session, booking_id)
    if account.role is not Role.ADMIN and booking.coach.account_id != account.id:
        raise NotFound
    try:
        text = at_most(paragraphs(text), NOTE_LENGTH)
    except ValueError as wrong:
        raise Invalid({"note": str(wrong)}) from None
    note = session.get(BookingNote, (booking_id, by.staff_id))
    if not text:
        if note is not None:
            session.delete(note)
    elif note is None:
        session.add(BookingNote(booking_id=booking_id, account_id=by.staff_id, text=text, changed_at=now))
    else:
        note.text, note.changed_at = text, now
    session.flush()
