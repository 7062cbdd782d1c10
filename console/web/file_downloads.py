"""Download buttons: the file is generated at the click, with session and role checked again."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from console.widgets import session
from console.widgets.markdown import inert
from console.widgets.session import Staff
from core.errors import NotAllowed

ASK_AGAIN = "Please sign in again."


def download(
    label: str, made: Callable[[Staff], bytes], shown_to: Staff, *, file_name: str, mime: str, key: str | None = None
) -> None:
    """
    Draw a download button.

    Args:
        made: generates the file for the person as they are at the click; raises NotAllowed for what they may not see then.
    """
    st.download_button(
        inert(label), partial(_file, session.token(), made, shown_to), file_name, mime, key=key, on_click="ignore"
    )


def _file(session_token: str | None, made: Callable[[Staff], bytes], shown_to: Staff) -> bytes:
    staff = session.find_staff(session_token)
    if staff is None or staff.session_id != shown_to.session_id:
        raise NotAllowed(ASK_AGAIN)
    if shown_to.is_admin and not staff.is_admin:
        raise NotAllowed("You are not an admin any more. Please open the page again.")
    return made(staff)
