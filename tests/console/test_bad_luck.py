"""What goes wrong in a day: each ends with a sentence, nothing is lost, and nothing is done twice."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from console.widgets.markdown import inert
from core.bookings.cancellation import cancel
from core.bookings.decisions import Decision
from core.bookings.models import Booking, Status
from core.outbox.models import MessageKind
from core.platform.actor import PARENT_ON_SITE
from core.platform.db import Database
from tests.console.app_reader import press
from tests.console.conftest import Desk
from tests.support.databases import both_databases, fresh
from tests.support.people import at

HOSTILE = "<img src=x onerror=alert(1)> [win](https://evil.example) :red[x] **b** $x^2$"
MARKED_UP = re.compile(r"(?<!\\)(?:<img|\[win|:red\[x|\*\*b|\$x)")


@both_databases
def test_two_answers_in_one_run_are_one_answer_and_a_sentence(desk: Desk) -> None:
    app = desk.open(desk.start("nora"))
    ida = desk.bookings["Ida"]
    app.button(key=f"approve-{ida}").click()
    app.button(key=f"FormSubmitter:deny-{ida}-Deny the request").click()
    app.run()
    answered = desk.booking("Ida").status
    assert answered in (Status.APPROVED, Status.DENIED)
    assert len(app.success) == 1 and "already" in app.error[0].value
    mails = [len(desk.mails(kind)) for kind in (MessageKind.CONFIRMED, MessageKind.DENIED)]
    assert mails == [int(answered is Status.APPROVED), int(answered is Status.DENIED)]


def test_answers_to_two_families_in_one_run_are_both_given_and_both_said(desk: Desk) -> None:
    app = desk.open(desk.start("nora"))
    for athlete in ("Ida", "Ben"):
        app.button(key=f"approve-{desk.bookings[athlete]}").click()
    app.run()
    assert [desk.booking(athlete).status for athlete in ("Ida", "Ben")] == [Status.APPROVED] * 2
    assert len(app.success) == 2


@both_databases
def test_a_double_click_is_one_approval(desk: Desk) -> None:
    app = desk.open(desk.start("nora"))
    twin = desk.open(desk.start("nora"))
    for tab in (app, twin):
        tab.button(key=f"approve-{desk.bookings['Ida']}").click().run()
        assert not tab.error
    assert len(desk.mails(MessageKind.CONFIRMED)) == 1


@pytest.mark.parametrize("page", ["requests", "bookings"])
def test_a_coach_who_is_disabled_while_at_work_does_nothing_more(desk: Desk, page: str) -> None:
    app = desk.open(desk.start("nora"), page)
    if page == "bookings":
        app.segmented_control[0].set_value("Requests").run()
    desk.disable("nora")
    app.button(key=f"approve-{desk.bookings['Ida']}").click().run()
    assert [title.value for title in app.title] == ["You are signed out"]
    assert desk.booking("Ida").status is Status.PENDING and desk.nudged == []


@both_databases
def test_a_stale_story_cancels_nothing_that_the_family_has_cancelled(desk: Desk) -> None:
    desk.answer("Ida", Decision.APPROVE)
    app = desk.open(desk.start("nora"), "bookings")
    app.button(key=f"open-{desk.bookings['Ida']}").click().run()
    app.text_area(key=f"why-{desk.bookings['Ida']}").set_value("I am ill.")
    ida = desk.booking("Ida")
    desk.services.database.transact(
        lambda tx: cancel(tx.session, tx.coach, ida.id, by=PARENT_ON_SITE, now=tx.now), coach=ida.coach_id
    )
    press(app, "Yes: cancel this lesson")
    assert [said.value for said in app.error] == [
        inert(
            "The family cancelled this lesson on Monday, November 23, 9:10 am (Pacific), on the site. It was about Private "
            "tumbling for Ida, Tuesday, November 24, 4:00–5:00 pm (Pacific). There is nothing left to do."
        )
    ]
    assert len(desk.mails(MessageKind.CANCELLED)) == 1 and desk.booking("Ida").cancel_reason is None


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_database_that_stays_locked_is_said_and_the_click_can_be_made_again(desk: Desk) -> None:
    desk.services.database.wait_s = 0.2
    app = desk.open(desk.start("nora"))
    approve = f"approve-{desk.bookings['Ida']}"
    with locked(desk.services.database):
        app.button(key=approve).click().run()
        assert "Nothing was stored" in app.error[0].value and not app.success
        assert desk.booking("Ida").status is Status.PENDING
    app.button(key=approve).click().run()
    assert desk.booking("Ida").status is Status.APPROVED


def test_what_families_and_staff_type_is_inert_on_every_list_and_story(desk: Desk) -> None:
    with desk.services.database.write() as transaction:
        for booking in transaction.session.query(Booking):
            for column in ("athlete_name", "customer_name", "notes"):
                setattr(booking, column, HOSTILE)
        desk_coach = transaction.session.get_one(Booking, desk.bookings["Ida"]).coach
        desk_coach.account.name = HOSTILE
    desk.answer("Ida", Decision.APPROVE)
    desk.answer("Ben", Decision.DENY, reason=HOSTILE)
    app = desk.open(desk.start("ada"), "bookings")
    for part in ("Requests", "Week", "Past", "Upcoming"):
        app.segmented_control[0].set_value(part).run()
        assert marked_up(app) == [], part
    app.button(key=f"open-{desk.bookings['Ida']}").click().run()
    assert marked_up(app) == [] and HOSTILE in "".join(text.value for text in app.text)
    for page in ("today", "log", "outbox", "people", "requests"):
        app.switch_page(f"app_pages/{page}.py").run()
        assert marked_up(app) == [] and not app.exception, page


def test_whose_session_is_not_the_one_that_the_button_was_shown_to_does_nothing(desk: Desk) -> None:
    desk.answer("Ida", Decision.APPROVE)
    desk.clock.move_to(at(1, 16, 5))
    app = desk.open(desk.start("ada"), "bookings")
    app.button(key=f"open-{desk.bookings['Ida']}").click().run()
    desk.show_to(desk.start("nora"))
    press(app, "Nobody came")
    assert desk.booking("Ida").attendance is None


def marked_up(app: AppTest) -> list[str]:
    """Texts that Streamlit reads as Markdown, with something in them that somebody typed."""
    read_as_markdown: list[Any] = [*app.markdown, *app.success, *app.error, *app.info, *app.header, *app.caption]
    said = [element.value for element in read_as_markdown]
    said += [button.help or "" for button in app.button] + [expander.label for expander in app.expander]
    return [text for text in said if MARKED_UP.search(text)]


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Somebody else's program keeps the file to itself."""
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with (
            fresh(database.url.render_as_string(hide_password=False)) as theirs,
            theirs.write_engine.connect() as connection,
        ):
            connection.execute(text("SELECT 1"))
            holds.set()
            done.wait(120)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holds.wait(120)
    try:
        yield
    finally:
        done.set()
        thread.join(120)
