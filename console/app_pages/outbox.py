"""
Page Outbox, for admins: every message with its state, hold and release, retry, drop and resend, and a preview.

The preview is composed as it would be now, with secret links masked. Only where the transport is a folder on a developer's
machine it is the file itself, with links that work.
"""

import email
import email.policy
import re
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol

import streamlit as st
from sqlalchemy.orm import Session

import tasks
from console.bookings.mail_log import mail_name, mail_status
from console.widgets.acting import act
from console.widgets.flash import show_messages
from console.widgets.markdown import inert
from console.widgets.pager import cursor, turn_page
from console.widgets.session import Staff, admin, services
from core.gym.models import the_gym
from core.mail import outbox_admin
from core.mail.compose import compose
from core.mail.context_reader import read_context
from core.mail.transports import FolderTransport
from core.outbox import messages as outbox
from core.outbox.models import MessageState, OutboxMessage
from core.people.reauthorization import Acting
from core.platform import clock
from core.platform.actor import Actor

LINK = re.compile(r"https?://[^\s<>]+")
PAGES, PAGE_SIZE = "mails_before", 100
CHOICES = ["all", *(state.value for state in MessageState)]


def page() -> None:
    staff = admin("The outbox")
    st.title("Outbox")
    show_messages()
    _switch(staff)
    _dead(staff)
    chosen = st.segmented_control("Show", CHOICES, default="all", required=True, on_change=_from_the_start)
    text = st.text_input("Search", placeholder="An address, or what it is about", on_change=_from_the_start)
    state = None if chosen in (None, "all") else MessageState(chosen)
    with services().database.read() as session:
        rows = outbox.list_messages(session, state=state, text=text, limit=PAGE_SIZE + 1, before_id=cursor(PAGES))
    if not rows:
        st.info("There is no such mail.")
        return
    messages = rows[:PAGE_SIZE]
    st.dataframe([_row(message) for message in messages], hide_index=True, width="stretch", height=320)
    turn_page(PAGES, messages[-1].id if len(rows) > PAGE_SIZE else None)
    by_id = {message.id: message for message in messages}
    picked = st.selectbox("Read a mail", list(by_id), format_func=lambda mail: f"{mail}: {mail_name(by_id[mail])}")
    if picked is not None:
        _read(by_id[picked], staff)


def _row(message: OutboxMessage) -> dict[str, object]:
    return {
        "mail": message.id,
        "kind": message.kind.label,
        "to": message.recipient,
        "state": message.state.value,
        "due": message.due_at.astimezone(services().settings.zone).strftime("%b %d, %H:%M"),
        "why": message.last_error or "",
    }


def _switch(staff: Staff) -> None:
    """Hold all mail, or release it."""
    with services().database.read() as session:
        gym = the_gym(session)
    if gym.mail_held:
        st.warning("Mail is held: nothing is sent, and nothing is lost.")
    elif gym.mail_trouble is not None:
        st.warning(
            f"Mail is not going out: {inert(gym.mail_trouble)}. It is tried again every minute, and nothing is lost."
        )
    if gym.mail_held or gym.mail_trouble is not None:
        question = "Everything that is due goes out at once."
        _ask(
            "Send mail again",
            question,
            staff,
            lambda tx: outbox_admin.release(tx.session, by=tx.by, now=tx.now),
            "Mail goes out again.",
        )
    else:
        question = "Nothing is sent until you release it: no request, no confirmation, no sign-in link."
        _ask(
            "Hold all mail",
            question,
            staff,
            lambda tx: outbox_admin.hold(tx.session, by=tx.by, now=tx.now),
            "Mail is held.",
        )


def _dead(staff: Staff) -> None:
    """Retry all dead messages, after their cause is mended."""
    with services().database.read() as session:
        dead = outbox.count_dead(session)
    if dead:
        question = "Each is tried at once, as if for the first time. Those that are no longer true are dropped."
        _ask(
            f"Try all {dead} dead again",
            question,
            staff,
            lambda tx: outbox_admin.retry_dead(tx.session, None, by=tx.by, now=tx.now),
            "They are tried again.",
        )


def _read(message: OutboxMessage, staff: Staff) -> None:
    st.markdown(f"**{inert(mail_status(message, services().settings.zone))}**")
    if message.state in (MessageState.QUEUED, MessageState.DEAD):
        left, right = st.columns(2)
        with left:
            question = "It is tried at once, as if for the first time."
            _ask(
                "Try this mail again",
                question,
                staff,
                _of_mail(outbox_admin.retry, message),
                "It is tried again.",
                message.id,
            )
        with right:
            question = "It is never sent, and nobody is told."
            _ask(
                "Drop this mail",
                question,
                staff,
                _of_mail(outbox_admin.drop, message),
                "It will not be sent.",
                message.id,
            )
    elif message.state is MessageState.SENT:
        question = "It is sent once more, as it would be written now, to the address on record."
        _ask(
            "Send this mail again",
            question,
            staff,
            _of_mail(outbox_admin.resend, message),
            "It is sent again.",
            message.id,
        )
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
            st.link_button(inert(_label(address)), address)
    st.text(text)


class OfMail(Protocol):
    """An admin's command about one message."""

    def __call__(self, session: Session, message_id: int, /, *, by: Actor, now: datetime) -> object: ...


def _of_mail(command: OfMail, message: OutboxMessage) -> Callable[[Acting], object]:
    return lambda tx: command(tx.session, message.id, by=tx.by, now=tx.now)


def _ask(
    verb: str, question: str, staff: Staff, command: Callable[[Acting], object], done: str, about: int | None = None
) -> None:
    """A button that asks for confirmation. about: the message's id, where the command is about one."""
    key = f"{verb}-{about}"
    verb = inert(verb)
    with st.popover(f"{verb} …", key=f"ask-{key}"):
        st.markdown(question)
        st.button(
            f"Yes: {verb[0].lower()}{verb[1:]}",
            key=key,
            type="primary",
            on_click=_run,
            args=(command, staff, done),
        )


def _run(command: Callable[[Acting], object], shown_to: Staff, done: str) -> None:
    """The buttons' callback: the command, as the person the page was shown to; then what is due is sent."""
    if act(shown_to, command, done=done):
        tasks.nudge_from_thread(services(), tasks.deliver_mail)


def _from_the_start() -> None:
    st.session_state[PAGES] = []


def _written(message: OutboxMessage) -> tuple[EmailMessage, bool]:
    """The mail, and whether it is the very file that was sent: else composed now, with secret links masked."""
    own = services()
    if own.settings.mailbox_is_a_folder and isinstance(own.transport, FolderTransport):
        file = own.transport.find(message.message_id)
        if file is not None:
            return email.message_from_bytes(file.read_bytes(), policy=email.policy.default), True
    with own.database.read() as session:
        context = read_context(session, message, zone=own.settings.zone, now=clock.now())
    return compose(context, settings=own.settings, signer=own.signer, mask_links=True), False


def _label(address: str) -> str:
    for ending, label in (("decision=approve", "Open: approve"), ("decision=deny", "Open: deny")):
        if address.endswith(ending):
            return label
    return "Open: " + ("the family’s page" if "/bookings/" in address else address.partition("//")[2])


page()
