"""Bookings: what is to come, what has been; search; and the whole story of one."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

import tasks
from console.inert import inert
from console.mail_story import mail_name, mail_story
from console.said import act, say
from console.session import Staff, services, signed_in
from core import clock
from core.bookings import lists, queries
from core.bookings.after_all import CAN_BE_APPROVED, approve_after_all
from core.bookings.changes import cancel_as_staff
from core.bookings.lists import Search
from core.bookings.models import Actor, Booking, BookingEvent, Status
from core.errors import NotFound
from core.people.models import Account
from core.words import money, spoken_instant, spoken_time

OPEN, PAGES = "open_booking", "pages_before"
UPCOMING, PAST = "Upcoming", "Past"
DONE = {
    None: "Asked for",
    Status.APPROVED: "Approved",
    Status.DENIED: "Denied",
    Status.EXPIRED: "Expired",
    Status.CANCELLED: "Cancelled",
}


def page() -> None:
    staff = signed_in()
    st.title("Bookings")
    say()
    if (booking_id := st.session_state.get(OPEN)) is not None:
        _story(booking_id, staff)
        return
    whose = None if staff.is_admin else staff.coach_id
    which = st.segmented_control("Show", (UPCOMING, PAST), default=UPCOMING, required=True, on_change=_from_the_start)
    text = st.text_input("Search", placeholder="A name or an e-mail address", on_change=_from_the_start)
    pages = st.session_state.setdefault(PAGES, [])
    find = lists.past if which == PAST else lists.upcoming
    with services().database.read() as session:
        found = find(session, Search(whose, text), after=pages[-1] if pages else None, now=clock.now())
    if not found:
        st.info("Nothing is booked." if not text and which == UPCOMING else "Nothing was found.")
    for booking in found[: lists.PAGE_SIZE]:
        _line(booking, staff)
    _turn_page(found)


def _line(booking: Booking, staff: Staff) -> None:
    status = booking.status_at(clock.now()).value.capitalize()
    with_whom = f" with {booking.coach.name}" if staff.is_admin else ""
    when = spoken_time(booking.starts_at, booking.ends_at, booking.coach.zone)
    line = f"{when}\n{booking.lesson.name} for {booking.athlete_name}{with_whom}. {status}"
    with st.container(border=True):
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.text(line)
        label = inert(f"Open {when}, {booking.athlete_name}")
        right.button("Open", key=f"open-{booking.id}", help=label, on_click=_open, args=(booking.id,), width="stretch")


def _turn_page(found: Sequence[Booking]) -> None:
    back, forward = st.columns(2)
    if st.session_state[PAGES]:
        back.button("Back", on_click=st.session_state[PAGES].pop)
    if len(found) > lists.PAGE_SIZE:
        forward.button(
            "More", on_click=st.session_state[PAGES].append, args=(lists.cursor_of(found[lists.PAGE_SIZE - 1]),)
        )


def _story(booking_id: int, staff: Staff) -> None:
    """Everything about one booking: facts, history, mails, and what can be done."""
    st.button("All bookings", on_click=_open, args=(None,))
    with services().database.read() as session:
        booking = queries.get_booking(session, booking_id)
        if not staff.is_admin and booking.coach_id != staff.coach_id:
            raise NotFound
        events, mails = lists.events_of(session, booking_id), lists.mails_of(session, booking_id)
        names = {
            event.account_id: _name(session.get(Account, event.account_id)) for event in events if event.account_id
        }
    _facts(booking)
    st.header("What happened", anchor=False)
    for event in events:
        st.text(_happened(event, booking, names))
    st.header("Mails", anchor=False)
    for message in mails:
        st.text(f"{mail_name(message)}\n{mail_story(message, booking.coach.zone)}")
    _what_can_be_done(booking, staff)


def _facts(booking: Booking) -> None:
    zone = booking.coach.zone
    st.header(spoken_time(booking.starts_at, booking.ends_at, zone), anchor=False)
    lines = [
        f"{booking.lesson.name}, {money(booking.price_cents)}, with {booking.coach.name}",
        f"For {booking.athlete_name}; asked by {booking.customer_name}, {booking.customer_email}",
        *([f"Phone: {booking.customer_phone}"] if booking.customer_phone else []),
        *([f"“{booking.notes}”"] if booking.notes else []),
        *([f"Reason given to the family: {booking.denial_reason}"] if booking.denial_reason else []),
        *([f"Reason for cancelling: {booking.cancel_reason}"] if booking.cancel_reason else []),
        *(["This was a late cancellation."] if booking.cancelled_late else []),
        *([f"An admin’s reason: {booking.override_reason}"] if booking.override_reason else []),
    ]
    st.text("\n".join(lines))


def _happened(event: BookingEvent, booking: Booking, names: dict[int, str]) -> str:
    who = names.get(event.account_id or 0) or {Actor.PARENT: "the family", Actor.CLOCK: "the clock"}[event.actor]
    what = "Asked for" if event.from_status is None else DONE[event.to_status]
    return f"{what} by {who}, {spoken_instant(event.at, booking.coach.zone)}, {event.channel.value.lower()}"


def _what_can_be_done(booking: Booking, staff: Staff) -> None:
    now = clock.now()
    status = booking.status_at(now)
    if now >= booking.starts_at:
        return
    if status is Status.APPROVED:
        _ask("Cancel this lesson", "Why? The family will read this.", booking, staff, cancel_as_staff)
    elif status in CAN_BE_APPROVED and staff.is_admin:
        _ask("Approve after all", "Why? The coach will read this.", booking, staff, approve_after_all)
    elif status is Status.PENDING:
        st.info("This request waits for an answer, on the page Requests.")


def _ask(verb: str, question: str, booking: Booking, staff: Staff, command: Callable[..., Any]) -> None:
    """Asks once, with a reason."""
    with st.popover(verb), st.form(f"change-{booking.id}", border=False):
        reason = st.text_area(question, max_chars=500)
        if st.form_submit_button(f"Yes: {verb[0].lower()}{verb[1:]}", type="primary"):
            done = "Done. The family is told."
            if act(command, booking.id, account_id=staff.account_id, reason=reason, coach=booking.coach_id, done=done):
                tasks.nudge_from_thread(tasks.deliver_mail)
            st.rerun()


def _name(account: Account | None) -> str:
    return account.name if account else "somebody"


def _open(booking_id: int | None) -> None:
    st.session_state[OPEN] = booking_id


def _from_the_start() -> None:
    st.session_state[PAGES] = []


page()
