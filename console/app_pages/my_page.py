"""Page Public page: a coach's photo, texts and lesson types as parents see them; the address of her calendar feed."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from console.bookings.coach_picker import chosen_coach
from console.photos.coach_photo import photo
from console.widgets.acting import act
from console.widgets.flash import show_messages
from console.widgets.form_drafts import Draft, draft
from console.widgets.markdown import inert
from console.widgets.session import Staff, services, signed_in
from core.mail.links import Links
from core.schedule.coach_page import BIO_LENGTH, NAME_LENGTH, TAGLINE_LENGTH, all_lessons, page_of, renew_feed, set_page
from core.schedule.models import Coach
from core.wording import money

LABELS = {"name": "Name", "tagline": "In a few words", "bio": "About me", "lesson_ids": "Lessons I teach"}


def page() -> None:
    staff = signed_in()
    st.title("Public page")
    show_messages()
    coach_id = chosen_coach(staff)
    if coach_id is None:
        return
    with services().database.read() as session:
        coach = session.get_one(Coach, coach_id)
        stored = page_of(coach)
        lessons = all_lessons(session)
    address = f"{services().settings.base_url}/coaches/{coach.slug}"
    st.link_button("See it as parents do", address)
    photo(coach, staff)
    st.header("Words", anchor=False)
    names = {lesson.id: lesson.name for lesson in lessons}
    open_draft = draft(f"page-{coach_id}", stored, LABELS, partial(_spoken, names))
    drawn = open_draft.drawn
    with st.form(open_draft.key):
        name = st.text_input("Name", drawn["name"], max_chars=NAME_LENGTH)
        tagline = st.text_input("In a few words", drawn["tagline"], max_chars=TAGLINE_LENGTH)
        bio = st.text_area("About me", drawn["bio"], max_chars=BIO_LENGTH, height=200)
        st.markdown("Lessons I teach")
        chosen = [
            lesson.id
            for lesson in lessons
            if st.checkbox(
                inert(f"{lesson.name}, {lesson.minutes} minutes, {money(lesson.price_cents)}"),
                value=lesson.id in drawn["lesson_ids"],
                key=f"teaches-{open_draft.key}-{lesson.id}",
            )
        ]
        if st.form_submit_button("Keep", type="primary"):
            _keep(open_draft, staff, coach_id, Words(name, tagline, bio, chosen))
            st.rerun()
    open_draft.show_changes(stored)
    _feed(coach, staff)


class Words(NamedTuple):
    """The form: the values typed, and the lesson types ticked."""

    name: str
    tagline: str
    bio: str
    lesson_ids: list[int]


def _keep(open_draft: Draft, staff: Staff, coach_id: int, words: Words) -> None:
    open_draft.save(
        staff,
        lambda tx, shown: set_page(
            tx.session,
            tx.coach,
            name=words.name,
            tagline=words.tagline,
            bio=words.bio,
            lesson_ids=words.lesson_ids,
            by=tx.by,
            now=tx.now,
            shown=shown,
        ),
        coach=coach_id,
        done="Your page is kept, and parents see it.",
    )


def _spoken(lesson_names: Mapping[int, str], field: str, value: Any) -> str:
    if field == "lesson_ids":
        return ", ".join(lesson_names.get(lesson_id, "one that is not offered") for lesson_id in value) or "none"
    return f"“{value}”"


def _feed(coach: Coach, staff: Staff) -> None:
    """The secret address of the calendar feed, shown to its coach alone; an admin can renew it without seeing it."""
    st.header("My calendar", anchor=False)
    own = services()
    if coach.id == staff.coach_id:
        st.markdown("Subscribe to this address in your calendar program. Whoever has it can read your lessons.")
        st.code(Links(own.settings, own.signer).feed(coach), language=None, wrap_lines=True)
    if st.button("Renew the address"):
        done = "There is a new address. The old one shows nothing any more."
        act(
            staff,
            lambda tx: renew_feed(tx.session, tx.coach, by=tx.by, now=tx.now),
            coach=coach.id,
            done=done,
        )
        st.rerun()


page()
