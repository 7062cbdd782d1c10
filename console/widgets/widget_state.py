"""What somebody has chosen on a page is still chosen when she comes back to it."""

from typing import Any

import streamlit as st


def remembered(key: str, default: Any) -> str:
    """
    The key of a widget that keeps its value. Call right before the widget is drawn.

    Streamlit forgets a widget's value when a run does not draw it, and resets one whose choices are named anew ("Requests
    (2)"). So the value is noted under a name of our own whenever it changes, and put back before each drawing.
    """
    st.session_state[key] = st.session_state.get(_name(key), default)
    return key


def note(key: str) -> None:
    """The widget's `on_change`: what it holds now is what is put back."""
    st.session_state[_name(key)] = st.session_state[key]


def recall(key: str, default: Any = None) -> Any:
    """What was noted last."""
    return st.session_state.get(_name(key), default)


def forget(*keys: str) -> None:
    """They are as on the first visit again."""
    for key in keys:
        st.session_state.pop(_name(key), None)


def _name(key: str) -> str:
    return f"remembered {key}"
