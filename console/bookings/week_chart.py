"""Chart of a week's lessons, and the same as a list below it."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import altair as alt
import streamlit as st

from console.bookings.booking_filters import COACH, EVERY
from console.bookings.coach_picker import coach_names
from console.widgets.session import Staff, services
from console.widgets.widget_state import note, remembered
from core.bookings import lists, queries
from core.bookings.access_scope import OfCoach
from core.bookings.models import Booking
from core.platform import clock
from core.schedule.availability import at_wall_time
from core.wording import clock_time, spoken_day, zone_name

WEEK, DAY = "week-offset", timedelta(days=1)
MAX_LINES = 80  # of the list: a large gym's week of all coaches would draw for seconds
BOOKED, WAITS = "booked", "waits for an answer"


def week_picture(staff: Staff) -> None:
    """Draw the chart and the list of one week, Monday to Sunday, with buttons for the weeks before and after."""
    zone = staff.zone or services().settings.zone
    whose = staff.whose
    if staff.is_admin and (chosen := _coach()):
        whose = OfCoach(chosen)
    offset = st.session_state.setdefault(WEEK, 0)
    today = clock.now().astimezone(zone).date()
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=offset)
    back, middle, forward = st.columns([1, 2, 1], vertical_alignment="center")
    back.button("The week before", on_click=_turn, args=(offset - 1,), width="stretch")
    middle.markdown(f"**{spoken_day(monday)} to {spoken_day(monday + timedelta(days=6))}**", text_alignment="center")
    forward.button("The week after", on_click=_turn, args=(offset + 1,), width="stretch")
    start, end = at_wall_time(monday - DAY, 0, zone), at_wall_time(monday + timedelta(days=8), 0, zone)
    with services().database.read() as session:
        lessons = lists.lessons_between(session, start, end, whose=whose)
        requests = queries.requests_awaiting_answer(session, whose=whose, now=clock.now())
    booked, waiting = (
        [one for one in bookings if monday <= _day_of(one) < monday + 7 * DAY] for bookings in (lessons, requests)
    )
    if not booked and not waiting:
        st.info("Nothing is booked in this week.")
        return
    shown = sorted((*booked, *waiting), key=lambda booking: (_day_of(booking), booking.starts_at, booking.id))
    _picture(shown, monday)
    _words(shown, staff, zone)


def _picture(shown: Sequence[Booking], monday: date) -> None:
    days = [f"{monday + timedelta(days=day):%a %d}" for day in range(7)]
    rows = [_row(booking) for booking in shown]
    hours = [hour for row in rows for hour in (row["from"], row["to"])]
    first, last = int(min(*hours, 9.0)), int(max(*hours, 18.0)) + 1
    chart = (
        alt.Chart(alt.InlineData(values=rows), height=360)
        .mark_bar(cornerRadius=3)
        .encode(
            x=alt.X(
                "day:N",
                title=None,
                scale=alt.Scale(domain=days),
                sort=days,
                axis=alt.Axis(labelAngle=0, labelOverlap=False, labelExpr="split(datum.label, ' ')"),
            ),
            y=alt.Y("from:Q", title="hour of the day", scale=alt.Scale(domain=[first, last], reverse=True)),
            y2="to:Q",
            xOffset="coach:N",
            color=alt.Color(
                "state:N", title=None, scale=alt.Scale(domain=[BOOKED, WAITS]), legend=alt.Legend(orient="top")
            ),
            tooltip=[alt.Tooltip(name, type="nominal") for name in ("time", "lesson", "athlete", "coach", "state")],
        )
        .properties(description=f"Lessons from {spoken_day(monday)} on: {len(shown)}; the list below says the same.")
    )
    st.altair_chart(chart, width="stretch")


def _day_of(booking: Booking) -> date:
    """The local day of a booking, in its coach's zone."""
    return booking.starts_at.astimezone(booking.coach.zone).date()


def _row(booking: Booking) -> dict[str, str | float]:
    zone = booking.coach.zone
    begins, ends = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    until = 24.0 if ends.date() > begins.date() else ends.hour + ends.minute / 60
    return {
        "day": f"{begins:%a %d}",
        "from": begins.hour + begins.minute / 60,
        "to": until,
        "time": f"{clock_time(begins, zone)} to {clock_time(ends, zone)}",
        "lesson": booking.lesson.name,
        "athlete": booking.athlete_name,
        "coach": booking.coach.name,
        "state": _state(booking),
    }


def _words(shown: Sequence[Booking], staff: Staff, zone: ZoneInfo) -> None:
    day: date | None = None
    for booking in shown[:MAX_LINES]:
        begins = booking.starts_at.astimezone(booking.coach.zone)
        if begins.date() != day:
            day = begins.date()
            st.markdown(f"**{spoken_day(day)}**")
        whose = f", with {booking.coach.name}" if staff.is_admin else ""
        waits = f" ({WAITS})" if _state(booking) == WAITS else ""
        elsewhere = f" ({zone_name(begins)})" if booking.coach.zone != zone else ""
        st.text(
            f"{clock_time(begins, booking.coach.zone)}{elsewhere}: {booking.lesson.name} for {booking.athlete_name}{whose}{waits}"
        )
    if len(shown) > MAX_LINES:
        st.caption(f"And {len(shown) - MAX_LINES} more; choose a coach to see each.")


def _state(booking: Booking) -> str:
    return BOOKED if booking.status.value == "APPROVED" else WAITS


def _coach() -> int:
    names = coach_names()
    picked = st.selectbox(
        "Coach",
        [EVERY, *names],
        format_func=lambda which: names.get(which, "Every coach"),
        key=remembered(COACH, EVERY),
        on_change=note,
        args=(COACH,),
    )
    return picked or EVERY


def _turn(offset: int) -> None:
    st.session_state[WEEK] = offset
