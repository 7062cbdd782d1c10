"""The page of bookings: lists, search, one booking's story, and what can be done about it."""

from streamlit.testing.v1 import AppTest

from core.bookings.decisions import Decision
from core.bookings.models import Actor, Status
from core.mail.models import MessageKind
from tests.console.conftest import Desk
from tests.console.reading import headers, texts
from tests.support.people import at

WHY = "I sprained my ankle."


def booked(desk: Desk) -> int:
    """Ida's lesson, approved."""
    desk.answer("Ida", Decision.APPROVE)
    return desk.bookings["Ida"]


def open_story(desk: Desk, who: str, athlete: str, which: str = "Upcoming") -> AppTest:
    app = desk.open(desk.start(who), "bookings")
    if which != "Upcoming":
        app.button_group[0].set_value(which).run()
    return app.button(key=f"open-{desk.bookings[athlete]}").click().run()


def test_a_coach_sees_her_lessons_to_come_and_an_admin_everybody_s(desk: Desk) -> None:
    booked(desk)
    desk.answer("Mia", Decision.APPROVE, who="omar")
    assert [text for text in texts(desk.open(desk.start("nora"), "bookings")) if "Approved" in text] == [
        "Tuesday, November 24, 4:00–5:00 pm (Pacific)\nPrivate tumbling for Ida. Approved"
    ]
    everybody = texts(desk.open(desk.start("ada"), "bookings"))
    assert any("Ida with Nora Lindqvist" in text for text in everybody)
    assert any("Mia with Omar Haddad" in text for text in everybody)


def test_an_empty_list_says_so(desk: Desk) -> None:
    assert [info.value for info in desk.open(desk.start("nora"), "bookings").info] == ["Nothing is booked."]


def test_a_search_narrows_the_list(desk: Desk) -> None:
    booked(desk)
    app = desk.open(desk.start("nora"), "bookings")
    assert not app.text_input[0].set_value("nobody").run().text
    assert app.text_input[0].set_value("ida").run().text


def test_a_story_tells_every_change_and_why_each_mail_went_or_not(desk: Desk) -> None:
    booked(desk)
    app = open_story(desk, "nora", "Ida")
    assert headers(app)[1:] == ["What happened", "Mails"]
    told = "\n".join(texts(app))
    assert "Asked for by the family, Monday, November 23, 9:00 am (Pacific), site" in told
    assert "Approved by Nora Lindqvist" in told and "console" in told
    assert "confirmed to sam@example.org\nDue now." in told
    assert app.button[0].label == "All bookings" and app.button[0].click().run().text_input


def test_a_coach_cancels_with_a_reason_that_the_family_reads(desk: Desk) -> None:
    booked(desk)
    app = open_story(desk, "nora", "Ida")
    app.button[-1].click().run()
    assert [said.value for said in app.error] == ["Please give a reason."]
    app.text_area[0].set_value(WHY)
    app.button[-1].click().run()
    booking = desk.booking("Ida")
    assert (booking.status, booking.cancel_reason, booking.changed_by) == (Status.CANCELLED, WHY, Actor.COACH)
    assert len(desk.mails(MessageKind.CANCELLED)) == 1 and not desk.mails(MessageKind.LESSON_CANCELLED)
    assert desk.nudged == ["deliver_mail"]


def test_an_admin_approves_after_all_what_was_denied(desk: Desk) -> None:
    desk.answer("Ida", Decision.DENY)
    app = open_story(desk, "ada", "Ida")
    app.text_area[0].set_value("Nora has time after all.")
    app.button[-1].click().run()
    assert desk.booking("Ida").status is Status.APPROVED
    assert len(desk.mails(MessageKind.DECIDED_BY_ADMIN)) == 1


def test_a_coach_is_not_offered_that_and_nothing_after_the_start(desk: Desk) -> None:
    desk.answer("Ida", Decision.DENY)
    assert not open_story(desk, "nora", "Ida").text_area
    desk.answer("Ben", Decision.APPROVE)
    desk.clock.move_to(at(1, 9, 30))
    assert not open_story(desk, "nora", "Ben").text_area


def test_another_coach_s_booking_is_not_opened(desk: Desk) -> None:
    booked(desk)
    app = desk.open(desk.start("omar"))
    app.session_state["open_booking"] = desk.bookings["Ida"]
    app.switch_page("app_pages/bookings.py").run()
    assert app.exception and not any("Ida" in text for text in texts(app))
