"""Search and filters above a list of bookings: text, coach, lesson type, state, dates."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

import streamlit as st

from console.bookings.coach_picker import coach_names
from console.widgets.session import Staff, services
from console.widgets.widget_state import forget, note, recall, remembered
from core.bookings.access_scope import OfCoach
from core.bookings.lists import Search
from core.bookings.models import Status
from core.schedule.availability import at_wall_time
from core.schedule.coach_page import every_lesson

STATES: dict[str, Status | None] = {
    "Booked": Status.APPROVED,
    "Waiting": Status.PENDING,
    "Denied": Status.DENIED,
    "Expired": Status.EXPIRED,
    "Cancelled": Status.CANCELLED,
    "All": None,
}
TEXT, COACH, LESSON, STATE, FIRST, LAST = "find-text", "find-coach", "find-lesson", "find-state", "find-from", "find-to"
EVERY = 0
DATES = "MM/DD/YYYY"


def search_for(staff: Staff, *, usual_state: str, changed: Callable[[], None]) -> Search:
    """
    Draw the search and filter widgets, and return what they hold.

    usual_state: the state's default. changed: called when any of them changes.
    """

    def noted(key: str) -> None:
        note(key)
        changed()

    text = st.text_input(
        "Search",
        placeholder="A name, an e-mail address or a phone number",
        key=remembered(TEXT, ""),
        on_change=noted,
        args=(TEXT,),
    )
    with st.expander(_label(usual_state), key="filters"):
        whose = staff.whose
        if staff.is_admin and (chosen := _one_of("Coach", COACH, coach_names(), noted)):
            whose = OfCoach(chosen)
        lesson = _one_of("Lesson", LESSON, _lessons(), noted)
        state = st.selectbox("State", list(STATES), key=remembered(STATE, usual_state), on_change=noted, args=(STATE,))
        left, right = st.columns(2)
        first = left.date_input("From", format=DATES, key=remembered(FIRST, None), on_change=noted, args=(FIRST,))
        last = right.date_input("To", format=DATES, key=remembered(LAST, None), on_change=noted, args=(LAST,))
        if st.button("Show everything again"):
            forget(TEXT, COACH, LESSON, STATE, FIRST, LAST)
            changed()
            st.rerun()
    return Search(
        whose=whose,
        text=text,
        lesson_id=lesson or None,
        # a search by text covers every state, unless one was chosen
        status=None if text.strip() and state == usual_state else STATES[state],
        start=_midnight(first),
        end=_midnight(last, days=1),
    )


def _lessons() -> dict[int, str]:
    with services().database.read() as session:
        return {lesson.id: lesson.name for lesson in every_lesson(session)}


def _one_of(label: str, key: str, names: Mapping[int, str], noted: Callable[[str], None]) -> int:
    everyone = f"Every {label.lower()}"
    if recall(key, EVERY) not in names:
        forget(key)
    picked = st.selectbox(
        label,
        [EVERY, *names],
        format_func=lambda which: names.get(which, everyone),
        key=remembered(key, EVERY),
        on_change=noted,
        args=(key,),
    )
    return picked or EVERY


def _label(usual_state: str) -> str:
    chosen = sum(
        recall(key, usual) != usual
        for key, usual in ((COACH, EVERY), (LESSON, EVERY), (STATE, usual_state), (FIRST, None), (LAST, None))
    )
    return f"Filters ({chosen} set)" if chosen else "Filters"


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    return at_wall_time(day + timedelta(days=days), 0, services().settings.zone) if day else None
