"""What a button brought about, said once on the page that follows. Several buttons of one run each have their say."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from console.inert import inert
from console.session import services
from core.errors import Invalid, SpiritError

SAID = "said"


def act(command: Callable[..., Any], *arguments: Any, done: str, coach: int | None = None, **options: Any) -> bool:
    """Run a command. If the rules refuse, their sentence is what is said. Whether it was done."""
    try:
        services().database.transact(command, *arguments, coach=coach, **options)
    except SpiritError as error:
        say_error(error)
        return False
    say_done(done)
    return True


def say_done(sentence: str) -> None:
    _note("success", sentence)


def say_error(error: SpiritError) -> None:
    sentences = error.fields.values() if isinstance(error, Invalid) else [str(error)]
    _note("error", inert(" ".join(sentences)))


def say() -> None:
    """Call on top of the page."""
    for kind, sentence in st.session_state.pop(SAID, ()):
        if kind == "error":
            st.error(sentence)
            st.toast(sentence)  # on a phone the button that was pressed may be far below the top
        else:
            st.success(sentence)


def _note(kind: str, sentence: str) -> None:
    st.session_state[SAID] = (*st.session_state.get(SAID, ()), (kind, sentence))
