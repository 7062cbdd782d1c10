"""Two of the staff have the same form open: nothing that one saved is lost silently, nor anything that the other typed."""

from typing import Any

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from console.widgets.markdown import inert
from core.gym.models import Gym, the_gym
from core.schedule.coach_page import every_lesson, page_of
from core.schedule.models import Asks, Coach, LessonType
from tests.console.app_reader import press
from tests.console.conftest import Desk

AGAIN = "Show what is saved now"


class Two:
    """Ada and Nora, each with a browser of her own in which this page is open."""

    def __init__(self, desk: Desk, page: str, who: tuple[str, str] = ("ada", "nora")) -> None:
        self.desk, self.tokens = desk, [desk.start(name) for name in who]
        self.apps = [desk.open(token, page) for token in self.tokens]

    def first(self) -> AppTest:
        return self._of(0)

    def second(self) -> AppTest:
        return self._of(1)

    def _of(self, number: int) -> AppTest:
        self.desk.show_to(self.tokens[number])
        return self.apps[number]


def field(app: AppTest, label: str) -> Any:
    found = (*app.text_input, *app.text_area, *app.number_input, *app.checkbox, *app.selectbox, *app.radio)
    return next(one for one in found if one.label.startswith(label))


def gym(desk: Desk) -> Gym:
    with desk.services.database.read() as session:
        return the_gym(session)


def coach(desk: Desk) -> Coach:
    with desk.services.database.read() as session:
        return session.scalars(select(Coach).where(Coach.slug == "nora")).one()


def first_lesson(desk: Desk) -> LessonType:
    with desk.services.database.read() as session:
        return every_lesson(session)[0]


def page(desk: Desk) -> dict[str, Any]:
    with desk.services.database.read() as session:
        return page_of(session.scalars(select(Coach).where(Coach.slug == "nora")).one())


def test_fields_that_only_one_of_them_changed_are_both_saved(desk: Desk) -> None:
    two = Two(desk, "gym", ("ada", "ada"))
    field(two.second(), "Phone").set_value("555 0100")
    press(two.second(), "Keep")
    field(two.first(), "Address").set_value("Main Street 1")
    app = press(two.first(), "Keep")
    assert not app.error and (gym(desk).phone, gym(desk).street) == ("555 0100", "Main Street 1")
    assert field(app, "Phone").value == "555 0100" and AGAIN not in [button.label for button in app.button]


def test_the_same_field_is_asked_about_and_everything_typed_stays(desk: Desk) -> None:
    two = Two(desk, "gym", ("ada", "ada"))
    field(two.second(), "Phone").set_value("555 0100")
    press(two.second(), "Keep")
    field(two.first(), "Phone").set_value("555 0199")
    field(two.first(), "Address").set_value("Main Street 1")
    app = press(two.first(), "Keep")
    assert "last by Ada" in app.error[0].value and "nothing was saved yet" in app.error[0].value
    assert "“555 0100” is saved now, your form has “555 0199”" in app.error[0].value
    assert (gym(desk).phone, gym(desk).street) == ("555 0100", "")
    assert (field(app, "Phone").value, field(app, "Address").value) == ("555 0199", "Main Street 1")
    app = press(app, "Keep")
    assert not app.error and (gym(desk).phone, gym(desk).street) == ("555 0199", "Main Street 1")


def test_a_third_change_is_asked_about_again(desk: Desk) -> None:
    two = Two(desk, "gym", ("ada", "ada"))
    for theirs in ("1", "2"):
        field(two.second(), "Phone").set_value(theirs)
        press(two.second(), "Keep")
        field(two.first(), "Phone").set_value("3")
        assert press(two.first(), "Keep").error
        assert gym(desk).phone == theirs
    assert not press(two.first(), "Keep").error and gym(desk).phone == "3"


def test_the_other_s_can_be_taken_over(desk: Desk) -> None:
    two = Two(desk, "gym", ("ada", "ada"))
    field(two.second(), "Phone").set_value("555 0100")
    press(two.second(), "Keep")
    field(two.first(), "Phone").set_value("555 0199")
    app = press(press(two.first(), "Keep"), AGAIN)
    assert field(app, "Phone").value == "555 0100" and AGAIN not in [button.label for button in app.button]
    assert not press(app, "Keep").error and gym(desk).phone == "555 0100"


def test_the_fields_are_the_same_widgets_when_the_page_is_drawn_anew_and_the_change_is_shown(desk: Desk) -> None:
    """The browser keeps what is typed into a form for as long as the widget's id stays."""
    two = Two(desk, "gym", ("ada", "ada"))
    before = field(two.first(), "Address").id
    field(two.second(), "Address").set_value("Elm Street 2")
    press(two.second(), "Keep")
    app = two.first().run()
    assert field(app, "Address").id == before
    assert any(inert("Address: “Elm Street 2”") in info.value for info in app.info)


