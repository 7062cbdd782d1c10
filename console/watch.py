"""Looks every few seconds whether something has changed, with one small statement, and runs the page again if so."""

import time
from datetime import datetime

import streamlit as st
from sqlalchemy import func, null, select
from sqlalchemy.orm import Session

from console.session import Staff, services, signed_in
from core.gym import Gym
from core.mail.models import OutboxMessage
from core.schedule.models import Coach

LOOK_EVERY_S, REFRESH_EVERY_S = 2.5, 30.0
SEEN, RAN_AT, BY_ITSELF = "seen_version", "ran_at", "runs_by_itself"


@st.fragment(run_every=LOOK_EVERY_S)
def watch() -> None:
    """Invisible. An open page shows what happened anywhere within three seconds, and what only time did within thirty."""
    staff = signed_in()
    with services().database.read() as session:
        version = version_for(session, staff)
    changed = st.session_state.setdefault(SEEN, version) != version
    if changed or time.monotonic() - st.session_state[RAN_AT] > REFRESH_EVERY_S:
        st.session_state[SEEN] = version
        st.session_state[BY_ITSELF] = True
        st.rerun()


def person_ran_it() -> bool:
    """Notes that the whole page runs now. Whether a person did that, and not the page itself."""
    st.session_state[RAN_AT] = time.monotonic()
    return not st.session_state.pop(BY_ITSELF, False)


def still_fresh() -> None:
    """What is on the page was just drawn anew, by its own refreshing: only a change draws the whole of it again."""
    st.session_state[RAN_AT] = time.monotonic()


def version_for(session: Session, staff: Staff) -> tuple[int, int, datetime | None]:
    """Moves whenever something that this person sees has changed."""
    query = select(func.coalesce(func.sum(Coach.schedule_version), 0))
    if not staff.is_admin:
        query = query.where(Coach.id == staff.coach_id)
    shared = select(Gym.content_version).scalar_subquery()
    finished = select(func.max(OutboxMessage.finished_at)).scalar_subquery() if staff.is_admin else null()
    bookings, content, mailed_at = session.execute(select(query.scalar_subquery(), shared, finished)).one()
    return bookings, content, mailed_at
