"""
What is opened on a page, such as one error: in the address, so that it can be sent; and in the session, which is asked first.

A press inside a part of a page that runs by itself reaches the session at once, and the address a little later.
"""

import streamlit as st


def opened(name: str) -> str:
    """What is open; "" for nothing. An address that is new to this session opens what it names."""
    address = st.query_params.get(name, "")
    if address and address != st.session_state.get(_seen(name)):
        st.session_state[_seen(name)] = st.session_state[_open(name)] = address
    found: str = st.session_state.get(_open(name), "")
    return found


def set_opened(name: str, value: str) -> None:
    """From now on this is open; "" closes it."""
    st.session_state[_open(name)] = value
    if value:
        st.session_state[_seen(name)] = st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def _open(name: str) -> str:
    return f"opened-{name}"


def _seen(name: str) -> str:
    return f"seen-{name}"
