"""Page Today: pending requests, undeliverable mail, today's and tomorrow's lessons, and others' changes since yesterday."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from console.bookings.family_mail import unreached
from console.bookings.needs_attention import for_admins
from console.widgets.badge import badge_for
from console.widgets.flash import show_messages
from console.widgets.session import services, signed_in
from core.bookings import lists
from core.bookings.models import Booking
from core.bookings.sentences import actor_name
from core.platform import clock
from core.schedule.availability import at_wall_time
from core.wording import clock_time, spoken_day, spoken_instant, spoken_time, zone_name

REQUESTS = Path(__file__).parent / "requests.py"
DAY = timedelta(days=1)
LOOKS_BACK = timedelta(hours=24)
BECAME = {
    "PENDING": "asked for",
    "APPROVED": "approved",
    "DENIED": "denied",
    "EXPIRED": "expired",
    "CANCELLED": "cancelled",
}


def page() -> None:
    staff = signed_in()
    now = clock.now()
    zone = staff.zone or services().settings.zone
    today = now.astimezone(zone).date()
    st.title("Today")
    show_messages()
    badge = badge_for(staff)
    if badge.count:
        waiting = "One family waits" if badge.count == 1 else f"{badge.number} families wait"
        st.page_link(REQUESTS, label=f"{waiting} for an answer{', one of them urgently' if badge.is_urgent else ''}")
    else:
        st.markdown("Nobody is waiting for an answer.")
    unreached(staff)
    if staff.is_admin:
        for_admins(staff)
    # Days begin earlier and later elsewhere.
    first, last = (at_wall_time(today + DAY * day, 0, zone) for day in (-1, 3))
    with services().database.read() as session:
        lessons = lists.lessons_between(session, first, last, whose=staff.whose)
        changed = lists.changed_by_others(session, now - LOOKS_BACK, whose=staff.whose, account_id=staff.account_id)
    for day in range(2):
        st.header(spoken_day(today + DAY * day), anchor=False)
        of_day = [lesson for lesson in lessons if _day_of(lesson) == today + DAY * day]
        _lessons(of_day, zone, staff.is_admin)
    st.header("What others changed since yesterday", anchor=False)
    for booking in changed:
        st.text(_changed(booking, now))
    if not changed:
        st.markdown("Nothing.")


def _day_of(lesson: Booking) -> date:
    """The local day of a lesson, in its coach's zone: Saturday, 2 am in Berlin is Saturday's."""
    return lesson.starts_at.astimezone(lesson.coach.zone).date()


def _lessons(lessons: Sequence[Booking], own_zone: ZoneInfo, is_admin: bool) -> None:
    for lesson in lessons:
        zone = lesson.coach.zone
        with_whom = f", with {lesson.coach.name}" if is_admin else ""
        phone = (
            f"\n{lesson.customer_name}, {lesson.customer_phone}"
            if lesson.customer_phone
            else f"\n{lesson.customer_name}"
        )
        elsewhere = f" ({zone_name(lesson.starts_at.astimezone(zone))})" if zone != own_zone else ""
        times = f"{clock_time(lesson.starts_at, zone)} to {clock_time(lesson.ends_at, zone)}{elsewhere}"
        st.text(f"{times}: {lesson.lesson.name} for {lesson.athlete_name}{with_whom}{phone}")
    if not lessons:
        st.markdown("No lesson.")


def _changed(booking: Booking, now: datetime) -> str:
    zone = booking.coach.zone
    when = spoken_time(booking.starts_at, booking.ends_at, zone)
    became = BECAME[booking.status_at(now).value]
    if became == "approved" and not booking.needed_asking:
        became = "booked"
    by = f" by {actor_name(booking)}" if became != "expired" else ""
    return f"{booking.athlete_name}, {when}\n{became}{by}, {spoken_instant(booking.changed_at, zone)}"


page()
