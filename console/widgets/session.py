"""
The signed-in member of staff, looked up in every run of the script and of a fragment; and this process's services.

Streamlit freezes cookies at the websocket's handshake, and keeps `session_state` when the browser reconnects with
another person's cookie. So the session's row is looked up each time, and the state of another session is cleared.
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

import streamlit as st

from console.web.cookies import token_in
from console.widgets import run_recorder
from core.bookings.access_scope import Whose, scope
from core.bootstrap import services as services_from_environment
from core.errors import NotAllowed, Unavailable
from core.people.models import Role
from core.people.sessions import TOUCH_EVERY, find_session, touch_session
from core.platform import clock
from core.platform.actor import Actor, ActorRole, Channel
from core.platform.services import Services
from core.schedule.queries import coach_of
from core.telemetry.pseudonyms import Pseudonyms

IDENTITY = "signed_in_session"


@dataclass(frozen=True)
class Staff:
    """The signed-in member of staff."""

    session_id: int
    account_id: int
    name: str
    role: Role
    coach_id: int | None  # None for who teaches nobody
    last_used_at: datetime  # of the session
    wants_sound: bool = False
    zone: ZoneInfo | None = None  # a coach's own; None for who teaches nobody

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def actor(self) -> Actor:
        """She, as who gives a command on a page."""
        return Actor(self.account_id, ActorRole(self.role.value), Channel.CONSOLE)

    @property
    def has_bookings(self) -> bool:
        """Whether this person may see any bookings: a coach or an admin."""
        return self.is_admin or self.coach_id is not None

    @property
    def whose(self) -> Whose:
        """The scope of bookings that this person sees. Raises NotAllowed for who is neither admin nor coach."""
        return scope(self.role, self.coach_id)


def services() -> Services:
    """This process's services. The first call in a run begins its record (console.widgets.run_recorder)."""
    run_recorder.current_run()
    return services_from_environment()


def signed_in() -> Staff:
    """
    The member of staff behind this run. Stops the run when the session has ended, reruns it when it is another's.

    Raises:
        Unavailable: the database cannot be read.
    """
    staff = find_staff(token())
    if staff is None:
        _signed_out()
    # the browser has reconnected with another session's cookie, and Streamlit still holds the former one's state
    if st.session_state.get(IDENTITY, staff.session_id) != staff.session_id:
        st.session_state.clear()
        st.session_state[IDENTITY] = staff.session_id
        st.rerun()
    st.session_state[IDENTITY] = staff.session_id
    return staff


def admin(what: str = "This page") -> Staff:
    """The admin behind this run: the guard of an admin's page. Raises NotAllowed for anybody else."""
    return admins_only(signed_in(), what)


def admins_only(staff: Staff, what: str = "This page") -> Staff:
    """Check that this person is an admin, and return them. what: begins the error's sentence. Raises NotAllowed."""
    if not staff.is_admin:
        raise NotAllowed(f"{what} is for admins.")
    return staff


def find_staff(session_token: str | None) -> Staff | None:
    """The member of staff of a session token; None where the session has ended. Raises Unavailable."""
    if not session_token:
        return None
    with services().database.read() as session:
        row = find_session(session, session_token, now=clock.now())
        if row is None:
            return None
        account = row.account
        coach = coach_of(session, account)
        coach_id, zone = (coach.id, coach.zone) if coach else (None, None)
        return Staff(row.id, account.id, account.name, account.role, coach_id, row.last_used_at, account.sound, zone)


def still_signed_in(shown_to: Staff) -> Staff | None:
    """Check, in a button's callback, that its person is still signed in: that person, or None for another or nobody."""
    staff = find_staff(token())
    return staff if staff is not None and staff.session_id == shown_to.session_id else None


def token() -> str | None:
    """The session token from the browser's cookie; None without one."""
    return token_in(st.context.headers.get_all("Cookie"), services().settings, services().database)


def extend_session(staff: Staff) -> None:
    """Extend the session's idle timeout. Not called by runs that a page starts by itself."""
    if clock.now() - staff.last_used_at < TOUCH_EVERY:
        return
    with contextlib.suppress(Unavailable):  # the page is read all the same; the next click tries again
        services().database.transact(lambda tx: touch_session(tx.session, staff.session_id, now=tx.now))


def session_pseudonym(staff: Staff) -> str:
    """The session's pseudonym for telemetry: a keyed hash, the same as in the request log of the console's server."""
    return Pseudonyms(services().settings).session(token() or str(staff.session_id))


def _signed_out() -> NoReturn:
    st.session_state.clear()
    st.title("You are signed out")
    st.html('<p><a href="/sign-in" target="_self" style="color: inherit">Sign in</a></p>')
    st.stop()
