"""What a button brought about, said once on the page that follows."""

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
    st.session_state[SAID] = ("success", done)
    return True


def say_error(error: SpiritError) -> None:
    sentences = error.fields.values() if isinstance(error, Invalid) else [str(error)]
    st.session_state[SAID] = ("error", inert(" ".join(sentences)))


def say() -> None:
    """Call on top of the page."""
    kind, sentence = st.session_state.pop(SAID, (None, None))
    if kind == "error":
        st.error(sentence)
        st.toast(sentence)  # on a phone the button that was pressed may be far below the top
    elif kind == "success":
        st.success(sentence)
