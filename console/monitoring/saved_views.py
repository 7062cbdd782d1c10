"""Saved views of a monitoring page: save one under a name, privately or for all admins; open, delete."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from console.monitoring.navigation import FOLDER
from console.widgets.acting import act
from console.widgets.markdown import inert
from console.widgets.session import Staff, services, signed_in
from core.gym.saved_views import MAX_NAME_LENGTH, SavedView, forget_view, save_view, views_of

RANGE = ("range", "from", "to")


def saved_views(page: str, chosen: Mapping[str, str]) -> None:
    """Draw the controls of saved views. chosen: the page's query parameters besides the range, which is added here."""
    staff = signed_in()
    with services().database.read() as session:
        views = views_of(session, staff.account_id, page)
    row = st.container(horizontal=True, vertical_alignment="center")
    with row.popover("Keep this view"), st.form(f"keep-{page}", border=False):
        name = st.text_input("Name", max_chars=MAX_NAME_LENGTH)
        shared = st.checkbox("Other admins may open it too")
        if st.form_submit_button("Keep"):
            address = urlencode({**_range(), **chosen})
            act(
                staff,
                lambda tx: save_view(
                    tx.session,
                    page=page,
                    address=address,
                    shared=shared,
                    name=name,
                    by=tx.by,
                    now=tx.now,
                ),
                done="Kept.",
            )
            st.rerun()
    if views:
        with row.popover(f"Kept views ({len(views)})"):
            for view in views:
                _one(view, page, staff)
    st.caption("The address of this page carries the view: copy it to send it to a colleague.")


def _one(view: SavedView, page: str, staff: Staff) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    by = "" if view.account_id == staff.account_id else f", by {view.account.name}"
    left.page_link(FOLDER / f"{page}.py", label=inert(view.name + by), query_params=dict(parse_qsl(view.address)))
    if view.account_id == staff.account_id:
        right.button(
            "Remove",
            key=f"forget-{view.id}",
            on_click=_forget,
            args=(view.id, staff),
            help=inert(f"Remove {view.name}"),
        )


def _forget(view_id: int, shown_to: Staff) -> None:
    act(shown_to, lambda tx: forget_view(tx.session, view_id, by=tx.by, now=tx.now), done="Removed.")


def _range() -> dict[str, str]:
    """The range as query parameters."""
    held = {name: st.session_state.get(name) for name in RANGE}
    if held["range"] != "free":
        return {"range": str(held["range"] or "24h")}
    return {
        name: value if isinstance(value, str) else f"{value:%Y-%m-%dT%H:%M}" for name, value in held.items() if value
    }
