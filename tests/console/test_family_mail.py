"""Families that our mail did not reach, staff that it did not reach, and what hangs on a coach who is disabled."""

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from core.audit import AuditEvent
from core.outbox.models import MessageKind, MessageState, OutboxMessage
from core.schedule.models import Coach
from tests.console.app_reader import press
from tests.console.conftest import Desk
from tests.support.people import NOW


def fails(desk: Desk, kind: MessageKind) -> None:
    """Every mail of this kind so far was refused."""
    with desk.services.database.write() as transaction:
        transaction.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.kind == kind)
            .values(state=MessageState.DEAD, finished_at=transaction.now, last_error="550 no such user")
        )


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.error, *app.warning, *app.text, *app.markdown))


def verbs(desk: Desk) -> list[str]:
    with desk.services.database.read() as session:
        return list(session.scalars(select(AuditEvent.verb).order_by(AuditEvent.id)))


@pytest.mark.parametrize("page", [None, "today"])
@pytest.mark.parametrize("who", ["nora", "ada"])
def test_a_family_that_was_not_reached_stands_before_its_coach_and_admins_with_its_phone(
    desk: Desk, who: str, page: str | None
) -> None:
    fails(desk, MessageKind.REQUEST_RECEIVED)
    shown = said(desk.open(desk.start(who), page))
    assert "Sam Rivera does not know that we have their request" in shown
    assert "Phone: +1 415\\-555\\-0134" in shown or "Phone: +1 415-555-0134" in shown
    assert "550 no such user" in shown
    assert ("Mia" in shown) == (who == "ada")


def test_nobody_is_listed_while_mail_arrives(desk: Desk) -> None:
    assert "does not know" not in said(desk.open(desk.start("ada"), "today"))


def test_who_has_called_says_so_and_the_family_is_listed_no_more(desk: Desk) -> None:
    fails(desk, MessageKind.REQUEST_RECEIVED)
    app = press(desk.open(desk.start("omar"), "today"), "I called them")
    assert "does not know" not in said(app) and "family called" in verbs(desk)


def test_a_corrected_address_is_mailed_at_once(desk: Desk) -> None:
    fails(desk, MessageKind.REQUEST_RECEIVED)
    app = desk.open(desk.start("omar"), "today")
    app.text_input[0].set_value("sam@gmail.com")
    press(app, "Correct it, and send")
    assert (
        desk.booking("Mia").customer_email == "sam@gmail.com" and desk.booking("Ida").customer_email != "sam@gmail.com"
    )
    assert desk.nudged == ["deliver_mail"] and "address corrected" in verbs(desk)


def test_a_request_opens_its_story_where_the_mail_is_sent_again(desk: Desk) -> None:
    app = press(desk.open(desk.start("omar")), "Open")
    assert "sam@example.org" in said(app) and "request to omar@spirit.example" in said(app)
    with desk.services.database.write() as transaction:
        transaction.session.execute(update(OutboxMessage).values(state=MessageState.SENT, finished_at=NOW))
    press(app, "Send the mail again")
    assert len(desk.mails(MessageKind.REQUEST_RECEIVED)) == 4


@pytest.mark.parametrize("wanted", ["mia", "SAM@EXAMPLE", "(415) 555-0134"])
def test_a_request_that_waits_is_found_by_name_address_and_phone(desk: Desk, wanted: str) -> None:
    app = desk.open(desk.start("ada"), "bookings")
    assert "Mia" not in said(app)
    assert "Mia" in said(app.text_input[0].set_value(wanted).run())


def test_staff_whose_mail_comes_back_are_shown_to_admins_until_it_is_settled(desk: Desk) -> None:
    fails(desk, MessageKind.REQUEST)
    assert "mail to omar@spirit.example could not be delivered" not in said(desk.open(desk.start("nora"), "today"))
    app = desk.open(desk.start("ada"), "today")
    assert "mail to omar@spirit.example could not be delivered" in said(app)
    app = press(press(app, "This is settled"), "This is settled")
    assert "could not be delivered" not in said(app) and verbs(desk).count("undelivered mail settled") == 2


def test_an_admin_sees_that_a_coach_gets_no_mail_at_all(desk: Desk) -> None:
    warning = "Omar Haddad has turned every mail off"
    assert warning not in said(desk.open(desk.start("ada"), "today"))
    with desk.services.database.write() as transaction:
        omar = transaction.session.scalars(select(Coach).where(Coach.slug == "omar")).one()
        omar.request_mails, omar.daily_summary, omar.reminder_before_min = False, False, None
    for page in ("today", "people"):
        assert warning in said(desk.open(desk.start("ada"), page))
    assert warning not in said(desk.open(desk.start("nora"), "today"))


def test_what_hangs_on_a_coach_is_shown_before_she_is_disabled_and_to_admins_afterwards(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "people")
    assert "2 requests wait for an answer" in said(app) and "Ida, Sam Rivera, with Nora Lindqvist" in said(app)
    names = [button.label for button in app.button]
    who = sorted(["Ada Moreno", "Nora Lindqvist", "Omar Haddad"]).index("Nora Lindqvist")
    assert names.count("Yes: disable") == 3
    press(app, "Yes: disable", who)
    shown = said(desk.open(desk.start("ada"), "today"))
    assert "2 requests wait for an answer" in shown and "Ben, Sam Rivera, with Nora Lindqvist" in shown
    card = said(desk.open(desk.start("ada")))
    assert "Coach: Nora Lindqvist, who does not work here any more: an admin has to answer" in card


def test_what_is_booked_of_a_lesson_type_is_shown_where_it_is_changed(desk: Desk) -> None:
    shown = said(desk.open(desk.start("ada"), "gym"))
    assert "2 requests wait for an answer" in shown and "Ida, Sam Rivera, with Nora Lindqvist" in shown
