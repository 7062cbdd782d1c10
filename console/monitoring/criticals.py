"""Live banner of critical errors above the monitoring pages: polls every second, with one small statement."""

from datetime import timedelta

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from console.monitoring.cached_queries import monitor
from console.monitoring.navigation import FOLDER
from console.widgets.markdown import inert
from console.widgets.session import services, signed_in
from core.errors import SpiritError
from core.platform import clock
from core.telemetry import error_queries
from core.wording import spoken_instant

LOOK_EVERY_S = 1.0  # the recorder writes a CRITICAL at once, so that it stands here within two seconds
LATELY = timedelta(hours=1)


@st.fragment(run_every=LOOK_EVERY_S)
def criticals() -> None:
    """Draw unresolved critical errors of the last hour. A fragment that reruns itself alone, so it cuts off no click."""
    try:
        if not signed_in().is_admin:
            return
        groups = error_queries.latest_critical(monitor().store, since=clock.now() - LATELY)
    except (SpiritError, SQLAlchemyError):
        return  # the panels say that the monitoring data cannot be read
    for group in groups:
        at = spoken_instant(group.last_seen_at, services().settings.zone)
        st.error(inert(f"Critical: {group.title}, {at}, in {group.culprit}"))
        st.page_link(FOLDER / "errors.py", label="Open it", query_params={"group": str(group.id)})
