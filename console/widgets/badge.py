"""Badge with the number of pending requests: in the navigation, the browser's title, and a toast for a new one."""

from dataclasses import dataclass
from datetime import timedelta

import streamlit as st
from sqlalchemy.orm import Session

from console.widgets.session import Staff, services
from core.bookings.access_scope import Whose
from core.bookings.queries import count_awaiting_answer
from core.platform import clock

URGENT = timedelta(hours=2)
MAX_SHOWN = 9  # nobody counts more at a glance
COUNTED = "counted"


@dataclass(frozen=True)
class Badge:
    """The number of pending requests. is_urgent: one of them expires within two hours (URGENT)."""

    count: int
    is_urgent: bool

    @property
    def number(self) -> str:
        """The count as text: "3"; "9+" above MAX_SHOWN."""
        return f"{MAX_SHOWN}+" if self.count > MAX_SHOWN else str(self.count)

    def before(self, title: str) -> str:
        """The browser's title with the count: "(3) Requests"."""
        return f"({self.number}) {title}" if self.count else title

    def after(self, title: str) -> str:
        """The navigation's title with the count: "Requests (3)"."""
        return f"{title} ({self.number})" if self.count else title


def badge_for(staff: Staff) -> Badge:
    """The badge of this person: a coach's own requests; for an admin all of them."""
    if not staff.has_bookings:
        return Badge(0, False)
    with services().database.read() as session:
        return _badge(session, staff.whose)


def show(badge: Badge) -> None:
    """Draw it in the sidebar: red when one request expires within two hours, orange otherwise."""
    if badge.count:
        text = f"{badge.number} waiting" + (", one urgent" if badge.is_urgent else "")
        st.badge(text, color="red" if badge.is_urgent else "orange")


def announce(badge: Badge) -> bool:
    """Show a toast when more requests wait than in this session's last run. Returns whether it was shown."""
    before: int = st.session_state.get(COUNTED, badge.count)
    st.session_state[COUNTED] = badge.count
    if badge.count > before:
        st.toast("A new request has come." if badge.count == before + 1 else "New requests have come.")
    return badge.count > before


def _badge(session: Session, whose: Whose) -> Badge:
    now = clock.now()
    count, first_expires_at = count_awaiting_answer(session, whose=whose, now=now)
    return Badge(count, first_expires_at is not None and first_expires_at - now < URGENT)
