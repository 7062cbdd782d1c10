"""Page Guide: chapters on the console and its mails, and a practice request."""

import streamlit as st

import tasks
from console.bookings.rehearsal import find_mine, practice_request
from console.guide import Chapter, chapters, picture_of
from console.widgets.acting import act
from console.widgets.flash import show_messages
from console.widgets.session import Staff, services, signed_in
from core.bookings.models import Status
from core.rehearsals import practice
from core.wording import spoken_instant

PRACTISE = "Practise"


def page() -> None:
    staff = signed_in()
    st.title("Guide")
    show_messages()
    readable = {chapter.title: chapter for chapter in chapters() if staff.is_admin or not chapter.for_admins}
    titles = [*readable, *([PRACTISE] if staff.coach_id is not None else [])]
    chosen = st.pills("Chapter", titles, default=titles[0], required=True)
    if chosen == PRACTISE:
        _practise(staff)
    elif chosen is not None:
        _read(readable[chosen])


def _read(chapter: Chapter) -> None:
    for part in chapter.parts:
        if part.picture is None:
            st.markdown(part.text)
        else:
            with st.container(border=True, width="content"):  # the picture has the page's own colour
                st.image(picture_of(part.picture), caption=part.text, alt=part.text, width="content")


def _practise(staff: Staff) -> None:
    st.markdown(
        "A request made for practice goes the whole way: a mail to you, its two buttons, the page behind them, and the "
        "mail with the outcome. It is marked as practice everywhere. It keeps no time, is in no figure, and writes to "
        "nobody but you. After a day it is gone by itself."
    )
    rehearsal = find_mine(staff)
    if rehearsal is not None and rehearsal.status is Status.PENDING:
        st.info("It is on its way to your mailbox. Answer it there, on the page Requests, or here.")
        practice_request(staff)
    elif rehearsal is not None:
        until = spoken_instant(rehearsal.expires_at, rehearsal.coach.zone)
        st.success(f"You have {rehearsal.status.value.lower()} it. It is gone by {until}.")
    st.button("Send me another" if rehearsal else "Send me a practice request", on_click=_begin, args=(staff,))


def _begin(shown_to: Staff) -> None:
    done = "A practice request is on its way to your mailbox."
    if act(
        shown_to,
        lambda tx: practice.rehearse(tx.session, tx.coach, by=tx.by, now=tx.now),
        coach=shown_to.coach_id,
        done=done,
    ):
        tasks.nudge_from_thread(services(), tasks.deliver_mail)


page()
