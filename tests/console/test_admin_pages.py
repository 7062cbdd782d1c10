"""People and Gym: for admins alone; what is changed there is what everybody meets."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import NumberInput, TextInput

from console.web import server
from console.widgets.markdown import inert
from core.gym.models import the_gym
from core.outbox.models import MessageKind
from core.people.models import Role
from core.schedule.models import LessonType
from tests.console.app_reader import PAGES_OF_AN_ADMIN
from tests.console.conftest import PAGE_LIMIT_S, Desk


def press(app: AppTest, label: str, number: int = 0) -> AppTest:
    return [button for button in app.button if button.label == label][number].click().run()


def field(app: AppTest, label: str, number: int = -1) -> TextInput:
    return [box for box in app.text_input if box.label == label][number]


@pytest.mark.parametrize("page", [title.lower() for title in PAGES_OF_AN_ADMIN[PAGES_OF_AN_ADMIN.index("People") :]])
def test_a_coach_does_not_open_an_admin_s_page_by_address(desk: Desk, page: str) -> None:
    desk.show_to(desk.start("nora"))
    app = AppTest.from_file(str(server.ENTRY.parent / "app_pages" / f"{page}.py"), default_timeout=PAGE_LIMIT_S).run()
    assert "admins" in app.exception[0].message and not app.button, "the page stops before it shows anything"


def test_somebody_is_invited_and_gets_a_link(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "people")
    field(app, "Name").set_value("Zoë <b>Müller</b>")
    field(app, "E-mail address").set_value("zoe@spirit.example")
    press(app, "Invite")
    assert "Zoë \\<b\\>Müller" in app.success[0].value and desk.account("zoe").role is Role.COACH
    assert len(desk.mails(MessageKind.INVITATION)) == 1 and desk.nudged == ["deliver_mail"]


def test_an_invitation_is_used_once_within_a_week_and_made_anew(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "people")
    field(app, "Name").set_value("Zoë Müller")
    field(app, "E-mail address").set_value("zoe@spirit.example")
    press(app, "Invite")
    assert any("works until Monday, November 30, 9:10 am (Pacific)" in text.value for text in app.text)
    desk.clock.shift(timedelta(days=7))
    assert any("worked until" in text.value for text in desk.open(desk.start("ada"), "people").text)
    old = desk.mails(MessageKind.INVITATION)[0].sign_in_link_id
    answer = desk.post(f"/sign-in/{desk.services.signer.sign_in(old or 0)}", {})
    assert answer.status_code == 410 and "Ada Moreno can invite you again" in answer.text
    app = press(desk.open(desk.start("ada"), "people"), "Invite again")
    assert desk.nudged == ["deliver_mail", "deliver_mail"]
    new = desk.mails(MessageKind.INVITATION)[1].sign_in_link_id
    link = f"/sign-in/{desk.services.signer.sign_in(new or 0)}"
    assert "Welcome" in desk.get(link).text
    assert [desk.post(link, {}).status_code for _ in range(2)] == [303, 410]
    assert not any("Has not come in" in text.value for text in app.run().text)


def test_an_invalid_invitation_is_refused_and_what_was_typed_stays(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "people")
    field(app, "Name").set_value("Nora again")
    field(app, "E-mail address").set_value("nora@spirit.example")
    press(app, "Invite")
    assert app.error[0].value == inert("There is an account for nora@spirit.example already.")
    assert field(app, "Name").value == "Nora again"


def test_a_coach_is_made_an_admin_signed_out_and_disabled(desk: Desk) -> None:
    token = desk.start("omar")
    app = desk.open(desk.start("ada"), "people")
    people = [expander.label for expander in app.expander]
    assert people == ["Ada Moreno, admin", "Nora Lindqvist, coach", "Omar Haddad, coach"]
    press(app, "Make an admin", 1)
    assert desk.account("omar").role is Role.ADMIN
    press(app, "Sign out everywhere", 1)
    assert not desk.open(token).button
    desk.show_to(desk.start("ada"))
    app = desk.open(desk.start("ada"), "people")
    press(app, "Yes: disable", 2)
    assert desk.account("omar").disabled_at is not None
    press(app, "Allow to sign in again")
    assert desk.account("omar").disabled_at is None


def test_the_only_admin_stays(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "people")
    press(app, "Yes: disable", 0)
    assert "This is the only admin" in app.error[0].value and desk.account("ada").disabled_at is None


def test_the_gym_s_texts_are_kept(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "gym")
    field(app, "Phone", 0).set_value("(415) 555-0199")
    press(app, "Keep")
    with desk.services.database.read() as session:
        assert the_gym(session).phone == "(415) 555-0199"


def test_a_lesson_type_is_added_and_a_wrong_one_is_said(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "gym")
    field(app, "Name").set_value("Rings")
    field(app, "Address on the site").set_value("Rings 50")
    press(app, "Add")
    assert "small letters" in app.error[0].value
    field(app, "Name").set_value("Rings")
    field(app, "Address on the site").set_value("rings-50")
    press(app, "Add")
    with desk.services.database.read() as session:
        assert session.scalars(select(LessonType).where(LessonType.slug == "rings-50")).one().name == "Rings"


def test_the_gym_s_rules_are_kept_and_what_cannot_work_together_is_said(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "gym")
    number(app, "Requests of one family that may wait at once").set_value(9)
    press(app, "Keep the rules")
    assert "More requests could wait" in app.error[0].value
    number(app, "Requests of one family within a day").set_value(12)
    number(app, "Seconds until an open page of the console is drawn anew").set_value(60)
    press(app, "Keep the rules")
    with desk.services.database.read() as session:
        gym = the_gym(session)
        assert (gym.most_open_requests, gym.most_requests_a_day, gym.console_refresh_s) == (9, 12, 60)


def number(app: AppTest, label: str) -> NumberInput:
    return next(box for box in app.number_input if box.label == label)
