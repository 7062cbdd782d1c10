"""Error boundary: a page that fails shows a sentence with a reference, never a traceback; the rest of the console works."""

from collections.abc import Callable

import streamlit as st
from sqlalchemy import select

from console.widgets.markdown import inert
from console.widgets.run_recorder import reference_of
from console.widgets.session import services
from core.errors import OutcomeUnknown, SpiritError, Unavailable

TRY_AGAIN_EVERY_S = 5.0
LOOKS = "looks_for_the_database"  # session state: set while a failed page waits for the database
OUR_MISTAKE = (
    "This page could not be shown, and it was our mistake. The other pages work on. "
    "If you tell somebody about it, give this reference: **{reference}**"
)
AWAY = "The database does not answer just now. Nothing is lost; this page comes back by itself."

UNSURE = (
    "We are not sure whether this was saved: the database was lost in that moment. This page comes back by itself; "
    "look at it first, before you do the same again."
)


def guarded(run: Callable[[], None]) -> None:
    """Run a page, or what leads to it, inside the error boundary: an exception is shown in the page's place."""
    try:
        run()
    except Exception as error:  # whatever it is, a person looks at this page
        show_failure(error)


def show_failure(error: Exception) -> bool:
    """
    Show an exception: a SpiritError by its own sentence, any other by a reference that the log has too.

    Also Streamlit's `on_script_error`, for exceptions in callbacks. Returns True: Streamlit shows nothing else.
    """
    if isinstance(error, OutcomeUnknown):
        st.error(UNSURE)
        _try_again()
    elif isinstance(error, Unavailable):
        st.error(AWAY)
        _try_again()
    elif isinstance(error, SpiritError):
        st.error(inert(str(error)))
    else:
        st.error(OUR_MISTAKE.format(reference=reference_of(error)))
    return True


@st.fragment(run_every=TRY_AGAIN_EVERY_S)
def _try_again() -> None:
    """Poll the database in an invisible fragment, and rerun the page once it answers; the failed run polls first."""
    first_look = not st.session_state.get(LOOKS)
    st.session_state[LOOKS] = True
    try:
        with services().database.read() as session:
            session.execute(select(1))
    except Unavailable:
        return
    if not first_look:  # else the page that has just failed would be rerun without end
        st.session_state.pop(LOOKS)
        st.rerun()
