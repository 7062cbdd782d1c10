"""A rule of one's own in a real browser: typed in one go, kept by one press, tried on the past, and gone again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visits import PATIENCE_MS, press, settle, sign_in
from tests.support.processes import RunningGym

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def laptop(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


def test_what_was_typed_last_is_kept_by_the_press_that_follows(gym: RunningGym, laptop: Page) -> None:
    """The field still has the focus when the button is pressed, and the page is drawn anew in between."""
    page = laptop
    sign_in(page, gym.console_url, "ada@spirit.example")
    page.goto(f"{gym.console_url}/alerts?rule=new")
    settle(page)
    page.get_by_label("Name", exact=True).fill("Mine")
    page.get_by_label("Is over below (%)").fill("3")
    page.get_by_label("Begins at (%)").fill("7")
    page.get_by_role("button", name="Keep", exact=True).click()
    kept = page.get_by_text("Mine is kept. It is measured with the next minute.")
    expect(kept).to_be_visible(timeout=PATIENCE_MS)
    press(page.get_by_text("Mine: "))
    expect(
        page.get_by_text("Fires when the error rate of all requests of families in the last 5 minutes is 7 % or more")
    ).to_be_visible()
    press(page.get_by_role("button", name="Mute", exact=True).last)
    expect(page.get_by_text("7 % or more, muted")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Unmute"), "it stays open whatever its line says").to_be_visible()
    press(page.get_by_role("button", name="Change", exact=True).last)
    expect(page.get_by_text("What it will do")).to_be_visible(timeout=PATIENCE_MS)
    assert "rule=own-" in page.url, "the address can be sent"
    press(page.get_by_role("button", name="Try it on the last day"))
    expect(page.get_by_text("looked at every 5 minutes")).to_be_visible(timeout=PATIENCE_MS)
    press(page.get_by_role("button", name="Delete …"))
    press(page.get_by_role("button", name="Yes: delete"))
    expect(page.get_by_text("Mine is deleted.")).to_be_visible(timeout=PATIENCE_MS)
