"""
What a button brought about, said on the page that follows, until the person does something else.

Several buttons of one run each have their say. A page that is drawn anew by itself says it again, and in a place that is
always there: nothing moves away under a finger.
"""

from collections.abc import Iterable

import streamlit as st

from console.widgets.markdown import inert
from core.errors import Invalid, SpiritError

SAID, SHOWN = "said", "said_and_shown"


def say_done(sentence: str) -> None:
    _note("success", sentence)


def say_error(error: SpiritError) -> None:
    sentences = error.fields.values() if isinstance(error, Invalid) else [str(error)]
    _note("error", inert(" ".join(sentences)))


def say() -> None:
    """Call on top of the page."""
    new = st.session_state.pop(SAID, ())
    for kind, sentence in new:
        if kind == "error":
            st.toast(sentence)  # on a phone the button that was pressed may be far below the top
    st.session_state[SHOWN] = shown = new or st.session_state.get(SHOWN, ())
    with st.empty():
        if shown:
            _show(shown)


def forget_shown() -> None:
    """She has gone on to something else."""
    st.session_state.pop(SHOWN, None)


def _show(shown: Iterable[tuple[str, str]]) -> None:
    with st.container():
        for kind, sentence in shown:
            (st.error if kind == "error" else st.success)(sentence)


def _note(kind: str, sentence: str) -> None:
    st.session_state[SAID] = (*st.session_state.get(SAID, ()), (kind, sentence))
