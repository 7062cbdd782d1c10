"""Page Preferences of a coach: which bookings need approval, deadlines and reminders, mails, notice and horizon, sound."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from console.bookings.coach_picker import chosen_coach
from console.widgets.flash import add_error, show_messages
from console.widgets.form_drafts import draft
from console.widgets.markdown import inert
from console.widgets.session import Staff, services, signed_in
from console.widgets.sound import sound_section
from core.errors import Invalid
from core.schedule.models import Asks, Coach
from core.schedule.preferences import STEPS_MIN, Preferences, remarks, set_preferences

ASKS = {
    Asks.ALWAYS: "I answer every request",
    Asks.UNDER_NOTICE: "I answer requests at short notice; others are booked at once",
    Asks.NEVER: "Parents book directly",
}
HOUR_MIN, DAY_MIN = 60, 24 * 60
LENGTHS_MIN = (*(30, 45, 90), *(HOUR_MIN * hours for hours in (1, 2, 3, 4, 6, 8, 12, 18)))
EXPIRY_MIN = (15, *LENGTHS_MIN, DAY_MIN, 2 * DAY_MIN)
ANSWER_MIN = (*LENGTHS_MIN, *(DAY_MIN * days for days in (1, 2, 3, 4, 5, 7, 10, 14)))
REMINDER_MIN = (5, 15, *LENGTHS_MIN, *(DAY_MIN * days for days in (1, 2, 3, 7)))
NOTICE_MIN = (0, 15, *LENGTHS_MIN, *(DAY_MIN * days for days in (1, 2, 3, 7, 14)))


def page() -> None:
    staff = signed_in()
    st.title("Preferences")
    show_messages()
    coach_id = chosen_coach(staff)
    if coach_id is not None:
        _preferences(coach_id, staff)
    sound_section()


def _preferences(coach_id: int, staff: Staff) -> None:
    with services().database.read() as session:
        stored = Preferences.of(session.get_one(Coach, coach_id))
    open_draft = draft(f"preferences-{coach_id}", stored.model_dump(), Preferences.labels(), _spoken_value)
    with st.form(open_draft.key):
        values = _fields(Preferences.model_construct(**open_draft.drawn))
        if st.form_submit_button("Keep", type="primary"):
            try:
                wanted = Preferences.parse(values)
            except Invalid as error:
                add_error(error)
            else:
                open_draft.save(
                    staff,
                    lambda tx, shown: set_preferences(tx.session, tx.coach, wanted, by=tx.by, now=tx.now, shown=shown),
                    coach=coach_id,
                    done="Your preferences are kept.",
                )
            st.rerun()
    open_draft.show_changes(stored.model_dump())
    for remark in remarks(stored):
        st.info(inert(remark))


def _fields(drawn: Preferences) -> dict[str, object]:
    """The form's widgets, and their values by field of Preferences, in its units."""
    st.header("When parents ask", anchor=False)
    asks = st.radio("Who decides", list(ASKS), index=list(ASKS).index(drawn.asks), format_func=lambda asks: ASKS[asks])
    under = st.number_input("Short notice is less than … hours", 1, 336, drawn.asks_under_hours)
    answer = _length("I answer within", ANSWER_MIN, drawn.answer_within_min)
    expiry = _length("A request expires … before the lesson", EXPIRY_MIN, drawn.expiry_before_min)
    reminds = st.checkbox("Remind me before a request expires", drawn.reminder_before_min is not None)
    reminder = _length("… so long before it does", REMINDER_MIN, drawn.reminder_before_min or 120)
    st.header("Which mails I get", anchor=False)
    request_mails = st.checkbox("A mail for each request", drawn.request_mails)
    roll_up = st.checkbox("Once an hour one mail for all others, above twenty a day", drawn.roll_up)
    summary = st.checkbox("A summary at seven every morning: who waits, and today’s lessons", drawn.daily_summary)
    st.header("What parents can book", anchor=False)
    notice = _length("At least … ahead", NOTICE_MIN, drawn.notice_min)
    horizon = st.number_input("At most … days ahead", 1, 366, drawn.horizon_days)
    steps = sorted({*STEPS_MIN, drawn.slot_step_min})
    step = st.selectbox("A lesson may start every … minutes", steps, index=steps.index(drawn.slot_step_min))
    return {
        "asks": asks,
        "asks_under_hours": under,
        "answer_within_min": answer,
        "expiry_before_min": expiry,
        "reminder_before_min": reminder if reminds else None,
        "request_mails": request_mails,
        "roll_up": roll_up,
        "daily_summary": summary,
        "notice_min": notice,
        "horizon_days": horizon,
        "slot_step_min": step,
    }


def _spoken_value(field: str, value: Any) -> str:
    """A stored value as text, in the words of the form."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "asks":
        return ASKS[value]
    if field.endswith("_min") and value is not None:
        return _spoken(value)
    return "never" if value is None else str(value)


def _length(label: str, usual_min: Sequence[int], kept_min: int) -> int:
    """A select box of durations, in minutes; the stored one is always among them."""
    choices = sorted({*usual_min, kept_min})
    chosen = st.selectbox(inert(label), choices, index=choices.index(kept_min), format_func=_spoken)
    return int(chosen)


def _spoken(minutes: int) -> str:
    """A duration as text: "no time", "45 minutes", "2 hours", "2 days"."""
    if not minutes:
        return "no time"
    for unit, name in ((24 * 60, "day"), (60, "hour")):
        count, rest = divmod(minutes, unit)
        if count and not rest:
            return f"{count} {name}{'' if count == 1 else 's'}"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} minutes"


page()
