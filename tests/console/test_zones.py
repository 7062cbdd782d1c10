"""Each person's own day, wherever the gym is; and zones, set where somebody looks for them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from core.bookings.models import Booking
from core.schedule.models import Coach
from tests.console.app_reader import choose, headers, press, texts
from tests.console.conftest import Desk

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
BERLIN = "Europe/Berlin"
SATURDAY_2_AM = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)  # in Berlin; at the gym it is Friday, 5 pm


@pytest.fixture
def in_berlin(desk: Desk) -> Desk:
    """Nora teaches from Berlin: Ida on Saturday at two in the morning."""
    from core.bookings.decisions import Decision

    desk.answer("Ida", Decision.APPROVE)
    with desk.services.database.write() as transaction:
        ida = transaction.session.get_one(Booking, desk.bookings["Ida"])
        transaction.session.execute(update(Coach).where(Coach.id == ida.coach_id).values(timezone=BERLIN))
        ida.starts_at, ida.ends_at = SATURDAY_2_AM, SATURDAY_2_AM + timedelta(minutes=30)
    desk.clock.move_to(SATURDAY_2_AM - timedelta(hours=1))
    return desk


@pytest.mark.parametrize(("who", "day"), [("nora", "Saturday, November 28"), ("ada", "Saturday, November 28")])
def test_a_lesson_stands_under_its_coachs_day(in_berlin: Desk, who: str, day: str) -> None:
    app = in_berlin.open(in_berlin.start(who), "today")
    assert any(text.startswith("2:00 am to 2:30 am") for text in texts(app))
    own_today = headers(app)[0]
    assert own_today.startswith("Saturday, November 28" if who == "nora" else "Friday, November 27"), headers(app)
    assert any(header.startswith(day) for header in headers(app))
    in_berlin.show_to(in_berlin.start(who))
    app = app.switch_page("app_pages/bookings.py").run()
    app.segmented_control[0].set_value("Week").run()
    days = [text.value for text in app.markdown]
    assert any(day in text for text in days)


def test_a_coach_sets_her_zone_on_times(desk: Desk) -> None:
    app = desk.open(desk.start("nora"), "times")
    choose(app, "These hours are meant in", BERLIN)
    press(app, "Keep this time zone")
    with desk.services.database.read() as session:
        assert session.get_one(Coach, desk.booking("Ida").coach_id).timezone == BERLIN
    assert [said.value for said in app.success]


def test_an_admin_sets_all_coaches_to_the_gyms_zone(in_berlin: Desk) -> None:
    app = in_berlin.open(in_berlin.start("ada"), "gym")
    assert any("Nora Lindqvist is in Europe/Berlin" in text for text in texts(app))
    (button,) = [one for one in app.button if one.label.startswith("Set all coaches")]
    button.click().run()
    with in_berlin.services.database.read() as session:
        assert session.get_one(Coach, in_berlin.booking("Ida").coach_id).timezone == "America/Los_Angeles"
