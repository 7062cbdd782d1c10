"""
Every mail, for admins: its state, and its words as they would be written now, every secret link masked.

Only where mail goes to a folder on a developer's machine: the file itself, with links that work.
"""

import email
import email.policy
import re
from email.message import EmailMessage

import streamlit as st

from console.inert import inert
from console.mail_story import mail_name, mail_story
from console.session import services, signed_in
from core import clock
from core.errors import NotAllowed
from core.mail import outbox
from core.mail.delivery import letter_for
from core.mail.messages import compose
from core.mail.models import MessageState, OutboxMessage
from core.mail.transports import FolderTransport

LINK = re.compile(r"https?://[^\s<>]+")
CHOICES = ["all", *(state.value for state in MessageState)]


def page() -> None:
    staff = signed_in()
    if not staff.is_admin:
        raise NotAllowed("The outbox is for admins.")
    st.title("Outbox")
    chosen = st.segmented_control("Show", CHOICES, default="all", required=True)
    state = None if chosen in (None, "all") else MessageState(chosen)
    with services().database.read() as session:
        messages = outbox.list_messages(session, state=state)
    if not messages:
        st.info("There is no such mail.")
        return
    zone = services().settings.zone
    rows = [
        {
            "mail": message.id,
            "kind": message.kind.value.replace("_", " "),
            "to": message.recipient,
            "state": message.state.value,
            "due": message.due_at.astimezone(zone).strftime("%b %d, %H:%M"),
            "why": message.last_error or "",
        }
        for message in messages
    ]
    st.dataframe(rows, hide_index=True, width="stretch", height=320)
    by_id = {message.id: message for message in messages}
    picked = st.selectbox(
        "Read a mail",
        list(by_id),
        format_func=lambda mail: f"{mail}: {mail_name(by_id[mail])}",
    )
    if picked is not None:
        _read(by_id[picked])


def _read(message: OutboxMessage) -> None:
    st.markdown(f"**{inert(mail_story(message, services().settings.zone))}**")
    mail, is_file = _written(message)
    st.header(inert(str(mail["Subject"])), anchor=False)
    if is_file:
        st.caption("The file as it was written, with its links.")
    else:
        st.caption("As it would be written now. Secret links are masked.")
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    if is_file:
        for address in dict.fromkeys(LINK.findall(text)):
            st.link_button(_label(address), address)
    st.text(text)


def _written(message: OutboxMessage) -> tuple[EmailMessage, bool]:
    """The mail, and whether it is the very file that was sent."""
    told = services()
    if told.settings.mailbox_is_a_folder and isinstance(told.transport, FolderTransport):
        file = told.transport.find(message.message_id)
        if file is not None:
            return email.message_from_bytes(file.read_bytes(), policy=email.policy.default), True
    with told.database.read() as session:
        letter = letter_for(session, message, now=clock.now())
    return compose(letter, settings=told.settings, signer=told.signer, mask_links=True), False


def _label(address: str) -> str:
    for ending, label in (("decision=approve", "Open: approve"), ("decision=deny", "Open: deny")):
        if address.endswith(ending):
            return label
    return "Open: " + ("the family’s page" if "/bookings/" in address else address.partition("//")[2])


page()
