"""
The dead man's switch: which process is silent, above every page of an admin. It needs none of them.

A fragment of its own, so that it comes and goes on a page that stays open, whatever that page does.
"""

from datetime import timedelta
from html import escape

import streamlit as st

from console.monitoring.cached_queries import monitor
from console.widgets.session import services, signed_in
from core.alerts import pulse
from core.errors import Unavailable
from core.platform import clock, theme

STYLE = (
    f"<style>.silent {{ border: 1px solid {theme.COLORS['light']['bad']}; border-left-width: 8px; padding: 8px 16px; "
    f"border-radius: {theme.CORNER_PX}px }} @media (prefers-color-scheme: dark) "
    f"{{ .silent {{ border-color: {theme.COLORS['dark']['bad']} }} }}</style>"
)


began_at = clock.now()  # of this process; the others have just begun as well
FIRST_SIGN = timedelta(minutes=1)
LOOK_EVERY_S = 15


def silences() -> list[str]:
    """A sentence for each part that has given no sign of life for two of its intervals."""
    now = clock.now()
    with services().database.read() as session:
        found = pulse.silences(session, now=now)
    if services().settings.telemetry:
        found += pulse.silence_of_the_recorders(monitor().store, now=now)
    return [silence.sentence(now=now) for silence in found]


@st.fragment(run_every=LOOK_EVERY_S)
def warn_of_silence() -> None:
    """Nothing while all of them live, nor while they are still starting; nor when the database is away, which is said elsewhere."""
    try:
        if signed_in().is_admin:
            _warn()
    except Unavailable:
        return


def _warn() -> None:
    if clock.now() - began_at < FIRST_SIGN:
        return
    if said := silences():
        lines = "<br>".join(escape(sentence) for sentence in said)
        st.html(f'{STYLE}<div class="silent" role="alert">{lines}</div>')
