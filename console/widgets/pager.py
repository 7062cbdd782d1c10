"""Pager: a list a page at a time, by the cursor of the last row that was shown."""

from typing import Any

import streamlit as st

from console.widgets.markdown import inert


def cursor(pages: str) -> Any:
    """After which row the page begins that is shown; None on the first. pages: where the way here is kept."""
    before = st.session_state.setdefault(pages, [])
    return before[-1] if before else None


def turn_page(pages: str, following: Any, *, back: str = "Newer", forward: str = "Older") -> None:
    """The two buttons. following: the cursor of the last row that is shown, where there are more; else None."""
    before = st.session_state.setdefault(pages, [])
    left, right = st.columns(2)
    if before:
        left.button(inert(back), on_click=before.pop)
    if following is not None:
        right.button(inert(forward), on_click=before.append, args=(following,))
