"""Page Gym, for admins: the gym's texts and cancellation policy, its rules, the time zone, lesson types."""

from typing import Any

import streamlit as st

from console.bookings.needs_attention import list_commitments
from console.widgets.acting import act
from console.widgets.flash import add_error, show_messages
from console.widgets.form_drafts import draft
from console.widgets.markdown import inert
from console.widgets.session import Staff, admin, services
from core.bookings.open_commitments import Commitments, commitments_by_lesson
from core.errors import Invalid
from core.gym.models import Gym, the_gym
from core.gym.rules import GymRules, set_rules
from core.gym.texts import GymTexts, set_gym
from core.platform import clock
from core.schedule.coach_page import every_lesson
from core.schedule.lessons import LessonFacts, save_lesson
from core.schedule.models import LessonType
from core.schedule.time_zones import coaches_elsewhere, set_everybodys_zone
from core.wording import money

NEW_LESSON: dict[str, Any] = {
    "name": "",
    "slug": "",
    "description": "",
    "minutes": 60,
    "price_cents": 5000,
    "buffer_before_min": 0,
    "buffer_after_min": 0,
    "active": True,
}


def page() -> None:
    staff = admin()
    st.title("Gym")
    show_messages()
    with services().database.read() as session:
        gym, lessons = the_gym(session), every_lesson(session)
        open_of = commitments_by_lesson(session, now=clock.now())
    _texts(gym, staff)
    _rules(gym, staff)
    _zone(staff)
    st.header("Lesson types", anchor=False)
    for lesson in lessons:
        state = "" if lesson.active else ", not offered"
        label = f"{lesson.name}, {lesson.minutes} minutes, {money(lesson.price_cents)}{state}"
        with st.expander(inert(label), key=f"about-lesson-{lesson.id}"):
            if lesson.id in open_of:
                _what_is_booked(open_of[lesson.id])
            _lesson(lesson, staff)
    with st.expander("A new lesson type"):
        _lesson(None, staff)


def _texts(gym: Gym, staff: Staff) -> None:
    stored = GymTexts.of(gym).model_dump()
    open_draft = draft("gym", stored, GymTexts.labels())
    drawn = open_draft.drawn
    with st.form(open_draft.key):
        values = {
            "name": st.text_input("Name", drawn["name"]),
            "email": st.text_input("E-mail address that families write to", drawn["email"]),
            "phone": st.text_input("Phone", drawn["phone"]),
            "street": st.text_input("Address", drawn["street"]),
            "late_cancel_hours": st.number_input(
                "Cancelling is free until … hours before", 0, 336, drawn["late_cancel_hours"]
            ),
            "cancellation_fee_text": st.text_area("What a late cancellation means", drawn["cancellation_fee_text"]),
        }
        if st.form_submit_button("Keep", type="primary"):
            try:
                texts = GymTexts.parse(values)
            except Invalid as error:
                add_error(error)
            else:
                open_draft.save(
                    staff,
                    lambda tx, shown: set_gym(tx.session, texts, by=tx.by, now=tx.now, shown=shown),
                    done="The gym’s page is kept, and families see it.",
                )
            st.rerun()
    open_draft.show_changes(stored)


def _rules(gym: Gym, staff: Staff) -> None:
    with st.expander("Rules: how much a family may ask for, how long things are kept"):
        _rules_form(GymRules.of(gym), staff)


def _rules_form(stored: GymRules, staff: Staff) -> None:
    open_draft = draft("rules", stored.model_dump(), GymRules.labels())
    drawn = GymRules.model_construct(**open_draft.drawn)
    with st.form(open_draft.key, border=False):
        values = _rule_fields(drawn)
        if st.form_submit_button("Keep the rules", type="primary"):
            try:
                rules = GymRules.parse(values)
            except Invalid as error:
                add_error(error)
            else:
                open_draft.save(
                    staff,
                    lambda tx, shown: set_rules(tx.session, rules, by=tx.by, now=tx.now, shown=shown),
                    done="The rules are kept, and hold from now on.",
                )
            st.rerun()
    open_draft.show_changes(stored.model_dump())


