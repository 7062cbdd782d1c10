"""Who is signed in is asked in every run: whoever is not any more, or is somebody else now, finds nothing of before."""

from datetime import timedelta

from console.widgets.session import IDENTITY
from core.bookings.models import Status
from tests.console.app_reader import LAST_PAGES, PAGES_OF_A_COACH, athletes, page_names, titles
from tests.console.conftest import Desk


def test_whoever_is_signed_out_sees_that_and_nothing_else(desk: Desk) -> None:
    ended = desk.start("nora")
    desk.disable("nora")
    for token in (None, "", "made-up", ended):
        app = desk.open(token)
        assert not app.exception and titles(app) == ["You are signed out"]
        assert not app.button and not app.text and not app.sidebar.markdown and not app.dataframe
        (html,) = app.get("html")
        assert 'href="/sign-in"' in html.proto.body


def test_a_page_that_is_open_closes_with_its_session(desk: Desk) -> None:
    app = desk.open(desk.start("nora"))
    desk.disable("nora")
    app.button(key=f"approve-{desk.bookings['Ida']}").click().run()
    assert titles(app) == ["You are signed out"] and not app.button
    assert desk.booking("Ida").status is Status.PENDING


def test_a_browser_that_comes_back_as_somebody_else_finds_nothing_of_hers(desk: Desk) -> None:
    app = desk.open(desk.start("ada"))
    app.session_state["flash_new"] = (("success", "Ada’s own business."),)
    app.session_state["private"] = "Ada’s"
    omar = desk.start("omar")
    desk.show_to(omar)
    app.run()
    assert not app.success and "private" not in app.session_state
    assert app.session_state[IDENTITY] == desk.sessions()[-1].id
    assert athletes(app) == ["Mia"] and page_names(app) == [*PAGES_OF_A_COACH, *LAST_PAGES]


def test_a_person_keeps_her_session_awake(desk: Desk) -> None:
    token = desk.start("nora")
    desk.clock.shift(timedelta(hours=1))
    desk.open(token)
    session = desk.sessions()[-1]
    assert session.last_used_at - session.created_at == timedelta(hours=1)
