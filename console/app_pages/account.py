"""My account: a password, and where I am signed in."""

import streamlit as st

from console.said import SAID, act, say, say_error
from console.session import services, signed_in
from core import clock
from core.errors import SpiritError
from core.people import own_account
from core.people.models import Account
from core.people.staff import live_sessions
from core.words import spoken_instant


def page() -> None:
    staff = signed_in()
    st.title("My account")
    say()
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
            _set_password(staff.account_id, present, new, staff.session_id)
            st.rerun()
    st.header("Signed in", anchor=False)
    for found in sessions:
        here = "here, " if found.id == staff.session_id else ""
        st.text(f"{here}last used {spoken_instant(found.last_used_at, services().settings.zone)}\n{found.user_agent}")
    if len(sessions) > 1 and st.button("Sign out everywhere else"):
        done = "You are signed in here, and nowhere else."
        act(own_account.end_other_sessions, staff.account_id, keep_session=staff.session_id, done=done)
        st.rerun()


def _set_password(account_id: int, present: str, new: str, session_id: int) -> None:
    try:
        own_account.set_password(services(), account_id, present=present, new=new, keep_session=session_id)
    except SpiritError as error:
        say_error(error)
    else:
        st.session_state[SAID] = ("success", "Your password is kept. You are signed in here, and nowhere else.")


page()
