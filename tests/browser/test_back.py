"""Back after booking, in a real browser: it says what was booked, with and without the back/forward cache."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visits import ask_for_a_lesson
from tests.support.processes import RunningGym

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_back_after_booking_says_what_was_asked_for(gym: RunningGym, phone: Page) -> None:
    ask_for_a_lesson(
        phone,
        gym.site_url,
        coach="nora",
        lesson="Private tumbling",
        athlete="Bo Back",
        parent="Sam Back",
        email="sam.of.back@example.org",
        number=3,
    )
    place = phone.url
    phone.go_back()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You have asked for this")
    phone.get_by_role("link", name="See your request").click()
    expect(phone).to_have_url(place)
