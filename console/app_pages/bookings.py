"""Page Bookings: pending requests, upcoming and past lessons, the week; search, filters, CSV export; one booking in full."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from console.bookings.booking_detail import draw_booking
from console.bookings.booking_filters import STATE, search_for
from console.bookings.booking_link import OPEN
from console.bookings.request_card import request_card
from console.bookings.week_chart import week_picture
from console.web.file_downloads import download
from console.widgets.badge import badge_for
from console.widgets.flash import show_messages
from console.widgets.markdown import inert
from console.widgets.pager import cursor, turn_page
from console.widgets.session import Staff, services, signed_in
from console.widgets.widget_state import forget, note, remembered
from core.bookings import lists, queries
from core.bookings.access_scope import check_covers
from core.bookings.approval_warnings import concerns
from core.bookings.lists import Search
from core.bookings.models import Booking
from core.bookings.sentences import first_names
from core.platform import clock
from core.platform.csv_export import MAX_ROWS, as_csv
from core.wording import money, spoken_time

PAGES, LIST = "pages_before", "which_list"
REQUESTS, UPCOMING, PAST, WEEK = "Requests", "Upcoming", "Past", "Week"
HEADER = (
    *("Starts", "Ends", "Lesson", "Coach", "Athlete", "Family", "E-mail", "Phone", "State", "Attendance", "Price"),
    *("Asked", "Notes"),
)


def page() -> None:
    staff = signed_in()
    st.title("All bookings" if staff.is_admin else "Bookings")
    show_messages()
    if (booking_id := st.session_state.get(OPEN)) is not None:
        st.button("Back to the list", on_click=_open, args=(None,))
        draw_booking(booking_id, staff)
        return
    labels = {REQUESTS: badge_for(staff).after(REQUESTS)}
    which = st.segmented_control(
        "Show",
        (REQUESTS, UPCOMING, PAST, WEEK),
        format_func=lambda name: labels.get(name, name),
        required=True,
        default=None,
        key=remembered(LIST, UPCOMING),
        on_change=_other_list,
        label_visibility="collapsed",
    )
    if which == REQUESTS:
        _requests(staff)
    elif which == WEEK:
        week_picture(staff)
    else:
        _list(staff, which)


def _requests(staff: Staff) -> None:
    with services().database.read() as session:
        waiting = queries.requests_awaiting_answer(session, whose=staff.whose, now=clock.now())
        against = concerns(session, waiting)
    if not waiting:
        st.info("Nobody is waiting for an answer.")
    for booking in waiting:
        request_card(booking, staff, against[booking.id])


def _list(staff: Staff, which: str | None) -> None:
    usual = "All" if which == PAST else "Booked"
    search = search_for(staff, usual_state=usual, changed=_from_the_start)
    find = lists.past if which == PAST else lists.upcoming
    with services().database.read() as session:
        bookings = find(session, search, after=cursor(PAGES), now=clock.now())
    if not bookings:
        st.info("Nothing was found. Fewer words or other filters may help." if search.is_narrow else _empty(which))
    for booking in bookings[: lists.PAGE_SIZE]:
        _line(booking, staff)
    _turn_page(bookings)
    if bookings:
        made = partial(_file, search, which == PAST)
        download("Download as a table (CSV)", made, staff, file_name="bookings.csv", mime="text/csv")


def _empty(which: str | None) -> str:
    return "No lesson has been taught yet." if which == PAST else "Nothing is booked. Free times are set on Times."


def _line(booking: Booking, staff: Staff) -> None:
    status = _state(booking)
    with_whom = f" with {booking.coach.name}" if staff.is_admin else ""
    when = spoken_time(booking.starts_at, booking.ends_at, booking.coach.zone)
    line = f"{when}\n{booking.lesson.name} for {booking.athlete_name}{with_whom}. {status}"
    with st.container(border=True, key=f"booking-{booking.id}"):
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.text(line)
        label = inert(f"Open {when}, {booking.athlete_name}")
        right.button("Open", key=f"open-{booking.id}", help=label, on_click=_open, args=(booking.id,), width="stretch")


def _state(booking: Booking) -> str:
    if booking.attendance is not None:
        return "Taught" if booking.attendance.value == "TAUGHT" else "Nobody came"
    return booking.status_at(clock.now()).value.capitalize()


def _turn_page(bookings: Sequence[Booking]) -> None:
    has_more = len(bookings) > lists.PAGE_SIZE
    turn_page(PAGES, lists.cursor_of(bookings[lists.PAGE_SIZE - 1]) if has_more else None, back="Back", forward="More")


def _file(search: Search, is_past: bool, staff: Staff) -> bytes:
    """The CSV export, at most MAX_ROWS lines. Raises NotAllowed where that person may not see them any more."""
    check_covers(staff.whose, search.whose)
    now = clock.now()
    with services().database.read() as session:
        read = partial(lists.past if is_past else lists.upcoming, session, search, now=now)
        rows = [_row(booking) for booking in lists.all_pages(lambda after: read(after=after), at_most=MAX_ROWS)]
    return as_csv(HEADER, rows)


def _row(booking: Booking) -> list[str]:
    zone = booking.coach.zone
    return [
        *(f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}" for at in (booking.starts_at, booking.ends_at)),
        booking.lesson.name,
        booking.coach.name,
        first_names(booking),
        booking.customer_name,
        booking.customer_email,
        booking.customer_phone or "",
        booking.status_at(clock.now()).value.lower(),
        booking.attendance.value.lower().replace("_", "-") if booking.attendance else "",
        money(booking.price_cents),
        f"{booking.requested_at.astimezone(zone):%Y-%m-%d %H:%M %Z}",
        booking.notes,
    ]


def _open(booking_id: int | None) -> None:
    st.session_state[OPEN] = booking_id


def _other_list() -> None:
    note(LIST)
    forget(STATE)  # what is usual differs from list to list
    _from_the_start()


def _from_the_start() -> None:
    st.session_state[PAGES] = []


page()
