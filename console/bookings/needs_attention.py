"""An admin's to-do list: staff whose mail bounces, coaches without any mail, bookings of disabled coaches."""

from collections.abc import Sequence

import streamlit as st

from console.bookings.booking_link import open_button
from console.widgets.acting import act
from console.widgets.markdown import inert
from console.widgets.session import Staff, services
from core.bookings.models import Booking
from core.bookings.open_commitments import Commitments, commitments_of_disabled
from core.mail.undelivered import UnreachedStaff, settle_staff, unreached_staff
from core.platform import clock
from core.schedule.preferences import coaches_without_mail
from core.wording import spoken_instant, spoken_time

MAX_LISTED = 20  # more are counted
HEARS_NOTHING = "has turned every mail off: only the console shows that a family waits"


def for_admins(staff: Staff) -> None:
    """Draw the list, on the page Today."""
    with services().database.read() as session:
        unreached, silent = unreached_staff(session), coaches_without_mail(session)
        left_behind = commitments_of_disabled(session, now=clock.now())
    if left_behind:
        st.header("With coaches who do not work here any more", anchor=False)
        list_commitments(left_behind, can_open=True)
    if unreached:
        st.header("Staff that our mail did not reach", anchor=False)
        for one in unreached:
            _member(one, staff)
    for coach in silent:
        st.warning(inert(f"{coach.name} {HEARS_NOTHING}."))


def list_commitments(open_with: Commitments, *, can_open: bool = False) -> None:
    """List pending requests and booked lessons, with names and times. can_open: with a button to each one's detail."""
    _list("1 request waits for an answer", "{} requests wait for an answer", open_with.requests, can_open)
    _list("1 lesson is booked", "{} lessons are booked", open_with.lessons, can_open)


def _list(one: str, several: str, bookings: Sequence[Booking], can_open: bool) -> None:
    if not bookings:
        return
    st.markdown(f"**{one if len(bookings) == 1 else several.format(len(bookings))}**")
    for booking in bookings[:MAX_LISTED]:
        if not can_open:
            st.text(_line(booking))
            continue
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.text(_line(booking))
        with right:
            open_button(booking, "left-behind")
    if len(bookings) > MAX_LISTED:
        st.text(f"and {len(bookings) - MAX_LISTED} more")


def _line(booking: Booking) -> str:
    when = spoken_time(booking.starts_at, booking.ends_at, booking.coach.zone)
    return f"{when}: {booking.athlete_name}, {booking.customer_name}, with {booking.coach.name}"


def _member(one: UnreachedStaff, staff: Staff) -> None:
    account, message = one.account, one.message
    at = spoken_instant(message.finished_at or message.due_at, services().settings.zone)
    with st.container(border=True, key=f"unreached-staff-{account.id}"):
        what = message.kind.label
        st.text(
            f"{account.name}: mail to {message.recipient} could not be delivered\n{what}, {at}: {message.last_error}"
        )
        st.button("This is settled", key=f"settled-{account.id}", on_click=_settle, args=(account.id, staff))


def _settle(account_id: int, shown_to: Staff) -> None:
    act(shown_to, lambda tx: settle_staff(tx.session, account_id, by=tx.by, now=tx.now), done="It is noted.")
