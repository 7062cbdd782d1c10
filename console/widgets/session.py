"""
Who is signed in, asked anew in every run and every fragment's run.

Streamlit freezes cookies at the websocket's handshake, and keeps `session_state` when the browser reconnects with
another person's cookie. So the session's row is looked up each time, and whoever finds another one's state clears it.
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

import streamlit as st

from console.web.cookies import token_in
from console.widgets import run_recorder
from core.bookings.scope import Whose, scope
from core.bootstrap import services as services_from_environment
from core.errors import NotAllowed, Unavailable
from core.people.models import Role
from core.people.sessions import TOUCH_EVERY, find_session, touch_session
from core.platform import clock
from core.platform.services import Services
from core.schedule.queries import coach_of
from core.telemetry.pseudonyms import Who

IDENTITY = "signed_in_session"


@dataclass(frozen=True)
class Staff:
    """The signed-in member of staff. coach_id: None for who teaches nobody."""

    session_id: int
    account_id: int
    name: str
    role: Role
    coach_id: int | None
    last_used_at: datetime
    wants_sound: bool = False
    zone: ZoneInfo | None = None  # a coach's own; None for who teaches nobody

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def has_bookings(self) -> bool:
        """Whether there are bookings for her to see."""
        return self.is_admin or self.coach_id is not None

    @property
    def whose(self) -> Whose:
        """Whose bookings she sees. Raises NotAllowed for who is neither admin nor coach."""
        return scope(self.role, self.coach_id)


def services() -> Services:
    """This process's services. Asking for them begins the page's run, as it is recorded."""
    run_recorder.at_hand()
    return services_from_environment()


def signed_in() -> Staff:
    """The member of staff behind this run. Stops the run when there is none (any more)."""
    staff = find_staff(token())
    if staff is None:
        _signed_out()
    if st.session_state.get(IDENTITY, staff.session_id) != staff.session_id:
        st.session_state.clear()
        st.session_state[IDENTITY] = staff.session_id
        st.rerun()
    st.session_state[IDENTITY] = staff.session_id
    return staff


def admin(what: str = "This page") -> Staff:
    """The admin behind this run. Raises NotAllowed for anybody else."""
    return admins_only(signed_in(), what)


def admins_only(staff: Staff, what: str = "This page") -> Staff:
    """That person, who must be an admin. what: begins the sentence that others read. Raises NotAllowed."""
    if not staff.is_admin:
        raise NotAllowed(f"{what} is for admins.")
    return staff


def find_staff(session_token: str | None) -> Staff | None:
    """Who this token stands for, if its session lives."""
    if not session_token:
        return None
    with services().database.read() as session:
        found = find_session(session, session_token, now=clock.now())
        if found is None:
            return None
        account = found.account
        coach = coach_of(session, account)
        coach_id, zone = (coach.id, coach.zone) if coach else (None, None)
        return Staff(
            found.id, account.id, account.name, account.role, coach_id, found.last_used_at, account.sound, zone
        )


def still(shown_to: Staff) -> Staff | None:
    """For a button's callback: the person it was shown to; None if somebody else is signed in by now, or nobody."""
    staff = find_staff(token())
    return staff if staff is not None and staff.session_id == shown_to.session_id else None


def token() -> str | None:
    """The session's token, from the browser's cookie."""
    return token_in(st.context.headers.get_all("Cookie"), services().settings, services().database)


def person_did_something(staff: Staff) -> None:
    """Keeps the session from ending idle. Pages that refresh by themselves do not call it."""
    if clock.now() - staff.last_used_at < TOUCH_EVERY:
        return
    with contextlib.suppress(Unavailable):  # the page is read all the same; the next click tries again
        services().database.transact(lambda tx: touch_session(tx.session, staff.session_id, now=tx.now))


def recorded_as(staff: Staff) -> str:
    """Her session as a keyed hash, the same as in the records of the console's server."""
    return Who(services().settings).session(token() or str(staff.session_id))


def _signed_out() -> NoReturn:
    st.session_state.clear()
    st.title("You are signed out")
    st.html('<p><a href="/sign-in" target="_self" style="color: inherit">Sign in</a></p>')
    st.stop()
