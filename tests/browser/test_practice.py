"""A coach's practice, with everything real: begun in the console, answered from the mail, told by mail, and nowhere else."""

import time
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visits import PATIENCE_MS, link_in, press, settle, sign_in
from tests.support.processes import RunningGym
from tests.support.smtp import MailServer

pytestmark = [pytest.mark.browser, pytest.mark.processes]
LENA = "lena@spirit.example"


def practised(mailbox: MailServer, count: int) -> list[EmailMessage]:
    """Every mail of Lena's practice that has arrived, to whomever, once there are so many."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while True:
        threads = {mail["References"] for mail in mailbox.messages(to=LENA) if mail["X-Spirit-Mail"] == "rehearsal"}
        found = [mail for mail in mailbox.messages() if mail["References"] in threads]
        if len(found) >= count or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def test_a_practice_request_goes_the_whole_way_to_the_coach_alone(
    gym: RunningGym, mailbox: MailServer, browser: Browser
) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        console = context.new_page()
        sign_in(console, gym.console_url, LENA)
        console.goto(f"{gym.console_url}/guide")
        settle(console)
        press(console.get_by_role("radio", name="Practise"))
        press(console.get_by_role("button", name="Send me a practice request"))
        expect(console.get_by_text("It is on its way to your mailbox.")).to_be_visible(timeout=PATIENCE_MS)

        (asked,) = practised(mailbox, 1)
        page = context.new_page()
        page.goto(link_in(asked, "decision=approve"))
        expect(page.get_by_text("Practice: nothing of this is real")).to_be_visible()
        page.get_by_role("button", name="Approve", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The lesson is on")

        console.bring_to_front()
        expect(console.get_by_text("You have approved it.")).to_be_visible(timeout=PATIENCE_MS)
    told = practised(mailbox, 2)
    assert [(mail["X-Spirit-Mail"], str(mail["To"])) for mail in told] == [
        ("rehearsal", LENA),
        ("rehearsal_answered", LENA),
    ]
