"""My times, preferences and page: what a coach changes here is what parents see."""

import pytest
from sqlalchemy import select

from console.widgets.markdown import inert
from core.bookings import slots
from core.bookings.decisions import Decision
from core.schedule import hours, queries
from core.schedule.models import Asks, Coach
from tests.console.app_reader import texts, titles
from tests.console.conftest import Desk
from tests.support.actors import as_staff
from tests.support.people import at


def coach(desk: Desk, slug: str = "nora") -> Coach:
    with desk.services.database.read() as session:
        return session.scalars(select(Coach).where(Coach.slug == slug)).one()


def listed(desk: Desk, day: int) -> int:
    """How many first lessons parents can ask Nora for on this day."""
    with desk.services.database.read() as session:
        teacher = queries.get_coach(session, "nora")
        on = at(day, 12).date()
        offered = slots.open_slots(session, teacher, teacher.lessons[0], first_on=on, last_on=on, now=at(0, 12))
        return len(offered.slots)


@pytest.mark.parametrize("page", ["times", "preferences", "my_page"])
def test_each_page_of_a_coach_opens_for_herself_and_for_an_admin_who_picks_her(desk: Desk, page: str) -> None:
    own = desk.open(desk.start("nora"), page)
    assert not own.exception and not [box for box in own.selectbox if box.label == "Coach"]
    admins = desk.open(desk.start("ada"), page)
    picked = next(box for box in admins.selectbox if box.label == "Coach")
    assert not admins.exception and picked.options == ["Nora Lindqvist", "Omar Haddad"]
    assert not picked.select_index(1).run().exception


def test_a_week_is_written_looked_at_and_kept(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "times")
    assert titles(app) == ["Times"] and [field.value for field in app.text_input] == ["9 am–6 pm"] * 5 + ["", ""]
    before = listed(desk, 3)
    app.text_input[3].set_value("9–10, 2–3 pm").run()
    assert listed(desk, 3) == before, "nothing is kept before she says so"
    assert any("**Thursday, November 26**: 9:00 am, 9:30 am, 2:00 pm, 2:30 pm" in line.value for line in app.markdown)
    next(button for button in app.button if button.label == "Keep this week").click().run()
    assert [said.value for said in app.success] == ["Your week is kept."] and listed(desk, 3) == 4


def test_hours_that_cannot_be_read_are_said_and_nothing_can_be_kept(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "times")
    app.text_input[0].set_value("whenever").run()
    sentence = "Monday: please write hours like 9–12, 2–7 pm, or leave it empty."
    assert [said.value for said in app.error] == [inert(sentence)]
    assert "Keep this week" not in [button.label for button in app.button]


def test_a_lesson_that_falls_outside_is_named_before_the_week_is_kept(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "times")
    app.text_input[1].set_value("9–12").run()
    sentence = "Outside of these hours, and stays: Private tumbling, Tuesday, November 24, 4:00–5:00 pm (Pacific)."
    assert [said.value for said in app.warning] == [inert(sentence)]


def test_a_day_off_is_added_and_removed(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "times")
    app.date_input[0].set_value(at(3, 12).date())
    next(button for button in app.button if button.label == "Add this day").click().run()
    assert listed(desk, 3) == 0 and "Thursday, November 26: away all day" in texts(app)
    next(button for button in app.button if button.label == "Remove").click().run()
    assert listed(desk, 3) > 0


def test_preferences_are_kept_and_what_cannot_work_is_said(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "preferences")
    app.radio[0].set_value(Asks.NEVER)
    next(button for button in app.button if button.label == "Keep").click().run()
    assert coach(desk).asks is Asks.NEVER and [said.value for said in app.success] == ["Your preferences are kept."]
    app.radio[0].set_value(Asks.ALWAYS)
    next(field for field in app.selectbox if field.label == "I answer within").set_value(60)
    next(button for button in app.button if button.label == "Keep").click().run()
    assert "The reminder would come before the request" in app.error[0].value and coach(desk).asks is Asks.NEVER


