"""People, for admins: invite, roles, disable, and where each is signed in."""

from collections.abc import Callable
from typing import Any

import streamlit as st

import tasks
from console.inert import inert
from console.said import act, say
from console.session import Staff, services, signed_in
from core import clock
from core.errors import NotAllowed
from core.people import staff as people
from core.people.models import Account, Role, StaffSession
from core.words import spoken_instant


def page() -> None:
    staff = signed_in()
    if not staff.is_admin:
        raise NotAllowed("This page is for admins.")
    st.title("People")
    say()
    now = clock.now()
    with services().database.read() as session:
        everybody = people.everybody(session)
        sessions = {account.id: list(people.live_sessions(session, account.id, now=now)) for account in everybody}
    for account in everybody:
        _person(account, sessions[account.id], staff)
    _invite(staff)


def _person(account: Account, sessions: list[StaffSession], staff: Staff) -> None:
    state = "signs in no more" if account.disabled_at else account.role.value.lower()
    with st.expander(inert(f"{account.name}, {state}")):
        st.text(account.email)
        zone = services().settings.zone
        for session in sessions:
            st.text(f"Signed in, last used {spoken_instant(session.last_used_at, zone)}\n{session.user_agent}")
        if account.disabled_at:
            _button("Allow to sign in again", people.enable, account, staff, f"{account.name} may sign in again.")
            return
        if sessions:
            _button("Sign out everywhere", people.end_sessions, account, staff, f"{account.name} is signed out.")
        other = Role.COACH if account.role is Role.ADMIN else Role.ADMIN
        verb = "Make an admin" if other is Role.ADMIN else "Take the admin’s role away"
        _button(verb, people.change_role, account, staff, f"{account.name} has another role now.", other)
        with st.popover("Disable …"):
            st.markdown("Signed out at once, and not shown to parents any more. What is booked stands.")
            _button("Yes: disable", people.disable, account, staff, f"{account.name} signs in no more.")


def _button(label: str, command: Callable[..., Any], account: Account, staff: Staff, done: str, *more: Any) -> None:
    if st.button(label, key=f"{label}-{account.id}"):
        act(command, account.id, *more, by=staff.account_id, done=inert(done))
        st.rerun()


def _invite(staff: Staff) -> None:
    st.header("Invite somebody", anchor=False)
    with st.form("invite", clear_on_submit=False):
        name = st.text_input("Name", max_chars=80)
        email = st.text_input("E-mail address", max_chars=254)
        role = st.radio("Role", (Role.COACH, Role.ADMIN), format_func=lambda role: role.value.capitalize())
        teaches = st.checkbox("Parents can book lessons with this person", value=True)
        if st.form_submit_button("Invite", type="primary"):
            done = inert(f"{name} is invited. The mail has a link to sign in with, once, within ten minutes.")
            zone = services().settings.timezone
            if act(
                people.invite,
                email=email,
                name=name,
                role=role,
                teaches=teaches,
                zone=zone,
                by=staff.account_id,
                done=done,
            ):
                tasks.nudge_from_thread(tasks.deliver_mail)
            st.rerun()


page()
