"""My page: what parents read about me, and which lessons I teach."""

import streamlit as st

from console.acting import act
from console.coach_photo import photo
from console.inert import inert
from console.said import say
from console.session import Staff, services, signed_in
from console.whose import chosen_coach
from core.mail.links import Links
from core.schedule.models import Coach
from core.schedule.page import BIO_LENGTH, NAME_LENGTH, TAGLINE_LENGTH, all_lessons, renew_feed, set_page
from core.words import money


def page() -> None:
    staff = signed_in()
    st.title("Public page")
    say()
    coach_id = chosen_coach(staff)
    if coach_id is None:
        return
    with services().database.read() as session:
        coach = session.get_one(Coach, coach_id)
        taught = [lesson.id for lesson in coach.lessons]
        lessons = all_lessons(session)
    address = f"{services().settings.base_url}/coaches/{coach.slug}"
    st.link_button("See it as parents do", address)
    photo(coach, staff)
    st.header("Words", anchor=False)
    with st.form(f"page-{coach_id}"):
        name = st.text_input("Name", coach.name, max_chars=NAME_LENGTH)
        tagline = st.text_input("In a few words", coach.tagline, max_chars=TAGLINE_LENGTH)
        bio = st.text_area("About me", coach.bio, max_chars=BIO_LENGTH, height=200)
        st.markdown("Lessons I teach")
        chosen = [
            lesson.id
            for lesson in lessons
            if st.checkbox(
                inert(f"{lesson.name}, {lesson.minutes} minutes, {money(lesson.price_cents)}"),
                value=lesson.id in taught,
                key=f"teaches-{coach_id}-{lesson.id}",
            )
        ]
        if st.form_submit_button("Keep", type="primary"):
            act(
                staff,
                set_page,
                name=name,
                tagline=tagline,
                bio=bio,
                lesson_ids=chosen,
                coach=coach_id,
                done="Your page is kept, and parents see it.",
            )
            st.rerun()
    _feed(coach, staff)


def _feed(coach: Coach, staff: Staff) -> None:
    """The secret address is the coach's alone: an admin who looks after her page can renew it, and does not see it."""
    st.header("My calendar", anchor=False)
    told = services()
    if coach.id == staff.coach_id:
        st.markdown("Subscribe to this address in your calendar program. Whoever has it can read your lessons.")
        st.code(Links(told.settings, told.signer).feed(coach), language=None, wrap_lines=True)
    if st.button("Renew the address"):
        done = "There is a new address. The old one shows nothing any more."
        act(staff, renew_feed, coach=coach.id, done=done)
        st.rerun()


page()
