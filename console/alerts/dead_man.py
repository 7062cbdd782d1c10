"""
Dead man's switch: a banner above every admin's page that names processes without a heartbeat. It needs none of them.

A fragment of its own, so that it appears and disappears on an open page, whatever that page does.
"""

from datetime import timedelta
from html import escape

import streamlit as st

from console.monitoring.cached_queries import monitor
from console.widgets.session import services, signed_in
from core.alerts import liveness
from core.errors import Unavailable
from core.platform import clock, theme

STYLE = (
    f"<style>.silent {{ border: 1px solid {theme.COLORS['light']['bad']}; border-left-width: 8px; padding: 8px 16px; "
    f"border-radius: {theme.CORNER_PX}px }} @media (prefers-color-scheme: dark) "
    f"{{ .silent {{ border-color: {theme.COLORS['dark']['bad']} }} }}</style>"
)


began_at = clock.now()  # of this process; the others have just begun as well
FIRST_SIGN = timedelta(minutes=1)  # grace period after the start
LOOK_EVERY_S = 15


def silences() -> list[str]:
    """A sentence for each process without a heartbeat for two of its intervals."""
    now = clock.now()
    with services().database.read() as session:
        silent = liveness.silences(session, now=now)
    if services().settings.telemetry:
        silent += liveness.silence_of_the_recorders(monitor().store, now=now)
    return [one.sentence(now=now) for one in silent]


@st.fragment(run_every=LOOK_EVERY_S)
def warn_of_silence() -> None:
    """Draw the banner; nothing while all processes live or are still starting, or the database is away (error boundary)."""
    try:
        if signed_in().is_admin:
            _warn()
    except Unavailable:
        return


def _warn() -> None:
    if clock.now() - began_at < FIRST_SIGN:
        return
    if sentences := silences():
        lines = "<br>".join(escape(sentence) for sentence in sentences)
        st.html(f'{STYLE}<div class="silent" role="alert">{lines}</div>')
