"""How many families wait for an answer: in the navigation, the browser's title, and a word when one more has come."""

from dataclasses import dataclass
from datetime import timedelta

import streamlit as st
from sqlalchemy.orm import Session

from console.widgets.session import Staff, services
from core.bookings.queries import count_awaiting_answer
from core.bookings.scope import Whose
from core.platform import clock

URGENT = timedelta(hours=2)
MAX_SHOWN = 9
COUNTED = "counted"


@dataclass(frozen=True)
class Badge:
    """count: requests that wait. is_urgent: one of them expires within two hours."""

    count: int
    is_urgent: bool

    @property
    def number(self) -> str:
        """ "3"; "9+" where there are more than anybody counts at a glance."""
        return f"{MAX_SHOWN}+" if self.count > MAX_SHOWN else str(self.count)

    def before(self, title: str) -> str:
        """A browser's title: "(3) Requests"."""
        return f"({self.number}) {title}" if self.count else title

    def after(self, title: str) -> str:
        """A title in the navigation: "Requests (3)"."""
        return f"{title} ({self.number})" if self.count else title


def badge_for(staff: Staff) -> Badge:
    """A coach's own; an admin's is everybody's."""
    if not staff.has_bookings:
        return Badge(0, False)
    with services().database.read() as session:
        return _badge(session, staff.whose)


def show(badge: Badge) -> None:
    """In the sidebar: red when one expires within two hours, orange otherwise, with the words."""
    if badge.count:
        said = f"{badge.number} waiting" + (", one urgent" if badge.is_urgent else "")
        st.badge(said, color="red" if badge.is_urgent else "orange")


def announce(badge: Badge) -> bool:
    """A word when more wait than when this page ran last. Whether it was said."""
    before: int = st.session_state.get(COUNTED, badge.count)
    st.session_state[COUNTED] = badge.count
    if badge.count > before:
        st.toast("A new request has come." if badge.count == before + 1 else "New requests have come.")
    return badge.count > before


def _badge(session: Session, whose: Whose) -> Badge:
    now = clock.now()
    count, first_expires_at = count_awaiting_answer(session, whose=whose, now=now)
    return Badge(count, first_expires_at is not None and first_expires_at - now < URGENT)
