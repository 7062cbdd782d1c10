"""Link from any page to a booking's detail, which is on the page Bookings."""

from pathlib import Path

import streamlit as st

from console.widgets.markdown import inert
from core.bookings.models import Booking
from core.wording import spoken_time

OPEN = "open_booking"  # session state: the id of the open booking
BOOKINGS = Path(__file__).parent.parent / "app_pages" / "bookings.py"


def open_button(booking: Booking, place: str) -> None:
    """A button that opens a booking's detail. place: part of its key, so that one booking can have several on a page."""
    when = spoken_time(booking.starts_at, booking.ends_at, booking.coach.zone)
    label = inert(f"Open {when}, {booking.athlete_name}")
    if st.button("Open", key=f"{place}-open-{booking.id}", help=label, width="stretch"):
        st.session_state[OPEN] = booking.id
        st.switch_page(BOOKINGS)
