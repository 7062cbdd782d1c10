"""A real browser tells the site how long a page took and what failed in our script; nobody needs the script."""

import re

import pytest
from playwright.sync_api import Browser, Route

from core.telemetry.store import Store
from public_site import templating
from tests.support.processes import RunningGym, running_gym
from tests.telemetry.conftest import Kept

pytestmark = [pytest.mark.browser, pytest.mark.processes]

BROKEN = "\nsetTimeout(function broken() { null.x; });"


def test_vitals_and_errors_of_a_real_page_arrive(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> None:
    folder = tmp_path_factory.mktemp("watched")
    with running_gym(folder, "site", demo=True) as gym:
        visit_two_pages(gym, browser)
        gym["site"].stop()
    store = Store(f"sqlite:///{folder / 'var' / 'telemetry.db'}")
    kept = Kept(store)
    vitals = {(row.route, row.name): row.value for row in kept.rows("event_log") if row.kind == "vital"}
    assert {name for route, name in vitals if route == "/coaches/{coach}"} >= {"FCP", "LCP", "CLS", "TTFB"}
    assert all(0 <= value < 60_000 for value in vitals.values())
    (group,) = [group for group in kept.groups() if group.culprit.startswith("browser:")]
    assert group.title.startswith("TypeError:") and group.culprit == "browser:reports.js:", (
        "a function that is not in our script has no name"
    )
    store.dispose()


def visit_two_pages(gym: RunningGym, browser: Browser) -> None:
    script = (templating.HERE / "static" / "reports.js").read_text() + BROKEN

    def broken(route: Route) -> None:
        route.fulfill(body=script, content_type="text/javascript")

    with browser.new_context() as visitor:
        page = visitor.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
        page.goto(f"{gym.site_url}/coaches/nora", wait_until="networkidle")
        page.goto(f"{gym.site_url}/coaches", wait_until="networkidle")  # leaving a page sends what it has seen
        page.route(re.compile(r"/static/reports\."), broken)
        page.goto(f"{gym.site_url}/coaches/omar", wait_until="networkidle")
        page.wait_for_timeout(500)
        assert refused == []
