"""Page Times of a coach: weekly hours as text and chart, with a preview of the slots; single days; the time zone."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import altair as alt
import streamlit as st
from sqlalchemy.orm import Session

from console.bookings.coach_picker import chosen_coach
from console.widgets.acting import act
from console.widgets.flash import add_error, show_messages
from console.widgets.form_drafts import Draft, draft
from console.widgets.markdown import inert
from console.widgets.session import Staff, services, signed_in
from core.bookings import outside_hours, slots
from core.errors import Invalid
from core.platform import clock
from core.schedule import hours
from core.schedule.availability import DAY_MIN, Window
from core.schedule.hours import WEEKDAYS, WeekWindow
from core.schedule.hours_parsing import is_guessed, read_hours, written_hours
from core.schedule.models import Coach, DateOverride, LessonType
from core.schedule.time_zones import set_zone, zone_choices
from core.wording import clock_time, spoken_day, spoken_time, zone_name

WEEK = timedelta(days=7)
WHOLE_DAY = "I am away all day"
WEEKDAY_LABELS = {name: name for name in WEEKDAYS}
LESS, MORE = "I am away from … to …", "I teach from … to … as well"


def page() -> None:
    staff = signed_in()
    st.title("Times")
    show_messages()
    coach_id = chosen_coach(staff)
    if coach_id is None:
        return
    now = clock.now()
    with services().database.read() as session:
        coach = session.get_one(Coach, coach_id)
        lessons = [lesson for lesson in coach.lessons if lesson.active]
        weekly = hours.weekly_hours(session, coach)
        single_days = hours.overrides_from(session, coach, now.astimezone(coach.zone).date())
    st.markdown(f"All times are {zone_name(now.astimezone(coach.zone))} time. Parents see a change at once.")
    stored = hours.by_weekday(weekly)
    open_draft = draft(f"week-{coach_id}", stored, WEEKDAY_LABELS, _hours_text)
    week = _week(open_draft)
    if week is not None:
        with services().database.read() as session:
            _picture(week)
            _preview(session, session.get_one(Coach, coach_id), lessons, week, now=now)
        if hours.by_weekday(week) != open_draft.drawn:
            st.button("Keep this week", type="primary", on_click=_keep_week, args=(open_draft, coach_id, staff))
    open_draft.show_changes(stored)
    _single_days(coach, single_days, staff)
    _zone(coach, staff)


def _zone(coach: Coach, staff: Staff) -> None:
    """The time zone of the coach's hours."""
    st.header("Time zone", anchor=False)
    choices = zone_choices(coach.timezone, services().settings.timezone)
    zone = st.selectbox("These hours are meant in", choices, key=f"zone-{coach.id}-{coach.timezone}")
    if zone != coach.timezone:
        st.markdown("9 am stays 9 am, in the other zone. Lessons that are booked stay when they are.")
        if st.button("Keep this time zone", type="primary"):
            act(
                staff,
                lambda tx: set_zone(tx.session, tx.coach, zone, by=tx.by, now=tx.now),
                coach=coach.id,
                done=inert(f"The hours are meant in {zone} from now on."),
            )
            st.rerun()


def _keep_week(open_draft: Draft, coach_id: int, shown_to: Staff) -> None:
    """Save the hours as typed at the click, which may be newer than what the page was drawn with."""
    try:
        week = [
            window
            for weekday in range(len(WEEKDAYS))
            for window in read_hours(st.session_state[_field(open_draft, weekday)], weekday)
        ]
    except Invalid as error:
        add_error(error)
        return
    open_draft.save(
        shown_to,
        lambda tx, shown: hours.set_weekly_hours(
            tx.session, tx.coach, sorted(week, key=_order), by=tx.by, now=tx.now, shown=shown
        ),
        coach=coach_id,
        done="Your week is kept.",
    )


def _order(window: WeekWindow) -> tuple[int, int]:
    return window.weekday, window.start_min


def _field(open_draft: Draft, weekday: int) -> str:
    return f"hours-{open_draft.key}-{weekday}"


def _hours_text(_: str, windows: Sequence[WeekWindow]) -> str:
    return written_hours(windows) or "a day off"


def _week(open_draft: Draft) -> list[WeekWindow] | None:
    """A text field per weekday, parsed; None while one cannot be read."""
    st.header("Every week", anchor=False)
    st.markdown("Write hours like 9–12, 2–7 or noon–5 pm. A day without hours is a day off.")
    week: list[WeekWindow] = []
    readable = True
    for weekday, name in enumerate(WEEKDAYS):
        text = st.text_input(name, written_hours(open_draft.drawn[name]), key=_field(open_draft, weekday))
        try:
            windows = read_hours(text, weekday)
            hours.check_week(windows)
        except Invalid as error:
            readable = False
            st.error(inert(str(error)))
        else:
            week += windows
            _understood(text, weekday, windows)
    return sorted(week, key=_order) if readable else None


