"""A page that fails says so in a sentence with a reference, and the rest of the console works on. Never a traceback."""

from collections.abc import Callable

import streamlit as st
from sqlalchemy import select

from console.widgets.markdown import inert
from console.widgets.run_recorder import reference_of
from console.widgets.session import services
from core.errors import OutcomeUnknown, SpiritError, Unavailable

TRY_AGAIN_EVERY_S = 5.0
LOOKS = "looks_for_the_database"
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
    """Run a page, or what leads to it; whatever it raises is said where the page would have been."""
    try:
        run()
    except Exception as error:  # whatever it is, a person looks at this page
        say_failure(error)


def say_failure(error: Exception) -> bool:
    """
    What the rules refuse is said in their words; what is our mistake has a reference that stands in the log as well.

    Also Streamlit's handler for what fails in a callback. Returns True: nothing else is to be shown.
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
    """Invisible. Once the database answers, the page is drawn anew; its first look comes with the run that failed."""
    first_look = not st.session_state.get(LOOKS)
    st.session_state[LOOKS] = True
    try:
        with services().database.read() as session:
            session.execute(select(1))
    except Unavailable:
        return
    if not first_look:
        st.session_state.pop(LOOKS)
        st.rerun()
