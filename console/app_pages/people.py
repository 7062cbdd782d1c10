"""Page People, for admins: staff accounts with roles, sessions and API keys; invite, disable, enable."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import streamlit as st
from sqlalchemy.orm import Session

import tasks
from console.bookings.needs_attention import HEARS_NOTHING, list_commitments
from console.widgets.acting import act
from console.widgets.api_key_usage import last_used
from console.widgets.flash import show_messages
from console.widgets.markdown import inert
from console.widgets.session import Staff, admin, services
from console.widgets.sign_in_session_row import one_session
from core.bookings.open_commitments import Commitments, commitments_by_account
from core.people import api_keys, identities
from core.people.models import Account, ApiKey, Role, StaffSession
from core.platform import clock
from core.platform.actor import Actor
from core.schedule.preferences import coaches_without_mail
from core.schedule.time_zones import zone_choices
from core.staff import members as people
from core.wording import spoken_instant


def page() -> None:
    staff = admin()
    st.title("People")
    show_messages()
    now = clock.now()
    with services().database.read() as session:
        everybody = people.everybody(session)
        sessions = people.all_live_sessions(session, now=now)
        keys = api_keys.all_keys(session)
        invited = people.invited_and_not_here_yet(session)
        open_with = commitments_by_account(session, now=now)
        silent = {coach.account_id for coach in coaches_without_mail(session)}
    for account in everybody:
        hers = [key for key in keys if key.account_id == account.id]
        _person(
            account,
            sessions.get(account.id, ()),
            hers,
            invited.get(account.id),
            staff,
            silent,
            open_with.get(account.id),
        )
    _invite(staff)


def _person(
    account: Account,
    sessions: Sequence[StaffSession],
    keys: Sequence[ApiKey],
    invited_until: datetime | None,
    staff: Staff,
    silent: Collection[int],
    open_with: Commitments | None,
) -> None:
    state = "signs in no more" if account.disabled_at else account.role.value.lower()
    state += ", invited" if invited_until else ""
    with st.expander(inert(f"{account.name}, {state}"), key=f"about-person-{account.id}"):
        st.text(account.email)
        if account.id in silent:
            st.warning(inert(f"{account.name} {HEARS_NOTHING}."))
        zone = services().settings.zone
        for session in sessions:
            one_session(session, staff)
        for key in keys:
            _key(key, account, staff)
        if account.disabled_at:
            _button("Allow to sign in again", people.enable, account, staff, f"{account.name} may sign in again.")
            return
        if invited_until:
            works = "works" if invited_until > clock.now() else "worked"
            st.text(f"Has not come in yet. The invitation {works} until {spoken_instant(invited_until, zone)}.")
            done = f"{account.name} has a new invitation."
            _button("Invite again", people.invite_again, account, staff, done, mails=True)
        if sessions:
            _button("Sign out everywhere", people.end_sessions, account, staff, f"{account.name} is signed out.")
        if account.provider_subject:
            st.text("Signs in by the sign-in service.")
            done = f"{account.name} is bound anew when she comes next."
            _button("Forget who she is there", identities.forget_identity, account, staff, done)
        _role(account, staff)
        with st.popover("Disable …"):
            st.markdown("Signed out at once, and not shown to parents any more. What is booked stands.")
            if open_with is not None:
                _what_hangs_on(open_with)
            _button("Yes: disable", people.disable, account, staff, f"{account.name} signs in no more.")


def _role(account: Account, staff: Staff) -> None:
    other = Role.COACH if account.role is Role.ADMIN else Role.ADMIN
    verb = "Make an admin" if other is Role.ADMIN else "Take the admin’s role away"
    _button(verb, partial(people.change_role, role=other), account, staff, f"{account.name} has another role now.")


def _what_hangs_on(open_with: Commitments) -> None:
    """A coach's pending requests and lessons, shown before she is disabled, and what becomes of them."""
    list_commitments(open_with)
    st.markdown(
        "Admins answer these requests from then on, on the page Requests, and get the reminders. Lessons take place "
        "unless you cancel them, each in its story."
    )


def _key(key: ApiKey, account: Account, staff: Staff) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.text(f"Key “{key.name}” ({key.hint}…), {last_used(key, services().settings.zone)}")
    if right.button(
        "End", key=f"end-key-{key.id}", help=inert(f"End {account.name}’s key {key.name}"), width="stretch"
    ):
        act(
            staff,
            lambda tx: api_keys.end_key(tx.session, key.id, by=tx.by, now=tx.now),
            done=inert(f"{account.name}’s key opens nothing any more."),
        )
        st.rerun()


class OfAccount(Protocol):
    """An admin's command about one account."""

    def __call__(self, session: Session, account_id: int, /, *, by: Actor, now: datetime) -> object: ...


def _button(label: str, command: OfAccount, account: Account, staff: Staff, done: str, *, mails: bool = False) -> None:
    """A button for a command about an account. mails: the command writes a mail, which is sent at once."""
    if st.button(label, key=f"{label}-{account.id}"):
        if (
            act(
                staff,
                lambda tx: command(tx.session, account.id, by=tx.by, now=tx.now),
                done=inert(done),
            )
            and mails
        ):
            tasks.nudge_from_thread(services(), tasks.deliver_mail)
        st.rerun()


def _invite(staff: Staff) -> None:
    st.header("Invite somebody", anchor=False)
    with st.form("invite", clear_on_submit=False):
        name = st.text_input("Name", max_chars=80)
        email = st.text_input("E-mail address", max_chars=254)
        role = st.radio("Role", (Role.COACH, Role.ADMIN), format_func=lambda role: role.value.capitalize())
        teaches = st.checkbox("Parents can book lessons with this person", value=True)
        zone = st.selectbox("Her time zone", zone_choices(services().settings.timezone))
        if st.form_submit_button("Invite", type="primary"):
            done = inert(f"{name} is invited. The link in the mail works once, within a week.")
            if act(
                staff,
                lambda tx: people.invite(
                    tx.session,
                    email=email,
                    name=name,
                    role=role,
                    teaches=teaches,
                    zone=zone,
                    by=tx.by,
                    now=tx.now,
                ),
                done=done,
            ):
                tasks.nudge_from_thread(services(), tasks.deliver_mail)
            st.rerun()


page()
