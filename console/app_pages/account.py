"""Page My account: password, active sessions, API keys."""

import streamlit as st

from console.widgets.acting import act, run_as, transact_as
from console.widgets.api_key_usage import last_used
from console.widgets.flash import add_error, add_success, show_messages
from console.widgets.markdown import inert
from console.widgets.session import Staff, services, signed_in
from console.widgets.sign_in_session_row import one_session
from core.errors import SpiritError
from core.people import api_keys, own_account
from core.people.models import Account
from core.platform import clock
from core.staff.members import live_sessions
from core.wording import spoken_instant

FRESH_KEY = "fresh_key"


def page() -> None:
    staff = signed_in()
    st.title("My account")
    show_messages()
    with services().database.read() as session:
        account = session.get_one(Account, staff.account_id)
        sessions = live_sessions(session, staff.account_id, now=clock.now())
    st.text(account.email)
    with st.form("password", clear_on_submit=True):
        st.markdown(
            "**A new password**"
            if account.password_hash
            else "**You sign in by mailed links. Set a password, if you like.**"
        )
        present = st.text_input("Present password", type="password") if account.password_hash else ""
        new = st.text_input("New password", type="password")
        if st.form_submit_button("Keep", type="primary"):
            _set_password(staff, present, new)
            st.rerun()
    st.header("Signed in", anchor=False)
    for row in sessions:
        one_session(row, staff)
    if len(sessions) > 1 and st.button("Sign out everywhere else"):
        done = "You are signed in here, and nowhere else."
        act(
            staff,
            lambda tx: own_account.end_other_sessions(tx.session, keep_session=staff.session_id, by=tx.by, now=tx.now),
            done=done,
        )
        st.rerun()
    _keys(staff)


def _keys(staff: Staff) -> None:
    """API keys. A new one stays on the page until it is dismissed, since the page reruns by itself."""
    st.header("Keys for programs", anchor=False)
    st.markdown(
        "A key lets a program of yours read and answer requests as you, by the header `Authorization: Bearer …`. "
        "It may do what you may, until you end it."
    )
    if fresh := st.session_state.get(FRESH_KEY):
        st.success("This is your new key. Copy it now: it is not kept, and cannot be shown again.")
        st.code(fresh, language=None, wrap_lines=True)
        st.button("I have copied it", on_click=lambda: st.session_state.pop(FRESH_KEY, None))
    with services().database.read() as session:
        keys = api_keys.keys_of(session, staff.account_id)
    zone = services().settings.zone
    for key in keys:
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.text(f"{key.name} ({key.hint}…)\nmade {spoken_instant(key.created_at, zone)}; {last_used(key, zone)}")
        if right.button("End", key=f"end-key-{key.id}", help=inert(f"End the key {key.name}"), width="stretch"):
            _end_key(staff, key.id)
            st.rerun()
    with st.form("key", clear_on_submit=True):
        name = st.text_input("Name of a new key", max_chars=api_keys.NAME_LENGTH, placeholder="What will use it?")
        if st.form_submit_button("Make a key"):
            _make_key(staff, name)
            st.rerun()


def _end_key(staff: Staff, key_id: int) -> None:
    act(
        staff,
        lambda tx: api_keys.end_key(tx.session, key_id, by=tx.by, now=tx.now),
        done="The key opens nothing any more.",
    )


def _make_key(staff: Staff, name: str) -> None:
    try:
        st.session_state[FRESH_KEY] = transact_as(
            staff,
            lambda tx: api_keys.make_key(tx.session, name=name, in_session=staff.session_id, by=tx.by, now=tx.now),
        )
    except SpiritError as error:
        add_error(error)


def _set_password(staff: Staff, present: str, new: str) -> None:
    try:
        run_as(
            staff,
            lambda by: own_account.set_password(
                services(), by=by, present=present, new=new, keep_session=staff.session_id
            ),
        )
    except SpiritError as error:
        add_error(error)
    else:
        add_success("Your password is kept. You are signed in here, and nowhere else.")


page()
