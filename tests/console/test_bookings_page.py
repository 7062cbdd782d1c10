"""The page of bookings: lists, search, one booking's story, and what can be done about it."""

import csv
import io
from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.bookings.decisions import Decision
from core.bookings.models import Attendance, Booking, Status
from core.errors import NotAllowed
from core.outbox.models import MessageKind
from core.platform.actor import ActorRole
from tests.console.app_reader import athletes, choose, headers, press, texts
from tests.console.conftest import Desk
from tests.support.databases import both_databases
from tests.support.people import at

WHY = "I sprained my ankle."


def booked(desk: Desk) -> int:
    """Ida's lesson, approved."""
    desk.answer("Ida", Decision.APPROVE)
    return desk.bookings["Ida"]


def open_list(desk: Desk, who: str, which: str, state: str | None = None) -> AppTest:
    app = desk.open(desk.start(who), "bookings")
    app.segmented_control[0].set_value(which).run()
    return choose(app, "State", state) if state else app


def open_story(desk: Desk, who: str, athlete: str, state: str | None = None) -> AppTest:
    app = open_list(desk, who, "Upcoming", state)
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
    assert [info.value for info in desk.open(desk.start("nora"), "bookings").info] == [
        "Nothing is booked. Free times are set on Times."
    ]


@both_databases
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
    assert press(app, "Back to the list").text_input


def test_a_coach_cancels_with_a_reason_that_the_family_reads(desk: Desk) -> None:
    booked(desk)
    app = open_story(desk, "nora", "Ida")
    press(app, "Yes: cancel this lesson")
    assert [said.value for said in app.error] == ["Please give a reason."]
    app.text_area[0].set_value(WHY)
    press(app, "Yes: cancel this lesson")
    booking = desk.booking("Ida")
    assert (booking.status, booking.cancel_reason, booking.changed_by) == (Status.CANCELLED, WHY, ActorRole.COACH)
    assert len(desk.mails(MessageKind.CANCELLED)) == 1 and not desk.mails(MessageKind.LESSON_CANCELLED)
    assert desk.nudged == ["deliver_mail"]


def test_an_admin_approves_after_all_what_was_denied(desk: Desk) -> None:
    desk.answer("Ida", Decision.DENY)
    app = open_story(desk, "ada", "Ida", "Denied")
    app.text_area[0].set_value("Nora has time after all.")
    press(app, "Yes: approve after all")
    assert desk.booking("Ida").status is Status.APPROVED
    assert len(desk.mails(MessageKind.DECIDED_BY_ADMIN)) == 1


def test_a_coach_is_not_offered_that_and_nothing_after_the_start(desk: Desk) -> None:
    desk.answer("Ida", Decision.DENY)
    assert actions(open_story(desk, "nora", "Ida", "Denied")) == []
    desk.answer("Ben", Decision.APPROVE)
    desk.clock.move_to(at(1, 9, 30))
    assert actions(open_story(desk, "nora", "Ben")) == ["The lesson took place", "Nobody came"]


def test_another_coach_s_booking_is_not_opened(desk: Desk) -> None:
    booked(desk)
    app = desk.open(desk.start("omar"))
    app.session_state["open_booking"] = desk.bookings["Ida"]
    app.switch_page("app_pages/bookings.py").run()
    assert [said.value for said in app.error] == ["There is no such booking, or it is not yours."]
    assert not any("Ida" in text for text in texts(app))


def actions(app: AppTest) -> list[str]:
    """What can be done on a booking's story, beside a note, its mail and going back."""
    others = ("Back to the list", "Keep the note", "Correct it, and send", "Send the mail again")
    return [button.label for button in app.button if button.label not in others]


def test_requests_can_be_answered_here_too_and_their_number_is_said(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "bookings")
    assert app.segmented_control[0].options == ["Requests (2)", "Upcoming", "Past", "Week"]
    app.segmented_control[0].set_value("Requests").run()
    assert athletes(app) == ["Ben", "Ida"]
    app.button(key=f"approve-{desk.bookings['Ida']}").click().run()
    assert desk.booking("Ida").status is Status.APPROVED
    assert athletes(app) == ["Ben"], "the list stays, although its name is another now"
    assert app.segmented_control[0].options[0] == "Requests (1)"


