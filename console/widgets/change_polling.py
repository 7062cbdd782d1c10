"""Change polling: one small statement every few seconds; the page is rerun when its answer differs."""

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

LOOK_EVERY_S = 2.5  # a change is on every open page within three seconds
# keys of the session state: the version that the page shows, when it ran, whether its own timer started this run
SEEN, RAN_AT, BY_ITSELF = "seen_version", "ran_at", "runs_by_itself"

Version = tuple[int | datetime | None, ...]


@st.fragment(run_every=LOOK_EVERY_S)
def poll() -> None:
    """
    Poll for changes in an invisible fragment, and rerun the page when there are any.

    A change is shown within three seconds; what only time has changed, after the gym's `console_refresh_s`. Call before
    the page reads anything: in the page's own run it notes the version that the page is about to show.
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
    elif is_lone_fragment() and (st.session_state.get(SEEN) != version or _ran_s_ago() > refresh_every_s):
        st.session_state[BY_ITSELF] = True
        st.rerun()


def is_lone_fragment() -> bool:
    """
    Whether a single fragment is all that runs now.

    Only then may its timer rerun the page: a rerun ends the run at hand, and with it a click that it has not reached.
    """
    return len(_fragments() or ()) == 1


def is_started_by_person() -> bool:
    """Note that the whole page runs now. Returns whether a person started this run, and not the page's own timer."""
    st.session_state[RAN_AT] = time.monotonic()
    return not st.session_state.pop(BY_ITSELF, False)


def reset_refresh_timer() -> None:
    """Reset the refresh timer: the page has just redrawn its contents itself, so only a change reruns the whole of it."""
    st.session_state[RAN_AT] = time.monotonic()


def _fragments() -> list[str] | None:
    """The ids of the fragments that run now; None in a run of the whole page."""
    context = get_script_run_ctx()
    return context.fragment_ids_this_run if context else None


def _ran_s_ago() -> float:
    ran_at: float = st.session_state[RAN_AT]
    return time.monotonic() - ran_at


def version_for(session: Session, staff: Staff) -> tuple[Version, int]:
    """
    The version of all that this person sees, which differs after any change; and the refresh interval in seconds.

    A coach's: the version of her schedule, the gym's content. An admin's: everybody's, and the last finished mail, audit
    event and alert change.
    """
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
