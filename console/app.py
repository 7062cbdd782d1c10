"""Streamlit's entry: who is it, which pages are there for her, and the page itself."""

from pathlib import Path

import streamlit as st

from console.badge import announce, badge_for, show
from console.inert import inert
from console.monitoring.navigation import with_monitoring
from console.options import STYLE
from console.runs import show as show_page
from console.session import person_did_something, recorded_as, signed_in
from console.watch import person_ran_it, watch

PAGES = Path(__file__).parent / "app_pages"

st.set_page_config(page_title="Spirit Athletics", layout="centered")
staff = signed_in()
if person_ran_it():
    person_did_something(staff)

badge = badge_for(staff)
announce(badge)
pages = [st.Page(PAGES / "requests.py", title=badge.after("Requests"), url_path="requests", default=True)]
if staff.is_admin or staff.coach_id is not None:
    pages += [
        st.Page(PAGES / "today.py", title="Today", url_path="today"),
        st.Page(PAGES / "bookings.py", title="Bookings", url_path="bookings"),
        st.Page(PAGES / "times.py", title="Times", url_path="times"),
        st.Page(PAGES / "preferences.py", title="Preferences", url_path="preferences"),
        st.Page(PAGES / "my_page.py", title="Public page", url_path="page"),
    ]
if staff.is_admin:
    pages += [
        st.Page(PAGES / "people.py", title="People", url_path="people"),
        st.Page(PAGES / "gym.py", title="Gym", url_path="gym"),
        st.Page(PAGES / "outbox.py", title="Outbox", url_path="outbox"),
    ]
pages += [
    st.Page(PAGES / "guide.py", title="Guide", url_path="guide"),
    st.Page(PAGES / "account.py", title="My account", url_path="account"),
]
page = st.navigation(with_monitoring(pages, is_admin=staff.is_admin))
title = "Requests" if page is pages[0] else page.title
st.set_page_config(page_title=badge.before(f"{title} · Spirit Athletics"))

st.html(STYLE)
with st.sidebar:
    show(badge)
    st.markdown(f"**{inert(staff.name)}**")
    st.html('<a href="/sign-out" target="_self" style="color: inherit">Sign out</a>')

watch()
show_page(page, page.url_path or "requests", recorded_as(staff))
