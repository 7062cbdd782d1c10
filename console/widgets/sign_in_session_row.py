"""One active session of an account: last use, user agent, and a button that ends it."""

import streamlit as st

from console.widgets.acting import act
from console.widgets.session import Staff, services
from core.people.models import StaffSession
from core.staff.members import end_one_session
from core.wording import spoken_instant


def one_session(row: StaffSession, staff: Staff) -> None:
    """Draw a session as one row. The session that shows this page has no button: that is what *Sign out* is for."""
    is_here = row.id == staff.session_id
    left, right = st.columns([4, 1], vertical_alignment="center")
    where = "Here, last used" if is_here else "Signed in, last used"
    left.text(f"{where} {spoken_instant(row.last_used_at, services().settings.zone)}\n{row.user_agent}")
    if is_here:
        return
    if right.button("End", key=f"end-session-{row.id}", help="Sign out there", width="stretch"):
        act(
            staff,
            lambda tx: end_one_session(tx.session, row.id, by=tx.by, now=tx.now),
            done="Signed out there, also in a page that is open.",
        )
        st.rerun()
