"""Practice request (rehearsal) of the signed-in coach: shown among the requests, marked, and counted nowhere."""

import streamlit as st

import tasks
from console.widgets.acting import act
from console.widgets.session import Staff, services
from core.bookings.decisions import Decision
from core.bookings.models import Status
from core.platform import clock
from core.rehearsals import practice
from core.rehearsals.models import ATHLETE, FAMILY, NOTES, Rehearsal
from core.wording import spoken_instant, spoken_time

REASON = "practice-reason"


def find_mine(staff: Staff) -> Rehearsal | None:
    """The signed-in coach's newest rehearsal; None where there is none, or its day is over."""
    if staff.coach_id is None:
        return None
    with services().database.read() as reading:
        rehearsal = practice.find_rehearsal(reading, staff.coach_id)
    if rehearsal is None or clock.now() >= rehearsal.expires_at:
        return None
    return rehearsal


def practice_request(staff: Staff) -> None:
    """Draw the pending rehearsal with both answers; nothing where none is pending."""
    rehearsal = find_mine(staff)
    if rehearsal is None or rehearsal.status is not Status.PENDING:
        return
    zone = rehearsal.coach.zone
    with st.container(border=True, key=f"practice-{rehearsal.id}"):
        st.badge("Practice: nothing of this is real", color="blue")
        st.header(spoken_time(rehearsal.starts_at, rehearsal.ends_at, zone), anchor=False)
        st.markdown(f"Answer by {spoken_instant(rehearsal.expires_at, zone)}")
        st.text(f"{rehearsal.lesson.name}, for {ATHLETE}, wished by {FAMILY}\n“{NOTES}”")
        approve, deny = st.columns(2)
        args = (rehearsal, Decision.APPROVE, staff)
        approve.button("Approve", key="practice-approve", type="primary", width="stretch", on_click=_answer, args=args)
        with deny, st.popover("Deny …", width="stretch", key="practice-deny"), st.form("practice", border=False):
            st.text_area("Why not? In earnest the family would read this.", key=REASON, max_chars=500)
            args = (rehearsal, Decision.DENY, staff)
            st.form_submit_button("Deny the practice request", type="primary", on_click=_answer, args=args)


def _answer(rehearsal: Rehearsal, decision: Decision, shown_to: Staff) -> None:
    """The buttons' callback, as for a real request."""
    reason = st.session_state.get(REASON) if decision is Decision.DENY else None
    if act(
        shown_to,
        lambda tx: practice.answer_in_console(
            tx.session,
            tx.coach,
            rehearsal.id,
            decision,
            reason=reason,
            by=tx.by,
            now=tx.now,
        ),
        coach=rehearsal.coach_id,
        done="Answered, for practice. A mail tells you what the family would have read.",
    ):
        tasks.nudge_from_thread(services(), tasks.deliver_mail)
