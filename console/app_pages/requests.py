"""Page Requests, the first one: pending requests, the soonest deadline first; below, the latest outcomes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from console.bookings.family_mail import unreached
from console.bookings.rehearsal import practice_request
from console.bookings.request_card import request_card
from console.widgets.flash import show_messages
from console.widgets.session import Staff, services, signed_in
from core.bookings import queries
from core.bookings.approval_warnings import Concern, concerns
from core.bookings.mail_status import DeliveryStatus, family_statuses
from core.bookings.models import Booking
from core.bookings.sentences import actor_name
from core.platform import clock
from core.platform.actor import ActorRole
from core.wording import spoken_instant, spoken_time

STATUS_WORDS = {
    "PENDING": ":orange[Waiting]",
    "APPROVED": ":green[Approved]",
    "DENIED": ":red[Denied]",
    "EXPIRED": ":red[Expired]",
    "CANCELLED": ":red[Cancelled]",
}


def page() -> None:
    staff = signed_in()
    now = clock.now()
    waiting, against, recent = _requests(staff, now) if staff.has_bookings else ([], {}, [])
    st.title("Requests")
    show_messages()
    unreached(staff)
    if not waiting:
        st.info("Nobody is waiting for an answer. New requests appear here by themselves.")
    for booking in waiting:
        request_card(booking, staff, against[booking.id])
    practice_request(staff)
    answered = [booking for booking in recent if booking not in waiting]
    if answered:
        st.header("What happened lately")
        with services().database.read() as session:
            mailed = family_statuses(session, answered, now=now)
        for booking in answered:
            _lately(booking, staff, mailed[booking.id])


def _requests(
    staff: Staff, now: datetime
) -> tuple[Sequence[Booking], Mapping[int, Mapping[Concern, str]], Sequence[Booking]]:
    """Pending requests, the warnings against approving each, and the bookings that changed last."""
    with services().database.read() as session:
        waiting = queries.requests_awaiting_answer(session, whose=staff.whose, now=now)
        return waiting, concerns(session, waiting), queries.recent_bookings(session, whose=staff.whose)


def _lately(booking: Booking, staff: Staff, mailed: DeliveryStatus) -> None:
    zone = booking.coach.zone
    coach = f", with {booking.coach.name}" if staff.is_admin else ""
    status = booking.status_at(clock.now()).value
    word = ":green[Booked]" if status == "APPROVED" and not booking.needed_asking else STATUS_WORDS[status]
    st.markdown(f"**{word}** · {spoken_time(booking.starts_at, booking.ends_at, zone)}")
    st.text(f"{booking.lesson.name} for {booking.athlete_name}{coach}; {_by(booking, status)}{_mail(mailed)}")


def _mail(mailed: DeliveryStatus) -> str:
    return "" if mailed is DeliveryStatus.NONE else f"\nMail to the family: {mailed.value}"


def _by(booking: Booking, status: str) -> str:
    if status == "EXPIRED":
        return "nobody answered in time"
    if booking.changed_by is ActorRole.PARENT:
        return f"by the family, {spoken_instant(booking.changed_at, booking.coach.zone)}"
    return f"by {actor_name(booking)}, {spoken_instant(booking.changed_at, booking.coach.zone)}"


page()
