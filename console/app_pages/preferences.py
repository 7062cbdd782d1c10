"""My preferences: when I am asked, how long I have, which mails I get, how far ahead parents may look."""

import streamlit as st

from console.acting import act
from console.inert import inert
from console.said import say, say_error
from console.session import Staff, services, signed_in
from console.sound import sound_section
from console.whose import chosen_coach
from core.errors import Invalid
from core.schedule.models import Asks, Coach
from core.schedule.preferences import STEPS_MIN, Preferences, remarks, set_preferences

ASKS = {
    Asks.ALWAYS: "I answer every request",
    Asks.UNDER_NOTICE: "I answer requests at short notice; others are booked at once",
    Asks.NEVER: "Parents book directly",
}


def page() -> None:
    staff = signed_in()
    st.title("Preferences")
    say()
    coach_id = chosen_coach(staff)
    if coach_id is not None:
        _preferences(coach_id, staff)
    sound_section()


def _preferences(coach_id: int, staff: Staff) -> None:
    with services().database.read() as session:
        kept = Preferences.of(session.get_one(Coach, coach_id))
    with st.form(f"preferences-{coach_id}"):
        values = _fields(kept)
        if st.form_submit_button("Keep", type="primary"):
            try:
                wanted = Preferences.parse(values)
            except Invalid as error:
                say_error(error)
            else:
                act(staff, set_preferences, wanted, coach=coach_id, done="Your preferences are kept.")
            st.rerun()
    for remark in remarks(kept):
        st.info(inert(remark))


def _fields(kept: Preferences) -> dict[str, object]:
    """The form; what it holds now, in the units of the rules."""
    st.header("When parents ask", anchor=False)
    asks = st.radio("Who decides", list(ASKS), index=list(ASKS).index(kept.asks), format_func=lambda asks: ASKS[asks])
    under = st.number_input("Short notice is less than … hours", 1, 336, kept.asks_under_hours)
    answer = st.number_input("I answer within … minutes", 30, 20160, kept.answer_within_min, step=30)
    expiry = st.number_input("A request expires … minutes before the lesson", 15, 2880, kept.expiry_before_min, step=15)
    reminds = st.checkbox("Remind me before a request expires", kept.reminder_before_min is not None)
    reminder = st.number_input("… this many minutes before", 5, 10080, kept.reminder_before_min or 120, step=15)
    st.header("Which mails I get", anchor=False)
    request_mails = st.checkbox("A mail for each request", kept.request_mails)
    roll_up = st.checkbox("Once an hour one mail for all others, above twenty a day", kept.roll_up)
    summary = st.checkbox("A summary at seven every morning: who waits, and today’s lessons", kept.daily_summary)
    st.header("What parents can book", anchor=False)
    notice = st.number_input("At least … minutes ahead", 0, 20160, kept.notice_min, step=30)
    horizon = st.number_input("At most … days ahead", 1, 366, kept.horizon_days)
    steps = sorted({*STEPS_MIN, kept.slot_step_min})
    step = st.selectbox("A lesson may start every … minutes", steps, index=steps.index(kept.slot_step_min))
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


page()
