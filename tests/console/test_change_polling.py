"""The page looks by itself whether something has changed, and never takes a click away by that."""

import pytest

from console.widgets import change_polling
from core.bookings.decisions import Decision
from core.schedule.models import Asks, Coach
from tests.console.app_reader import press
from tests.console.conftest import Desk
from tests.support.databases import both_databases


def preferred(desk: Desk) -> Asks:
    with desk.services.database.read() as session:
        return session.get_one(Coach, desk.booking("Ida").coach_id).asks


@both_databases
def test_what_is_pressed_after_a_change_elsewhere_is_done(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "preferences")
    desk.answer("Ida", Decision.APPROVE)
    app.radio[0].set_value(Asks.NEVER)
    assert [said.value for said in press(app, "Keep").success] == ["Your preferences are kept."]
    assert preferred(desk) is Asks.NEVER


@pytest.mark.parametrize(("fragments", "again"), [(None, False), (["its own"], True), (["its own", "another"], False)])
def test_a_timer_runs_the_page_again_only_where_nothing_else_runs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fragments: list[str] | None, again: bool
) -> None:
    """Whatever shares its run may hold a click, which would end with it."""
    app = desk.open(desk.start("nora"))
    desk.answer("Ida", Decision.APPROVE)
    monkeypatch.setattr(change_polling, "_fragments", lambda: fragments)
    reruns: list[bool] = []
    monkeypatch.setattr("streamlit.rerun", lambda: reruns.append(True))
    app.run()
    assert bool(reruns) is again


def test_what_was_said_stays_in_its_place_while_the_page_draws_itself_anew(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "preferences")
    places = len(app.main.children)
    press(app, "Keep")
    assert len(app.main.children) == places, "nothing moved when it came"
    app.session_state[change_polling.BY_ITSELF] = True
    assert [said.value for said in app.run().success] == ["Your preferences are kept."]
    assert not app.run().success and len(app.main.children) == places, "she has gone on, and nothing moved"
