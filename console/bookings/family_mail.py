"""Delivery status of mail to a family; corrections where it failed: another address, a resend, a phone call."""

from collections.abc import Callable

import streamlit as st

import tasks
from console.bookings.booking_link import open_button
from console.widgets.acting import act
from console.widgets.markdown import inert
from console.widgets.session import Staff, services
from core.bookings.mail_status import DeliveryStatus, said_to_staff
from core.bookings.models import Booking
from core.mail.family_mail import correct_address, note_called, send_again
from core.mail.undelivered import UnreachedFamily, unreached_families
from core.people.reauthorization import Acting
from core.platform import clock
from core.wording import spoken_time


def unreached(staff: Staff) -> None:
    """List families whose mail could not be delivered, with their phone number, until somebody has settled it."""
    if not staff.has_bookings:
        return
    with services().database.read() as session:
        families = unreached_families(session, whose=staff.whose, now=clock.now())
    if not families:
        return
    st.header("Families that our mail did not reach", anchor=False)
    for family in families:
        _family(family, staff)


def mail_to_family(booking: Booking, status: DeliveryStatus, staff: Staff) -> None:
    """Draw the mail's delivery status in a booking's detail, with the address to correct and a resend."""
    sentence, is_failed = said_to_staff(status, booking), status is DeliveryStatus.FAILED
    if is_failed:
        st.error(inert(sentence))
    elif sentence:
        st.text(sentence)
    if is_failed or clock.now() < booking.starts_at:
        _answers(booking, staff, "story", is_failed=is_failed)


def _family(family: UnreachedFamily, staff: Staff) -> None:
    booking = family.booking
    when = spoken_time(booking.starts_at, booking.ends_at, booking.coach.zone)
    with st.container(border=True, key=f"unreached-{booking.id}"):
        st.error(inert(f"{booking.customer_name} does not know {family.unknown}."))
        phone = f"Phone: {booking.customer_phone}" if booking.customer_phone else "No phone number was given."
        about = f"{booking.lesson.name} for {booking.athlete_name}, {when}, with {booking.coach.name}"
        why = f"Mail to {family.message.recipient} could not be delivered: {family.message.last_error or 'refused'}"
        st.text(f"{about}\n{phone}\n{why}")
        _answers(booking, staff, "unreached", is_failed=True)
        open_button(booking, "unreached")


def _answers(booking: Booking, staff: Staff, place: str, *, is_failed: bool) -> None:
    key = f"{place}-{booking.id}"
    left, middle, right = st.columns(3)
    with left, st.popover("Correct the address …", width="stretch", key=f"ask-address-{key}"):
        _address(booking, staff, key)
    args = (booking, staff)
    middle.button("Send the mail again", key=f"again-{key}", width="stretch", on_click=_send_again, args=args)
    if is_failed:
        right.button("I called them", key=f"called-{key}", width="stretch", on_click=_note_called, args=args)


def _address(booking: Booking, staff: Staff, key: str) -> None:
    with st.form(f"address-{key}", border=False):
        st.text_input("The family’s e-mail address", booking.customer_email, max_chars=254, key=f"email-{key}")
        st.text("The family gets a new link, and its old one opens nothing any more.")
        args = (booking, staff, f"email-{key}")
        st.form_submit_button("Correct it, and send", type="primary", on_click=_correct_address, args=args)


def _send_again(booking: Booking, shown_to: Staff) -> None:
    _run(
        lambda tx: send_again(tx.session, tx.coach, booking.id, by=tx.by, now=tx.now),
        booking,
        shown_to,
        "The mail is sent again.",
    )


def _note_called(booking: Booking, shown_to: Staff) -> None:
    _run(
        lambda tx: note_called(tx.session, tx.coach, booking.id, by=tx.by, now=tx.now),
        booking,
        shown_to,
        "It is noted that the family knows.",
    )


def _correct_address(booking: Booking, shown_to: Staff, typed_in: str) -> None:
    email = st.session_state[typed_in]
    _run(
        lambda tx: correct_address(tx.session, tx.coach, booking.id, email, by=tx.by, now=tx.now),
        booking,
        shown_to,
        "The address is corrected, and the mail goes there.",
    )


def _run(command: Callable[[Acting], object], booking: Booking, shown_to: Staff, done: str) -> None:
    """The buttons' callback: the command, then the mails it wrote are sent."""
    if act(shown_to, command, coach=booking.coach_id, done=done):
        tasks.nudge_from_thread(services(), tasks.deliver_mail)
