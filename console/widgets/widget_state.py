"""Persistent widget values: what was chosen on a page is still chosen after a visit to another page."""

from typing import Any

import streamlit as st


def remembered(key: str, default: Any) -> str:
    """
    Restore a widget's value and return its key. Call right before the widget is drawn.

    Streamlit forgets a widget's value when a run does not draw it, and resets one whose choices are named anew ("Requests
    (2)"). So the value is noted under a name of our own whenever it changes, and put back before each drawing.
    """
    st.session_state[key] = st.session_state.get(_name(key), default)
    return key


def note(key: str) -> None:
    """Save a widget's value. Call from its `on_change`."""
    st.session_state[_name(key)] = st.session_state[key]


def recall(key: str, default: Any = None) -> Any:
    """The saved value of a widget; `default` where none was saved."""
    return st.session_state.get(_name(key), default)


def forget(*keys: str) -> None:
    """Discard the saved values of these widgets: they start with their defaults again."""
    for key in keys:
        st.session_state.pop(_name(key), None)


def _name(key: str) -> str:
    return f"remembered {key}"