def test_rules_that_two_admins_change_are_merged_or_asked_about(desk: Desk) -> None:
    two = Two(desk, "gym", ("ada", "ada"))
    field(two.second(), "Requests of one family within a day").set_value(4)
    press(two.second(), "Keep the rules")
    field(two.first(), "Days that every single request").set_value(30)
    field(two.first(), "Requests of one family within a day").set_value(5)
    app = press(two.first(), "Keep the rules")
    assert "“4” is saved now, your form has “5”" in app.error[0].value and gym(desk).most_requests_a_day == 4
    assert not press(app, "Keep the rules").error
    assert (gym(desk).most_requests_a_day, gym(desk).monitoring_days) == (5, 30)


def test_a_lesson_type_that_two_admins_change_is_merged_or_asked_about(desk: Desk) -> None:
    two = Two(desk, "gym", ("ada", "ada"))
    field(two.second(), "Price in dollars").set_value(31.0)
    press(two.second(), "Keep", 1)
    field(two.first(), "Price in dollars").set_value(32.0)
    field(two.first(), "Minutes kept free after").set_value(5)
    app = press(two.first(), "Keep", 1)
    said = app.error[0].value.replace("\\", "")
    assert "Price: $31 is saved now, your form has $32" in said
    assert field(app, "Price in dollars").value == 32.0 and field(app, "Minutes kept free after").value == 5
    assert first_lesson(desk).price_cents == 3100
    assert not press(app, "Keep", 1).error
    assert (first_lesson(desk).price_cents, first_lesson(desk).buffer_after_min) == (3200, 5)


def test_preferences_that_an_admin_and_the_coach_change_are_merged_or_asked_about(desk: Desk) -> None:
    two = Two(desk, "preferences")
    field(two.second(), "Who decides").set_value(Asks.NEVER)
    field(two.second(), "At most").set_value(20)
    press(two.second(), "Keep")
    field(two.first(), "A summary at seven").check()
    field(two.first(), "At most").set_value(25)
    app = press(two.first(), "Keep")
    assert "last by Nora" in app.error[0].value
    said = app.error[0].value.replace("\\", "")
    assert "At most … days ahead: 20 is saved now, your form has 25" in said
    assert not coach(desk).daily_summary and field(app, "A summary at seven").value
    assert not press(app, "Keep").error
    assert (coach(desk).asks, coach(desk).horizon_days, coach(desk).daily_summary) == (Asks.NEVER, 25, True)


def test_a_public_page_that_an_admin_and_the_coach_change_is_merged_or_asked_about(desk: Desk) -> None:
    two = Two(desk, "my_page")
    before = page(desk)
    field(two.second(), "About me").set_value("I *teach*.")
    two.second().checkbox[0].uncheck()
    press(two.second(), "Keep")
    field(two.first(), "In a few words").set_value("Floor")
    field(two.first(), "About me").set_value("She teaches.")
    app = press(two.first(), "Keep")
    assert "last by Nora" in app.error[0].value and page(desk)["tagline"] == before["tagline"]
    assert field(app, "In a few words").value == "Floor" and field(app, "About me").value == "She teaches."
    assert any("Lessons I teach" in info.value for info in app.info)
    assert not press(app, "Keep").error
    after = page(desk)
    assert (after["tagline"], after["bio"]) == ("Floor", "She teaches.")
    assert len(after["lesson_ids"]) == len(before["lesson_ids"]) - 1


def test_a_week_that_an_admin_and_the_coach_change_is_merged_or_asked_about(desk: Desk) -> None:
    two = Two(desk, "times")
    for day, hours in (("Monday", "9–10"), ("Tuesday", "9–11")):
        field(two.second(), day).set_value(hours).run()
    press(two.second(), "Keep this week")
    for day, hours in (("Monday", "2–3 pm"), ("Friday", "")):
        field(two.first(), day).set_value(hours).run()
    app = press(two.first(), "Keep this week")
    said = app.error[0].value.replace("\\", "")
    assert "last by Nora" in said and "Monday: 9 am–10 am is saved now, your form has 2 pm–3 pm" in said
    assert [field(app, day).value for day in ("Monday", "Friday")] == ["2–3 pm", ""]
    app = press(app, "Keep this week")
    assert not app.error
    assert [field(app, day).value for day in ("Monday", "Tuesday", "Friday")] == ["2 pm–3 pm", "9 am–11 am", ""]


def test_whoever_comes_back_to_the_page_sees_what_is_saved_by_then(desk: Desk) -> None:
    two = Two(desk, "gym", ("ada", "ada"))
    field(two.second(), "Phone").set_value("555 0100")
    press(two.second(), "Keep")
    app = two.first().switch_page("app_pages/log.py").run()
    app = app.switch_page("app_pages/gym.py").run()
    assert field(app, "Phone").value == "555 0100" and not app.info


@pytest.mark.parametrize("typed", ["<b>*5*</b>", "$5$ :red[x]"])
def test_what_the_other_typed_is_no_markup_here(desk: Desk, typed: str) -> None:
    two = Two(desk, "gym", ("ada", "ada"))
    field(two.second(), "Phone").set_value(typed)
    press(two.second(), "Keep")
    app = two.first().run()
    assert [inert(typed) in info.value for info in app.info] == [True]
