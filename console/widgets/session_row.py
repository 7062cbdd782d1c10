"""Where somebody is signed in: when it was used last, with what, and a button that ends it."""

import streamlit as st

from console.widgets.acting import act
from console.widgets.session import Staff, services
from core.people.models import StaffSession
from core.staff.members import end_one_session
from core.wording import spoken_instant


def one_session(found: StaffSession, staff: Staff) -> None:
    """A line. The session that shows this page has no button: that is what *Sign out* is for."""
    is_here = found.id == staff.session_id
    left, right = st.columns([4, 1], vertical_alignment="center")
    where = "Here, last used" if is_here else "Signed in, last used"
    left.text(f"{where} {spoken_instant(found.last_used_at, services().settings.zone)}\n{found.user_agent}")
    if is_here:
        return
    if right.button("End", key=f"end-session-{found.id}", help="Sign out there", width="stretch"):
        act(
            staff,
            lambda tx: end_one_session(tx.session, found.id, by=tx.account_id, now=tx.now),
            done="Signed out there, also in a page that is open.",
        )
        st.rerun()
