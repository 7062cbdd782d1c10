"""One form in two real browsers: what is typed stays in its fields, and saving it replaces nothing silently."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visits import PATIENCE_MS, settle, sign_in
from tests.support.processes import RunningGym

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_what_an_admin_types_stays_while_another_saves_the_same_form(gym: RunningGym, browser: Browser) -> None:
    with browser.new_context() as hers, browser.new_context() as another:
        first, second = (_open(gym, one.new_page()) for one in (hers, another))
        first.get_by_label("Address", exact=True).fill("Main Street 1")
        first.get_by_label("Phone", exact=True).fill("555 0199")
        second.get_by_label("Phone", exact=True).fill("555 0100")
        _keep(second)
        expect(second.get_by_text("The gym’s page is kept")).to_be_visible(timeout=PATIENCE_MS)
        _keep(first)
        expect(first.get_by_text("nothing was saved yet").first).to_be_visible(timeout=PATIENCE_MS)
        expect(first.get_by_label("Address", exact=True)).to_have_value("Main Street 1")
        expect(first.get_by_label("Phone", exact=True)).to_have_value("555 0199")
        _keep(first)
        expect(first.get_by_text("The gym’s page is kept")).to_be_visible(timeout=PATIENCE_MS)
        settle(second)
        second.reload()
        settle(second)
        expect(second.get_by_label("Phone", exact=True)).to_have_value("555 0199", timeout=PATIENCE_MS)


def _open(gym: RunningGym, page: Page) -> Page:
    sign_in(page, gym.console_url, "ada@spirit.example")
    page.goto(f"{gym.console_url}/gym")
    settle(page)
    return page


def _keep(page: Page) -> None:
    page.get_by_role("button", name="Keep", exact=True).first.click()
