"""What a family types is shown in the console as it was typed: no link, no picture, no heading, no list."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visits import PATIENCE_MS, fill_in, sign_in
from tests.support.processes import RunningGym

pytestmark = [pytest.mark.browser, pytest.mark.processes]

TYPED = "1. <b>Ida</b> &lt;i&gt; [x](http://evil.example) http://evil.example www.evil.example ida@evil.example"


def test_a_name_that_looks_like_markup_is_a_name(gym: RunningGym, browser: Browser) -> None:
    with browser.new_context() as visitor, browser.new_context() as desk:
        page, console = visitor.new_page(), desk.new_page()
        page.goto(f"{gym.site_url}/coaches/nora/strength-45")
        page.get_by_role("link", name="Later").click()
        page.locator(".times a").nth(20).click()
        fill_in(page, athlete=TYPED[:80], parent="Eve Story", email="eve.of.the.story@example.org")
        page.get_by_role("button").click()
        page.wait_for_url("**/bookings/*")
        assert page.locator("main a[href*=evil]").count() == 0 and page.locator("main b").count() == 0

        sign_in(console, gym.console_url, "nora@spirit.example")
        card = console.locator("[data-testid=stVerticalBlock]").filter(has_text="asked by Eve Story").last
        card.get_by_role("button", name="Approve", exact=True).click()
        said = console.get_by_test_id("stAlert")
        expect(said).to_contain_text("<b>Ida</b> &lt;i&gt; [x](http", timeout=PATIENCE_MS)
        for markup in ("a", "b", "ol", "i", "img"):
            assert console.locator(f"[data-testid=stAlert] {markup}").count() == 0, markup
        assert console.locator("a[href*=evil]").count() == 0
