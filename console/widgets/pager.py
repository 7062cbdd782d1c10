"""Cursor pagination: a list page by page, each beginning after the last row of the page before."""

from typing import Any

import streamlit as st

from console.widgets.markdown import inert


def cursor(pages: str) -> Any:
    """The cursor that the current page begins after; None on the first. pages: the session's key of the cursors so far."""
    before = st.session_state.setdefault(pages, [])
    return before[-1] if before else None


def turn_page(pages: str, following: Any, *, back: str = "Newer", forward: str = "Older") -> None:
    """Draw the buttons for the page before and after. following: the next cursor; None on the last page."""
    before = st.session_state.setdefault(pages, [])
    left, right = st.columns(2)
    if before:
        left.button(inert(back), on_click=before.pop)
    if following is not None:
        right.button(inert(forward), on_click=before.append, args=(following,))
