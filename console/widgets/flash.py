"""
Flash messages in the session state: shown on the next run of the page, cleared by the person's next action.

One run can add several. A page that is rerun by itself shows them again, and in a place that is always there: nothing
moves away under a finger.
"""

from collections.abc import Iterable

import streamlit as st

from console.widgets.markdown import inert
from core.errors import Invalid, SpiritError

NEW, SHOWN = "flash_new", "flash_shown"  # keys of the session state


def add_success(sentence: str) -> None:
    """Add a success message. Markdown in it is rendered."""
    _note("success", sentence)


def add_error(error: SpiritError) -> None:
    """Add an error message: the error's sentence, or the sentences of its fields."""
    sentences = error.fields.values() if isinstance(error, Invalid) else [str(error)]
    _note("error", inert(" ".join(sentences)))


def show_messages() -> None:
    """Draw the messages. Call on top of the page."""
    new = st.session_state.pop(NEW, ())
    for kind, sentence in new:
        if kind == "error":
            st.toast(sentence)  # on a phone the button that was pressed may be far below the top
    st.session_state[SHOWN] = shown = new or st.session_state.get(SHOWN, ())
    with st.empty():
        if shown:
            _show(shown)


def forget_shown() -> None:
    """Clear the messages that were shown: the person has gone on to something else."""
    st.session_state.pop(SHOWN, None)


def _show(shown: Iterable[tuple[str, str]]) -> None:
    with st.container():
        for kind, sentence in shown:
            (st.error if kind == "error" else st.success)(sentence)


def _note(kind: str, sentence: str) -> None:
    st.session_state[NEW] = (*st.session_state.get(NEW, ()), (kind, sentence))
