"""A page that fails says so with a reference, and the rest works on; never a traceback."""

import pytest
import structlog
from streamlit.testing.v1 import AppTest

from console.web import server
from console.widgets import error_boundary
from core.bookings import lists
from core.errors import Unavailable
from tests.console.app_reader import page_names, titles
from tests.console.conftest import Desk


def broken(*args: object, **kwargs: object) -> object:
    raise RuntimeError("Sam Rivera’s secret <b>detail</b>")


def away(*args: object, **kwargs: object) -> object:
    raise Unavailable


def everything(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.error, *app.markdown, *app.text))


def test_a_page_that_fails_says_so_with_the_reference_that_stands_in_the_log(desk: Desk) -> None:
    desk.monkeypatch.setattr(lists, "upcoming", broken)
    with structlog.testing.capture_logs() as logged:
        app = desk.open(desk.start("nora"), "bookings")
    (line,) = [line for line in logged if line["event"] == "page failed"]
    assert not app.exception
    assert f"**{line['reference']}**" in app.error[0].value
    assert line["log_level"] == "error" and isinstance(line["exc_info"], RuntimeError)
    assert "Sam" not in everything(app) and "Traceback" not in everything(app)
    assert "Bookings" in page_names(app), "the navigation stands"
    assert titles(app.switch_page("app_pages/today.py").run()) == ["Today"] and not app.error


def test_a_database_that_is_away_is_said_and_the_page_comes_back_by_itself(desk: Desk) -> None:
    upcoming = lists.upcoming
    desk.monkeypatch.setattr(lists, "upcoming", away)
    app = desk.open(desk.start("nora"), "bookings")
    assert [said.value for said in app.error] == [error_boundary.AWAY]
    desk.monkeypatch.setattr(lists, "upcoming", upcoming)
    assert not app.run().error and app.segmented_control


def test_when_nobody_can_be_looked_up_that_is_said_too(desk: Desk) -> None:
    token = desk.start("nora")
    desk.monkeypatch.setattr(desk.services.database, "read", away)
    app = desk.open(token)
    assert [said.value for said in app.error] == [error_boundary.AWAY] and not app.button and not app.text


def test_what_the_rules_refuse_is_no_mistake_of_ours(desk: Desk) -> None:
    with structlog.testing.capture_logs() as logged:
        app = desk.open(desk.start("omar"))
        app.session_state["open_booking"] = desk.bookings["Ida"]
        app.switch_page("app_pages/bookings.py").run()
    assert [said.value for said in app.error] == ["There is no such booking, or it is not yours."]
    assert not [line for line in logged if line["event"] == "page failed"]


@pytest.mark.parametrize("page", sorted(path.stem for path in (server.ENTRY.parent / "app_pages").glob("[a-z]*.py")))
def test_no_page_shows_a_traceback_whatever_its_queries_do(desk: Desk, page: str) -> None:
    token = desk.start("ada")
    app = desk.open(token)
    desk.monkeypatch.setattr(desk.services.database, "read", away)
    app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception and [said.value for said in app.error] == [error_boundary.AWAY]
