"""Looks every few seconds whether something has changed, with one small statement, and runs the page again if so."""

import time
from datetime import datetime

import streamlit as st
from sqlalchemy import func, null, select
from sqlalchemy.orm import Session
from streamlit.runtime.scriptrunner import get_script_run_ctx

from console.widgets.error_boundary import AWAY
from console.widgets.session import Staff, services, signed_in
from core.alerts.models import AlertChange
from core.audit import AuditEvent
from core.errors import Unavailable
from core.gym.models import Gym
from core.outbox.models import OutboxMessage
from core.schedule.models import Coach

LOOK_EVERY_S = 2.5
SEEN, RAN_AT, BY_ITSELF = "seen_version", "ran_at", "runs_by_itself"

Version = tuple[int | datetime | None, ...]


@st.fragment(run_every=LOOK_EVERY_S)
def watch() -> None:
    """
    Invisible. An open page shows what happened anywhere within three seconds, and what only time did a little later.

    Stands before whatever the page reads: its look with the page's own run notes what the page is about to show.
    """
    try:
        staff = signed_in()
        with services().database.read() as session:
            version, refresh_every_s = version_for(session, staff)
    except Unavailable:
        st.error(AWAY)
        return
    if _fragments() is None:
        st.session_state[SEEN] = version
    elif looks_alone() and (st.session_state.get(SEEN) != version or _ran_s_ago() > refresh_every_s):
        st.session_state[BY_ITSELF] = True
        st.rerun()


def looks_alone() -> bool:
    """
    Whether one fragment is all that runs now.

    Only then may its timer run the page again: that ends the run at hand, and with it a click that it has not reached.
    """
    return len(_fragments() or ()) == 1


def person_ran_it() -> bool:
    """Notes that the whole page runs now. Whether a person did that, and not the page itself."""
    st.session_state[RAN_AT] = time.monotonic()
    return not st.session_state.pop(BY_ITSELF, False)


def still_fresh() -> None:
    """What is on the page was just drawn anew, by its own refreshing: only a change draws the whole of it again."""
    st.session_state[RAN_AT] = time.monotonic()


def _fragments() -> list[str] | None:
    """Which of them run now; None while the whole page does."""
    context = get_script_run_ctx()
    return context.fragment_ids_this_run if context else None


def _ran_s_ago() -> float:
    ran_at: float = st.session_state[RAN_AT]
    return time.monotonic() - ran_at


def version_for(session: Session, staff: Staff) -> tuple[Version, int]:
    """Moves whenever something that this person sees has changed; and after how many seconds a page is drawn anew."""
    query = select(func.coalesce(func.sum(Coach.schedule_version), 0))
    if not staff.is_admin:
        query = query.where(Coach.id == staff.coach_id)
    finished = select(func.max(OutboxMessage.finished_at)).scalar_subquery() if staff.is_admin else null()
    done = select(func.max(AuditEvent.id)).scalar_subquery() if staff.is_admin else null()
    alerted = select(func.max(AlertChange.id)).scalar_subquery() if staff.is_admin else null()
    *version, refresh_every_s = session.execute(
        select(query.scalar_subquery(), Gym.content_version, finished, done, alerted, Gym.console_refresh_s)
    ).one()
    return tuple(version), refresh_every_s