@both_databases
def test_filters_narrow_a_list_and_are_kept_while_a_story_is_read(desk: Desk) -> None:
    booked(desk)
    desk.answer("Mia", Decision.APPROVE, who="omar")
    app = open_list(desk, "ada", "Upcoming")
    assert len(opened(app)) == 2
    assert len(opened(choose(app, "Coach", desk.booking("Mia").coach_id))) == 1
    app.button(key=f"open-{desk.bookings['Mia']}").click().run()
    press(app, "Back to the list")
    assert opened(app) == [f"open-{desk.bookings['Mia']}"]
    assert "Filters (1 set)" in [expander.label for expander in app.expander]
    assert not opened(choose(app, "State", "Denied"))
    assert len(opened(press(app, "Show everything again"))) == 2
    app.date_input[0].set_value(at(2, 12).date()).run()
    assert opened(app) == [f"open-{desk.bookings['Mia']}"]


def test_a_week_is_a_picture_and_says_the_same_in_words(desk: Desk) -> None:
    booked(desk)
    app = desk.open(desk.start("nora"), "bookings")
    app.segmented_control[0].set_value("Week").run()
    assert not app.exception and not app.error
    assert texts(app) == [
        "9:00 am: Private tumbling for Ben (waits for an answer)",
        "4:00 pm: Private tumbling for Ida",
    ]
    press(app, "The week after")
    assert [info.value for info in app.info] == ["Nothing is booked in this week."]


def test_whether_they_came_is_noted_changed_and_told(desk: Desk) -> None:
    booked(desk)
    desk.clock.move_to(at(1, 16, 5))
    app = open_story(desk, "nora", "Ida")
    press(app, "Nobody came")
    assert desk.booking("Ida").attendance is Attendance.NO_SHOW
    assert "No-show: noted by Nora Lindqvist" in "\n".join(texts(app))
    assert actions(app) == ["The lesson took place", "Take the note back"]
    press(app, "The lesson took place")
    assert desk.booking("Ida").attendance is Attendance.TAUGHT
    press(app, "Take the note back")
    assert desk.booking("Ida").attendance is None


def test_a_note_is_read_by_whoever_wrote_it_and_nobody_else(desk: Desk) -> None:
    booked(desk)
    app = open_story(desk, "nora", "Ida")
    app.text_area(key=f"note-text-{desk.bookings['Ida']}").set_value("Left *wrist*.")
    press(app, "Keep the note")
    assert [said.value for said in app.success] == ["Your note is kept."]
    key = f"note-text-{desk.bookings['Ida']}"
    assert open_story(desk, "nora", "Ida").text_area(key=key).value == "Left *wrist*."
    assert open_story(desk, "ada", "Ida").text_area(key=key).value == ""


@both_databases
def test_a_list_is_downloaded_with_what_it_shows_by_whoever_may_see_it(desk: Desk) -> None:
    files: list[Callable[[], bytes]] = []
    desk.monkeypatch.setattr(st, "download_button", lambda _, data, *__, **___: files.append(data))
    with desk.services.database.write() as transaction:
        transaction.session.get_one(Booking, desk.bookings["Ida"]).athlete_name = "=HYPERLINK(1)"
    booked(desk)
    desk.answer("Mia", Decision.APPROVE, who="omar")
    nora = desk.start("nora")
    desk.open(nora, "bookings")
    rows = list(csv.DictReader(io.StringIO(files[-1]().decode("utf-8-sig"))))
    assert [(row["Athlete"], row["Starts"], row["State"]) for row in rows] == [
        ("'=HYPERLINK(1)", "2026-11-24 16:00 PST", "approved")
    ]
    desk.disable("nora")
    with pytest.raises(NotAllowed):
        files[-1]()


def opened(app: AppTest) -> list[str | None]:
    """The rows that can be opened."""
    return [button.key for button in app.button if button.label == "Open"]