def test_a_coach_chooses_which_mails_she_gets(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "preferences")
    boxes = {box.label.partition(":")[0].partition(",")[0]: box for box in app.checkbox}
    assert [box.value for box in boxes.values()] == [True, True, True, False]
    boxes["A mail for each request"].uncheck()
    boxes["Remind me before a request expires"].uncheck()
    next(button for button in app.button if button.label == "Keep").click().run()
    assert "only the console shows it" in app.info[-1].value
    boxes = {box.label.partition(":")[0].partition(",")[0]: box for box in app.checkbox}
    boxes["A summary at seven every morning"].check()
    next(button for button in app.button if button.label == "Keep").click().run()
    kept = coach(desk)
    assert (kept.request_mails, kept.roll_up, kept.daily_summary) == (False, True, True)
    assert not any("only the console" in info.value for info in app.info)


def test_a_page_is_changed_for_parents(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "my_page")
    app.text_input[1].set_value("Floor, beam and *stars*")
    app.checkbox[1].uncheck()
    app.checkbox[2].uncheck()
    next(button for button in app.button if button.label == "Keep").click().run()
    assert coach(desk).tagline == "Floor, beam and *stars*"
    with desk.services.database.read() as session:
        assert [lesson.slug for lesson in queries.get_coach(session, "nora").lessons] == ["first-lesson-30"]


def test_whoever_is_no_coach_and_no_admin_any_more_changes_nothing(desk: Desk) -> None:
    """The rule stands in the command: a page that is open does not help."""
    from core.errors import NotAllowed

    with pytest.raises(NotAllowed):
        desk.services.database.transact(
            lambda tx: hours.set_weekly_hours(
                tx.session, tx.coach, [], by=as_staff(desk.account("omar").id), now=tx.now
            ),
            coach=coach(desk).id,
        )
    assert listed(desk, 3) > 0


def test_an_account_has_a_password_and_shows_where_it_is_signed_in(desk: Desk) -> None:
    desk.start("nora")
    app = desk.open(desk.start("nora"), "account")
    assert sum("last used" in text for text in texts(app)) == 2
    app.text_input[0].set_value("wrong")
    app.text_input[1].set_value("beam and bars 2026")
    next(button for button in app.button if button.label == "Keep").click().run()
    assert [said.value for said in app.error] == ["This is not your present password."]
    next(button for button in app.button if button.label == "Sign out everywhere else").click().run()
    assert sum("last used" in text for text in texts(app)) == 1


def test_one_other_place_is_signed_out_and_the_rest_stays(desk: Desk) -> None:
    elsewhere, here = desk.start("nora"), desk.start("nora")
    app = desk.open(here, "account")
    next(button for button in app.button if button.label == "End").click().run()
    assert app.success and [button.label for button in app.button].count("End") == 0, "here is no button"
    assert titles(desk.open(elsewhere)) == ["You are signed out"] and titles(desk.open(here)) == ["Requests"]


def test_a_calendar_s_address_is_its_coach_s_alone_and_can_be_renewed(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "my_page")
    before = app.code[0].value
    assert before.endswith(f"/calendar/{desk.services.signer.feed(coach(desk).id, 1)}.ics")
    next(button for button in app.button if button.label == "Renew the address").click().run()
    assert app.code[0].value != before and coach(desk).feed_version == 2
    assert not desk.open(desk.start("ada"), "my_page").code


def test_today_tells_who_waits_what_is_on_and_what_others_did(desk: Desk) -> None:
    desk.answer("Ben", Decision.APPROVE)
    app = desk.open(desk.start("nora"), "today")
    told = texts(app)
    assert not app.exception and [header.value for header in app.header][:2] == [
        "Monday, November 23",
        "Tuesday, November 24",
    ]
    assert "9:00 am to 10:00 am: Private tumbling for Ben\nSam Rivera, +1 415-555-0134" in told
    assert any(text.startswith("Ida, ") and "asked for by The family" in text for text in told)
    assert not any(text.startswith("Ben, ") for text in told), "what she did herself is no news"
    everybody = texts(desk.open(desk.start("ada"), "today"))
    assert any("for Ben, with Nora Lindqvist" in text for text in everybody)
    assert any(text.startswith("Ben, ") and "approved by Nora Lindqvist" in text for text in everybody)
