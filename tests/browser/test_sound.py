"""Each request is heard once, on the page where a coach waits for it."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visits import PATIENCE_MS, ask_for_a_lesson, press, settle, sign_in
from tests.support.processes import RunningGym

pytestmark = [pytest.mark.browser, pytest.mark.processes]
COUNTS = "document.addEventListener('playing', () => { window.heard = (window.heard || 0) + 1 }, true)"
REQUESTS = 4


def test_every_request_is_heard_once_on_the_page_requests(gym: RunningGym, browser: Browser, phone: Page) -> None:
    with browser.new_context() as desk:
        console = desk.new_page()
        console.add_init_script(COUNTS)
        refused: list[str] = []
        console.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
        sign_in(console, gym.console_url, "nora@spirit.example")
        press(console.get_by_role("link", name="Preferences"))
        expect(console.get_by_role("heading", name="Sound", exact=True)).to_be_visible(timeout=PATIENCE_MS)
        settle(console)  # else the button that turns it on is not there yet, and the sound stays off
        if console.get_by_role("button", name="Turn sound on").count():
            press(console.get_by_role("button", name="Turn sound on"))
            expect(console.get_by_text("That was it.")).to_be_visible(timeout=PATIENCE_MS)
        press(console.get_by_role("link", name="Requests"))
        console.wait_for_timeout(5_000)  # until what was heard on the other page is over
        console.evaluate("window.heard = 0")
        for number in range(REQUESTS):
            athlete = f"Heard {number}"
            ask_for_a_lesson(
                phone, gym.site_url, coach="nora", lesson="First lesson", athlete=athlete,
                parent="Sam Rivera", email=f"heard{number}@example.org", number=number,
            )  # fmt: skip
            expect(console.get_by_text(f"for {athlete}")).to_be_visible(timeout=PATIENCE_MS)
            wait_until_heard(console, number + 1)
            console.wait_for_timeout(1_500)  # it lasts a third of a second, and a second time would be heard by now
            assert console.evaluate("window.heard") == number + 1
        assert refused == []


def wait_until_heard(console: Page, times: int) -> None:
    """The sound is fetched and decoded after the row is drawn, which takes a busy machine some seconds."""
    for _ in range(PATIENCE_MS // 250):
        if console.evaluate("window.heard") >= times:
            return
        console.wait_for_timeout(250)
