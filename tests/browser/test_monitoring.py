"""
The monitor in a real browser: a part of a chart leads to exactly its rows, and a mistake of the site is met, mended, and
met again.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from core.bookings.models import Booking, Status
from core.bootstrap import build
from core.platform.services import Services
from core.platform.settings import load_settings
from core.telemetry.store import Store, store_for
from core.telemetry.tables import request_log
from tests.browser.visits import PATIENCE_MS, press, settle, sign_in
from tests.console.filled_store import fill
from tests.support.processes import RunningGym, running_gym

pytestmark = [pytest.mark.browser, pytest.mark.processes]

GYM = ZoneInfo("America/Los_Angeles")
MISTAKE = "FailpointReached: before_change"


@pytest.fixture(scope="module")
def clumsy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGym]:
    """A gym whose site stumbles whenever a booking changes its state."""
    with running_gym(tmp_path_factory.mktemp("clumsy"), "console", demo=True) as gym:
        gym.start("site", SPIRIT_TEST_FAILPOINTS="before_change=raise")
        yield gym


@pytest.fixture(scope="module")
def services(clumsy: RunningGym) -> Iterator[Services]:
    found = build(load_settings(_env_file=None, data_dir=clumsy.folder / "var"))
    yield found
    found.database.dispose()


@pytest.fixture(scope="module")
def store(services: Services) -> Iterator[Store]:
    found = store_for(services.settings)
    yield found
    found.dispose()


@pytest.fixture
def desk(browser: Browser, clumsy: RunningGym) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        sign_in(page, clumsy.console_url, "ada@spirit.example")
        yield page


def test_a_part_of_a_chart_leads_to_exactly_its_rows(desk: Page, clumsy: RunningGym, store: Store) -> None:
    fill(store, now=datetime.now(UTC))
    desk.goto(f"{clumsy.console_url}/web-requests?range=1h&route=site+%2Fbookings&refresh=false")
    settle(desk)
    chart = desk.get_by_test_id("stVegaLiteChart").nth(1)
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] * 0.6
    desk.mouse.move(box["x"] + box["width"] * 0.4, middle)
    desk.mouse.down()
    desk.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=8)
    desk.mouse.up()
    heading = desk.get_by_role("heading", name=re.compile(r"\d\d:\d\d:\d\d to "))
    expect(heading).to_be_visible(timeout=PATIENCE_MS)
    settle(desk)
    start_us, end_us = (_instant_us(text) for text in heading.inner_text().split(" to "))
    told = int(re.findall(r"(\d+) rows", desk.get_by_text(re.compile(r"^\d+ rows")).inner_text())[0])
    assert _count(store, start_us + 1_000_000, end_us) <= told <= _count(store, start_us, end_us + 1_000_000)
    assert told > 5, "a third of an hour has some"


def test_a_mistake_of_the_site_is_met_mended_and_met_again(
    desk: Page, clumsy: RunningGym, services: Services, browser: Browser
) -> None:
    stumble(browser, clumsy, services)
    clumsy.wait_until(lambda: _errors(services) == ["open"], "the mistake is kept", "site")
    desk.goto(f"{clumsy.console_url}/errors?range=1h")
    settle(desk)
    expect(desk.get_by_text(MISTAKE)).to_be_visible(timeout=PATIENCE_MS)
    press(desk.get_by_role("button", name="Open", exact=True).last)  # the first ones open lists of choices
    press(desk.get_by_role("button", name="Resolve"))
    expect(desk.get_by_role("button", name="Open again")).to_be_visible(timeout=PATIENCE_MS)
    assert _errors(services) == ["resolved"]
    stumble(browser, clumsy, services)
    clumsy.wait_until(lambda: _errors(services) == ["regressed"], "it is back", "site")
    desk.goto(f"{clumsy.console_url}/errors?range=1h")
    settle(desk)
    expect(desk.get_by_text("back again")).to_be_visible(timeout=PATIENCE_MS)


def stumble(browser: Browser, gym: RunningGym, services: Services) -> None:
    """A family cancels, and the site fails."""
    with services.database.read() as session:
        waiting = select(Booking.handle).where(Booking.status == Status.PENDING)
        handle = session.scalars(waiting.order_by(Booking.expires_at.desc())).first()
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{gym.site_url}/bookings/{handle}")
        page.locator("summary").last.click()
        with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            page.get_by_role("button", name="Yes, cancel the request").click()
        assert answered.value.status == 500


def _errors(services: Services) -> list[str]:
    """The states of the groups that tell of it."""
    store = store_for(services.settings)
    with store.read() as connection:
        states = connection.exec_driver_sql(
            "SELECT state FROM error_group WHERE title LIKE '%before_change%'"  # the site alone makes it
        ).scalars()
        found = list(states)
    store.dispose()
    return found


def _instant_us(text: str) -> int:
    wall = datetime.strptime(f"{datetime.now(GYM).year} {text.strip()}", "%Y %b %d, %H:%M:%S").replace(tzinfo=GYM)
    return round(wall.timestamp() * 1_000_000)


def _count(store: Store, start_us: int, end_us: int) -> int:
    with store.read() as connection:
        rows = connection.execute(
            select(request_log.c.id).where(
                request_log.c.route == "/bookings", request_log.c.at_us >= start_us, request_log.c.at_us < end_us
            )
        ).all()
    return len(rows)