def _rule_fields(drawn: GymRules) -> dict[str, int]:
    """A number field per rule, by name."""
    return {
        "most_open_requests": st.number_input(
            "Requests of one family that may wait at once", 1, 20, drawn.most_open_requests
        ),
        "most_requests_a_day": st.number_input(
            "Requests of one family within a day", 1, 100, drawn.most_requests_a_day
        ),
        "most_open_per_network": st.number_input(
            "Requests from one network that hold their time at once (above, families confirm by mail first)",
            1,
            10_000,
            drawn.most_open_per_network,
        ),
        "most_new_per_network": st.number_input(
            "Requests from one network within an hour that no family has confirmed by mail",
            1,
            10_000,
            drawn.most_new_per_network,
        ),
        "most_strangers_per_coach": st.number_input(
            "Requests at one coach that hold time though no family confirmed them",
            1,
            10_000,
            drawn.most_strangers_per_coach,
        ),
        "anonymise_after_months": st.number_input(
            "Months until names are taken from finished bookings (0 keeps them)",
            0,
            240,
            drawn.anonymise_after_months,
        ),
        "console_refresh_s": st.number_input(
            "Seconds until an open page of the console is drawn anew", 10, 600, drawn.console_refresh_s, step=10
        ),
        "monitoring_days": st.number_input(
            "Days that every single request is kept for the monitoring pages (summaries stay for thirteen months)",
            7,
            366,
            drawn.monitoring_days,
        ),
        "monitoring_budget_mb": st.number_input(
            "Megabytes that monitoring may take; above, the oldest goes first",
            16,
            100_000,
            drawn.monitoring_budget_mb,
        ),
    }


def _zone(staff: Staff) -> None:
    """Coaches in another zone than the gym's, which is a setting, and a button that moves them all to it."""
    zone = services().settings.timezone
    st.header("Time zone", anchor=False)
    st.markdown(inert(f"The gym is in {zone}: the setting SPIRIT_TIMEZONE of its machine."))
    with services().database.read() as session:
        elsewhere = coaches_elsewhere(session, zone)
    if not elsewhere:
        st.markdown("So are all coaches.")
        return
    st.text("\n".join(f"{coach.name} is in {coach.timezone}" for coach in elsewhere))
    st.markdown(
        "A coach’s hours and days are counted in her own zone: 9 am stays 9 am when it changes, booked lessons stay when they are."
    )
    if st.button(inert(f"Set all coaches to {zone}")):
        act(
            staff,
            lambda tx: set_everybodys_zone(tx.session, zone, by=tx.by, now=tx.now),
            done=inert(f"All coaches are in {zone} now."),
        )
        st.rerun()


def _what_is_booked(open_with: Commitments) -> None:
    """Bookings of a lesson type, shown before it is changed or withdrawn."""
    list_commitments(open_with)
    st.markdown("These stand as they are, with their length and price, whatever is changed here.")


def _lesson(lesson: LessonType | None, staff: Staff) -> None:
    stored = LessonFacts.of(lesson).model_dump() if lesson else NEW_LESSON
    open_draft = draft(f"lesson-{lesson.id if lesson else 'new'}", stored, LessonFacts.labels(), _spoken)
    which, drawn = open_draft.key, open_draft.drawn
    with st.form(which, border=False):
        values = {
            "name": st.text_input("Name", drawn["name"], key=f"name-{which}"),
            "slug": st.text_input("Address on the site", drawn["slug"], key=f"slug-{which}"),
            "description": st.text_area("In a sentence", drawn["description"], key=f"text-{which}"),
            "minutes": st.number_input("Minutes", 10, 240, drawn["minutes"], key=f"minutes-{which}"),
            "price_cents": round(
                100
                * st.number_input("Price in dollars", 0.0, 10000.0, drawn["price_cents"] / 100, key=f"price-{which}")
            ),
            "buffer_before_min": st.number_input(
                "Minutes kept free before", 0, 120, drawn["buffer_before_min"], key=f"before-{which}"
            ),
            "buffer_after_min": st.number_input(
                "Minutes kept free after", 0, 120, drawn["buffer_after_min"], key=f"after-{which}"
            ),
            "active": st.checkbox("Offered", drawn["active"], key=f"active-{which}"),
        }
        if st.form_submit_button("Keep" if lesson else "Add", type="primary"):
            try:
                facts = LessonFacts.parse(values)
            except Invalid as error:
                add_error(error)
            else:
                done = inert(f"{facts.name} is kept.") + ("" if lesson else " Coaches can now choose to teach it.")
                open_draft.save(
                    staff,
                    lambda tx, shown: save_lesson(
                        tx.session,
                        lesson.id if lesson else None,
                        facts,
                        by=tx.by,
                        now=tx.now,
                        shown=shown,
                    ),
                    done=done,
                )
            st.rerun()
    open_draft.show_changes(stored)


def _spoken(field: str, value: Any) -> str:
    if field == "price_cents":
        return money(value)
    return ("yes" if value else "no") if field == "active" else f"“{value}”"


page()
