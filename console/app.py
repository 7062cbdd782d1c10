"""Streamlit's entry script: authenticates the run, builds the navigation for the person's role, runs the page."""

from functools import partial
from pathlib import Path

import streamlit as st

from console.alerts.dead_man import warn_of_silence
from console.alerts.incidents import count_open, link_to_alerts
from console.monitoring.navigation import with_monitoring
from console.web.streamlit_options import STYLE
from console.widgets.badge import announce, badge_for, show
from console.widgets.change_polling import is_started_by_person, poll
from console.widgets.error_boundary import guarded
from console.widgets.flash import forget_shown
from console.widgets.form_drafts import forget_drafts_of_other_pages
from console.widgets.markdown import inert
from console.widgets.run_recorder import show as show_page
from console.widgets.session import Staff, extend_session, session_pseudonym, signed_in
from console.widgets.sound import draw_ring, ring

PAGES = Path(__file__).parent / "app_pages"


def console() -> None:
    """One run of the script: session, change polling, notifications, navigation, page; in this order."""
    staff = signed_in()
    if is_started_by_person():
        extend_session(staff)
        forget_shown()
    poll()
    badge = badge_for(staff)
    if announce(badge) and staff.wants_sound:
        ring()
    draw_ring()
    incidents = count_open() if staff.is_admin else 0
    pages = _pages(staff, badge.after("Requests"), incidents)
    page = st.navigation(with_monitoring(pages, is_admin=staff.is_admin), expanded=True)
    forget_drafts_of_other_pages(page.url_path)
    title = "Requests" if page is pages[0] else page.title
    st.set_page_config(page_title=badge.before(f"{title} · Spirit Athletics"))
    st.html(STYLE)
    with st.sidebar:
        show(badge)
        link_to_alerts(incidents)
        st.markdown(f"**{inert(staff.name)}**")
        st.html('<a href="/sign-out" target="_self" style="color: inherit">Sign out</a>')
    if staff.is_admin:
        warn_of_silence()
    guarded(partial(show_page, page, page.url_path or "requests", session_pseudonym(staff)))


def _pages(staff: Staff, requests: str, incidents: int) -> list[st.Page]:
    """The pages that this person's role may open; the first is the default."""
    pages = [_page("requests", requests, is_first=True)]
    if staff.has_bookings:
        pages += [
            _page("today", "Today"),
            _page("bookings", "All bookings" if staff.is_admin else "Bookings"),
            _page("times", "Times"),
            _page("preferences", "Preferences"),
            _page("my_page", "Public page", address="page"),
        ]
    if staff.is_admin:
        pages += [_page("people", "People"), _page("gym", "Gym")]
        pages += [_page("images", "Images"), _page("content", "Content")]
        pages += [_page("outbox", "Outbox"), _page("log", "Log")]
        pages.append(_page("alerts", f"Alerts ({incidents})" if incidents else "Alerts"))
    return [*pages, _page("guide", "Guide"), _page("account", "My account")]


def _page(file: str, title: str, *, address: str | None = None, is_first: bool = False) -> st.Page:
    return st.Page(PAGES / f"{file}.py", title=title, url_path=address or file, default=is_first)


st.set_page_config(page_title="Spirit Athletics", layout="centered")
guarded(console)
