"""Coach picker: which coach a page is about; a coach's own, or an admin's choice."""

import streamlit as st
from sqlalchemy import select

from console.widgets.session import Staff, services
from core.people.models import Account
from core.schedule.models import Coach

CHOSEN = "chosen_coach"


def chosen_coach(staff: Staff) -> int | None:
    """The id of the coach this page is about; None where there is none. An admin's choice holds on the other pages too."""
    if not staff.is_admin:
        return staff.coach_id
    names = coach_names()
    if not names:
        st.info("There is no coach yet. Invite one on the page People.")
        return None
    ids = list(names)
    before = st.session_state.get(CHOSEN, staff.coach_id)
    picked = st.selectbox(
        "Coach", ids, index=ids.index(before) if before in names else 0, format_func=lambda coach: names[coach]
    )
    st.session_state[CHOSEN] = picked
    return picked


def coach_names() -> dict[int, str]:
    """All coaches' names by coach id, sorted by name."""
    query = select(Coach.id, Account.name).join(Account, Account.id == Coach.account_id).order_by(Account.name)
    with services().database.read() as session:
        return {row.id: row.name for row in session.execute(query)}
