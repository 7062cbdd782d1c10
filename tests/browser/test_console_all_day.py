"""The console as it is used all day: by keyboard, across reconnects and restarts, and beside what parents see."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.visits import PATIENCE_MS, ask_for_a_lesson, press, settle, sign_in
from tests.support.processes import RunningGym

pytestmark = [pytest.mark.browser, pytest.mark.processes]

KEEP_SOCKETS = """
window.sockets = [];
const Real = window.WebSocket;
window.WebSocket = class extends Real { constructor(...given) { super(...given); window.sockets.push(this); } };
"""
MAX_TABS = 80


@pytest.fixture
def waiting(gym: RunningGym, phone: Page, request: pytest.FixtureRequest) -> str:
    """An athlete for whom somebody has just asked Nora."""
    athlete = f"Kay {abs(hash(request.node.name)) % 10_000}"
    ask_for_a_lesson(
        phone,
        gym.site_url,
        coach="nora",
        lesson="First lesson",
        athlete=athlete,
        parent="Kim Allday",
        email=f"{athlete.replace(' ', '.').lower()}@example.org",
        number=sum(map(ord, athlete)) % 5,
    )
    return athlete


def test_the_keyboard_alone_approves(gym: RunningGym, browser: Browser, waiting: str) -> None:
    with browser.new_context() as desk:
        console = desk.new_page()
        sign_in(console, gym.console_url, "nora@spirit.example")
        console.locator("body").focus()
        press_tab_until(console, lambda: waiting in focused(console))
        console.keyboard.press("Enter")
        expect(console.get_by_text(f"{waiting}’s lesson is approved. A mail to the family was written.")).to_be_visible(
            timeout=PATIENCE_MS
        )


def test_what_is_being_typed_stays_when_a_request_above_is_answered_elsewhere(
    gym: RunningGym, browser: Browser, waiting: str
) -> None:
    with browser.new_context() as desk:
        console, other = desk.new_page(), desk.new_page()
        sign_in(console, gym.console_url, "nora@spirit.example")
        cards = console.get_by_role("button", name="Deny …")  # one a card
        before = cards.count()
        press(cards.last)
        reason = console.get_by_label("Why not? The family will read this.")
        reason.press_sequentially("Half a sen")
        other.goto(gym.console_url)
        press(other.get_by_role("button", name="Approve", exact=True).first)  # one of the demo's
        expect(other.get_by_text("is approved. A mail to the family was written.")).to_be_visible(timeout=PATIENCE_MS)
        expect(cards).to_have_count(before - 1, timeout=PATIENCE_MS)
        settle(console)
        console.keyboard.type("tence.")
        assert reason.input_value() == "Half a sentence."
        press(console.get_by_role("button", name="Deny the request"))
        expect(console.get_by_text(f"{waiting}’s lesson is denied. A mail to the family was written.")).to_be_visible(
            timeout=PATIENCE_MS
        )


def test_a_tab_that_comes_back_as_somebody_else_shows_nothing_of_before(gym: RunningGym, browser: Browser) -> None:
    with browser.new_context() as desk:
        console = desk.new_page()
        console.add_init_script(KEEP_SOCKETS)
        sign_in(console, gym.console_url, "nora@spirit.example")
        press(console.get_by_role("link", name="Bookings"))
        press(console.get_by_role("button", name="Open").first)
        expect(console.get_by_role("heading", name="What happened")).to_be_visible(timeout=PATIENCE_MS)
        settle(console)
        become(desk, gym, "omar")
        console.evaluate("window.sockets.forEach(socket => socket.close())")
        expect(console.get_by_text("Omar Haddad")).to_be_visible(timeout=PATIENCE_MS)
        settle(console)
        assert "Nora Lindqvist" not in console.content()
        expect(console.get_by_role("heading", name="What happened")).to_have_count(0)


def test_hours_that_are_kept_here_are_what_a_parent_sees_at_once(
    gym: RunningGym, browser: Browser, phone: Page
) -> None:
    address = f"{gym.site_url}/coaches/omar/first-lesson-30"
    phone.goto(address)
    phone.get_by_role("link", name="Later").click()
    week = phone.url
    before = phone.locator(".times a").count()
    assert before > 0
    with browser.new_context() as desk:
        console = desk.new_page()
        sign_in(console, gym.console_url, "omar@spirit.example")
        press(console.get_by_role("link", name="Times"))
        expect(console.get_by_label("Monday")).to_be_visible(timeout=PATIENCE_MS)
        hours = {day: console.get_by_label(day, exact=True).input_value() for day in ("Tuesday", "Thursday")}
        for day in hours:
            console.get_by_label(day, exact=True).fill("")
            console.keyboard.press("Tab")
            settle(console)
        press(console.get_by_role("button", name="Keep this week"))
        expect(console.get_by_text("Your week is kept.")).to_be_visible(timeout=PATIENCE_MS)
    phone.goto(week)
    assert phone.locator(".times a").count() < before


def test_the_console_is_restarted_in_mid_click_and_an_open_tab_works_on(
    gym: RunningGym, browser: Browser, waiting: str
) -> None:
    with browser.new_context() as desk:
        console = desk.new_page()
        sign_in(console, gym.console_url, "nora@spirit.example")
        gym["console"].send(signal.SIGSTOP)  # the click is sent, and never read
        console.get_by_role("button", name="Approve", exact=True).last.click(no_wait_after=True)
        gym["console"].kill()
        gym.start("console")
        settle(console)
        card = console.get_by_text(f"for {waiting}, asked by")
        expect(card).to_be_visible(timeout=PATIENCE_MS)
        press(console.get_by_role("button", name="Approve", exact=True).last)
        expect(console.get_by_text(f"{waiting}’s lesson is approved. A mail to the family was written.")).to_be_visible(
            timeout=PATIENCE_MS
        )


HEARD = "[...document.querySelectorAll('audio')].some(audio => audio.currentTime > 0 && !audio.error)"


def test_a_sound_that_is_turned_on_is_heard_at_once(gym: RunningGym, browser: Browser) -> None:
    with browser.new_context() as desk:
        console = desk.new_page()
        sign_in(console, gym.console_url, "lena@spirit.example")
        press(console.get_by_role("link", name="Preferences"))
        press(console.get_by_role("button", name="Turn sound on"))
        expect(console.get_by_text("That was it.")).to_be_visible(timeout=PATIENCE_MS)
        for _ in range(PATIENCE_MS // 100):  # the page's policy forbids Playwright's own way to wait for a function
            if console.evaluate(HEARD):
                break
            console.wait_for_timeout(100)
        assert console.evaluate(HEARD)


def test_a_list_is_downloaded_as_a_table(gym: RunningGym, browser: Browser) -> None:
    with browser.new_context() as desk:
        console = desk.new_page()
        sign_in(console, gym.console_url, "ada@spirit.example")
        for path, first in (("bookings", "Starts"), ("log", "When")):
            console.goto(f"{gym.console_url}/{path}")
            with console.expect_download(timeout=PATIENCE_MS) as download:
                press(console.get_by_role("button", name="Download as a table (CSV)"))
            text = Path(download.value.path()).read_text(encoding="utf-8-sig")
            assert text.startswith(f'"{first}",') and len(text.splitlines()) > 3, path


def test_a_page_that_is_an_admin_s_is_not_opened_by_its_address(gym: RunningGym, browser: Browser) -> None:
    with browser.new_context() as desk:
        console = desk.new_page()
        sign_in(console, gym.console_url, "omar@spirit.example")
        for path, title in (("log", "Log"), ("outbox", "Outbox"), ("gym", "Gym"), ("people", "People")):
            console.goto(f"{gym.console_url}/{path}")
            settle(console)
            expect(console.get_by_role("heading", name="Requests", exact=True)).to_be_visible(timeout=PATIENCE_MS)
            expect(console.get_by_role("heading", name=title, exact=True)).to_have_count(0)


def become(context: BrowserContext, gym: RunningGym, who: str) -> None:
    """The browser's cookie is somebody else's from now on: she has signed in on another tab."""
    context.clear_cookies()
    sign_in(context.new_page(), gym.console_url, f"{who}@spirit.example")


def press_tab_until(page: Page, there: Callable[[], bool]) -> None:
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if there():
            return
    raise AssertionError(f"not reached with {MAX_TABS} presses of Tab")


def focused(page: Page) -> str:
    """What a reader of the screen would say of the button in focus: its label and its card."""
    said = page.evaluate(
        """() => {
            const button = document.activeElement;
            if (button.tagName !== 'BUTTON' || button.innerText.trim() !== 'Approve') return '';
            return button.closest('[data-testid=stVerticalBlock]').parentElement.closest('[data-testid=stVerticalBlock]').innerText;
        }"""
    )
    return str(said)
