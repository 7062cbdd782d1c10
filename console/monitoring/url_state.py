"""
URL state: what is open on a page, such as one error, in a query parameter, so that the address can be sent.

The session state holds it too, and wins: a click inside a fragment reaches it at once, the address a little later.
"""

import streamlit as st


def opened(name: str) -> str:
    """The open item's id; "" for none. A query parameter that is new to this session opens what it names."""
    address = st.query_params.get(name, "")
    if address and address != st.session_state.get(_seen(name)):
        st.session_state[_seen(name)] = st.session_state[_open(name)] = address
    value: str = st.session_state.get(_open(name), "")
    return value


def set_opened(name: str, value: str) -> None:
    """Open an item in session and address; "" closes it."""
    st.session_state[_open(name)] = value
    if value:
        st.session_state[_seen(name)] = st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def _open(name: str) -> str:
    return f"opened-{name}"


def _seen(name: str) -> str:
    return f"seen-{name}"
