"""The banner about a silent process comes, and goes, on a page that refreshes itself and that nobody touches."""

import pytest
from playwright.sync_api import Browser, expect

from core.bootstrap import build
from core.gym.models import the_gym
from core.platform import clock
from core.platform.settings import load_settings
from tests.browser.visits import sign_in
from tests.support.processes import running_gym

pytestmark = [pytest.mark.browser, pytest.mark.processes]

COMES_WITHIN_MS, GOES_WITHIN_MS = 120_000, 60_000  # a minute to start in, and a look every fifteen seconds


def test_the_banner_comes_and_goes_on_an_open_live_page(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> None:
    with running_gym(tmp_path_factory.mktemp("deserted"), "console", demo=True) as gym:
        services = build(load_settings(_env_file=None, data_dir=gym.folder / "var"))
        page = browser.new_page()
        sign_in(page, gym.console_url, "ada@spirit.example")
        page.goto(f"{gym.console_url}/overview")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible(timeout=COMES_WITHIN_MS)
        expect(page.locator(".silent")).to_contain_text("The worker", timeout=COMES_WITHIN_MS)
        with services.database.write() as transaction:
            the_gym(transaction.session).last_swept_at = clock.now()
        expect(page.locator(".silent", has_text="The worker")).to_have_count(0, timeout=GOES_WITHIN_MS)
        page.close()
        services.database.dispose()
