"""The monitor's pages, with nothing recorded and with a filled store, for whoever may and may not see them."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from console.monitoring import criticals
from console.monitoring.navigation import FOLDER, PAGES
from console.web import server
from console.widgets.markdown import inert
from core.gym.saved_views import views_of
from core.platform.duty_rows import DutyClock
from core.telemetry import error_queries
from core.telemetry.store import store_for
from tests.console.app_reader import navigation
from tests.console.conftest import OPENS, Desk
from tests.console.filled_store import fill
from tests.console.recorded_errors import record_error
from tests.console.test_admin_pages import press
from tests.support.actors import as_staff
from tests.support.databases import both_databases

EVERY_PAGE = list(PAGES)


@pytest.fixture
def filled(desk: Desk) -> Desk:
    store = store_for(desk.services.settings)
    fill(store, now=OPENS)
    record_error(store, times=4, people=("a", "b"))
    store.dispose()
    return desk


def open_page(desk: Desk, page: str, who: str = "ada", **address: str) -> AppTest:
    """By its address, with what it carries."""
    desk.show_to(desk.start(who))
    app = AppTest.from_file(str(server.ENTRY), default_timeout=7200)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    app.switch_page(f"app_pages/monitoring/{page}.py")
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    return "\n".join(
        element.value
        for kind in (app.markdown, app.caption, app.header, app.info, app.warning, app.text)
        for element in kind
    )


def charts(app: AppTest) -> int:
    return len(app.get("vega_lite_chart")) + len(app.get("arrow_vega_lite_chart"))


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_each_monitoring_page_opens_with_nothing_recorded(desk: Desk, page: str) -> None:
    app = open_page(desk, page)
    assert not app.exception and [title.value for title in app.title] == [PAGES[page]]
    assert not app.warning, said(app)


@both_databases
@pytest.mark.parametrize("page", EVERY_PAGE)
def test_each_monitoring_page_draws_a_filled_store(filled: Desk, page: str) -> None:
    app = open_page(filled, page, range="6h")
    assert not app.exception and not app.warning, said(app)
    assert charts(app) > 0, said(app)


@pytest.mark.parametrize("page", EVERY_PAGE)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_coach_does_not_open_a_monitoring_page_by_address(desk: Desk, page: str) -> None:
    desk.show_to(desk.start("nora"))
    app = AppTest.from_file(str(FOLDER / f"{page}.py"), default_timeout=7200).run()
    assert "admins" in app.exception[0].message and not app.title, "the page stops before it shows anything"


@pytest.mark.parametrize("page", EVERY_PAGE)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_monitoring_page_without_a_session_asks_to_sign_in(desk: Desk, page: str) -> None:
    desk.show_to(None)
    app = AppTest.from_file(str(FOLDER / f"{page}.py"), default_timeout=7200).run()
    assert [title.value for title in app.title] == ["You are signed out"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_monitor_comes_after_everything_else_and_for_admins_alone(desk: Desk) -> None:
    assert navigation(desk.open(desk.start("ada")))[-len(PAGES) :] == list(PAGES.values())
    assert not set(PAGES.values()) & set(navigation(desk.open(desk.start("nora"))))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_overview_names_periodic_work_that_nobody_does(filled: Desk) -> None:
    with filled.services.database.write() as transaction:
        transaction.session.execute(update(DutyClock).values(since=transaction.now - timedelta(hours=20)))
    app = open_page(filled, "overview", range="6h")
    late = [line.value for line in app.markdown if "Periodic work" in line.value]
    assert any("orphans was not done for 20 hours" in line for line in late)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_overview_says_what_needs_a_look(filled: Desk) -> None:
    app = open_page(filled, "overview", range="6h")
    assert f":orange-badge[look] **Monitor** {inert('Could not keep within a day: 7 (too many at once).')}" in said(app)
    assert ":green-badge[well] **Disk** 42% full." in said(app)
    assert app.header[0].value == "Well, but have a look"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_silent_worker_is_said_in_words(filled: Desk) -> None:
    filled.clock.move_to(OPENS + timedelta(minutes=5))
    app = open_page(filled, "overview", range="6h")
    assert ":red-badge[bad] **Worker** Silent for 6 minutes." in said(
        app
    ) or ":red-badge[bad] **Worker** Silent for 5 minutes." in said(app)
    assert app.header[0].value == "Something needs you now"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_address_carries_range_route_and_request(filled: Desk) -> None:
    app = open_page(
        filled,
        "web_requests",
        range="6h",
        route="site /bookings",
        request="request-7",
        at=str(int(OPENS.timestamp() * 1e6)),
    )
    assert not app.exception
    assert "**100** requests" in said(app)
    assert "statement: SELECT hold.id FROM hold WHERE hold.coach_id = ?" in said(app), "the request's statements"
    assert "event: mail SENT" in said(app), "and its mails"
    app = open_page(filled, "web_requests", range="6h", request="request-2", at=str(int(OPENS.timestamp() * 1e6)))
    assert [link.proto.label for link in app.get("page_link")] == [inert("What went wrong: the floor is wet")]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_error_is_opened_resolved_ignored_and_opened_again(filled: Desk) -> None:
    app = open_page(filled, "errors", range="6h")
    assert "TheFloorIsWet: the floor is wet" in said(app)
    app = open_page(filled, "errors", range="6h", group="1")
    assert not app.exception and not app.warning, said(app)
    assert "4 times, 2 people met it" in said(app)
    story = "\n".join(code.value for code in app.code)
    assert ">" in story and "page = read(after)" in story, "source lines"
    values = {row["name"]: row["value"] for table in app.dataframe for row in table.value.to_dict("records")}
    assert values["at_most"] == "7" and values["read"] == "not kept", "locals"
    press(app, "Resolve")
    store = store_for(filled.services.settings)
    group = error_queries.get_group(store, 1)
    assert group.state == "resolved" and group.resolved_by == filled.account("ada").id
    press(app, "Open again")
    press(app, "Ignore until then")
    assert error_queries.get_group(store, 1).state == "ignored"
    assert "Ignored until" in said(app.run())
    store.dispose()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_group_that_is_not_there_is_said_and_breaks_nothing(filled: Desk) -> None:
    for group in ("999", "many", "-1"):
        assert not open_page(filled, "errors", group=group).exception


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_address_opens_the_explorer_as_it_was_and_nonsense_is_left_out(filled: Desk) -> None:
    address = {
        "range": "6h",
        "measure": "Requests",
        "split": "route",
        "only": "service",
        "value": "site",
        "chart": "table",
    }
    app = open_page(filled, "explorer", **address)
    assert not app.exception and "**Requests, by route, only site**" in said(app)
    parts = {part for table in app.dataframe for part in table.value["part"]}
    assert parts == {"/coaches/{coach}/{lesson}", "/bookings"}
    nonsense = dict.fromkeys(("range", "measure", "split", "only", "value", "chart", "from", "to"), "' OR 1=1 --")
    assert not open_page(filled, "explorer", **nonsense).exception


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_view_is_kept_shared_opened_and_removed(filled: Desk) -> None:
    app = open_page(filled, "explorer", range="6h", measure="Failed requests", split="route")
    next(box for box in app.text_input if box.label == "Name").set_value("What fails")
    app.checkbox[0].check()
    press(app, "Keep")
    with filled.services.database.read() as session:
        (view,) = views_of(session, filled.account("ada").id, "explorer")
    assert (view.name, view.shared) == ("What fails", True)
    assert view.address == "range=6h&measure=Failed+requests&split=route&chart=lines"
    app = open_page(filled, "explorer")
    assert [link.proto.label for link in app.get("page_link")] == ["What fails"]
    press(app, "Remove")
    with filled.services.database.read() as session:
        assert not views_of(session, filled.account("ada").id, "explorer")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_error_is_opened_from_the_list_and_closed_again(filled: Desk) -> None:
    app = open_page(filled, "errors", range="6h")
    press(app, "Open")
    assert app.query_params["group"] in ("1", ["1"]) and "4 times, 2 people met it" in said(app)
    press(app, "All errors")
    assert "group" not in app.query_params and "All errors of this range" in said(app)


@pytest.mark.parametrize("page", EVERY_PAGE)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_critical_error_stands_above_every_open_page(desk: Desk, page: str) -> None:
    store = store_for(desk.services.settings)
    app = open_page(desk, page)
    assert not app.error
    record_error(store, level="CRITICAL")
    app.run()
    (told,) = app.error
    assert "the floor is wet" in told.value and told.value.startswith("Critical")
    (group,) = error_queries.list_groups(store, start=OPENS - timedelta(hours=1), end=OPENS + timedelta(hours=1))
    error_queries.resolve(store, group.id, by=as_staff(1), now=OPENS)
    assert not app.run().error
    assert criticals.LOOK_EVERY_S <= 1.0, "the recorder writes it at once: within two seconds it is on the page"
    store.dispose()