def _understood(text: str, weekday: int, windows: Sequence[WeekWindow]) -> None:
    """How the text was parsed, wherever it was written in another way than ours."""
    parsed = written_hours(windows)
    if text.strip() != parsed:
        guess = " Write am or pm if you mean the other half of the day." if is_guessed(text, weekday) else ""
        st.caption(inert(f"Read as {parsed or 'a day off'}.{guess}"))


def _picture(week: Sequence[WeekWindow]) -> None:
    rows = [
        {"day": WEEKDAYS[window.weekday][:3], "from": window.start_min / 60, "to": window.end_min / 60}
        for window in week
    ]
    chart = (
        alt.Chart(alt.InlineData(values=rows), title="My week", height=alt.Step(24))
        .mark_bar(cornerRadius=3, height=14)
        .encode(
            x=alt.X(
                "from:Q",
                title="hour of the day",
                scale=alt.Scale(domain=[6, 22], clamp=True),
                axis=alt.Axis(tickCount=9),
            ),
            x2="to:Q",
            y=alt.Y(
                "day:N",
                title=None,
                sort=[name[:3] for name in WEEKDAYS],
                scale=alt.Scale(domain=[n[:3] for n in WEEKDAYS]),
            ),
            tooltip=[alt.Tooltip("day:N"), alt.Tooltip("from:Q"), alt.Tooltip("to:Q")],
        )
        .properties(description="Hours of each weekday: " + written_hours(week))
    )
    st.altair_chart(chart, width="stretch")


def _preview(
    session: Session, coach: Coach, lessons: Sequence[LessonType], week: Sequence[WeekWindow], *, now: datetime
) -> None:
    """Preview of an unsaved week: the slots of the next seven days, and booked lessons outside of the hours."""
    if not lessons:
        st.info("No lesson is taught yet, so parents see no times. Choose some on the page Public page.")
        return
    first_on = now.astimezone(coach.zone).date()
    last_on = first_on + timedelta(days=coach.horizon_days)
    rules = hours.with_week(slots.rules_for(session, coach, lessons[0], first_on=first_on, last_on=last_on), week)
    for booking in outside_hours.lessons_outside(session, coach, week, now=now):
        when = spoken_time(booking.starts_at, booking.ends_at, coach.zone)
        st.warning(inert(f"Outside of these hours, and stays: {booking.lesson.name}, {when}."))
    with st.expander(inert(f"What parents will see: {lessons[0].name}, the next seven days"), key="preview"):
        offered = slots.open_slots_under(
            session, coach, rules, first_on=first_on, last_on=first_on + WEEK - timedelta(days=1), now=now
        )
        for offset in range(7):
            day = first_on + timedelta(days=offset)
            times = [
                clock_time(slot.starts_at, coach.zone)
                for slot in offered.slots
                if slot.starts_at.astimezone(coach.zone).date() == day
            ]
            st.markdown(f"**{spoken_day(day)}**: {', '.join(times) or 'nothing free'}")


def _single_days(coach: Coach, overrides: Sequence[DateOverride], staff: Staff) -> None:
    st.header("Single days", anchor=False)
    for override in overrides:
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.text(_override_text(override))
        if right.button("Remove", key=f"remove-{override.id}", help=inert(f"Remove {_override_text(override)}")):
            _remove(coach, override.id, staff)
            st.rerun()
    with st.form("single-day", clear_on_submit=False):
        on = st.date_input("Day", min_value=clock.now().astimezone(coach.zone).date())
        what = st.radio("What is different", (WHOLE_DAY, LESS, MORE))
        first, last = st.columns(2)
        begins = first.time_input("From", time(9), step=timedelta(minutes=30))
        ends = last.time_input("To", time(12), step=timedelta(minutes=30))
        if st.form_submit_button("Add this day"):
            _add(coach, on, what, begins, ends, staff)


def _remove(coach: Coach, override_id: int, staff: Staff) -> None:
    act(
        staff,
        lambda tx: hours.remove_override(tx.session, tx.coach, override_id, by=tx.by, now=tx.now),
        coach=coach.id,
        done="That day is as every week again.",
    )


def _add(coach: Coach, on: date, what: str | None, begins: time, ends: time, staff: Staff) -> None:
    window = Window(0, DAY_MIN) if what == WHOLE_DAY else Window(_minutes(begins), _minutes(ends) or DAY_MIN)
    done = f"{spoken_day(on)} is noted."
    act(
        staff,
        lambda tx: hours.add_override(tx.session, tx.coach, on, window, adds=what == MORE, by=tx.by, now=tx.now),
        coach=coach.id,
        done=done,
    )
    st.rerun()


def _override_text(override: DateOverride) -> str:
    if (override.start_min, override.end_min) == (0, DAY_MIN):
        return f"{spoken_day(override.local_on)}: {'all day' if override.adds else 'away all day'}"
    times = written_hours([WeekWindow(0, override.start_min, override.end_min)])
    return f"{spoken_day(override.local_on)}: {'also ' if override.adds else 'away '}{times}"


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


page()
