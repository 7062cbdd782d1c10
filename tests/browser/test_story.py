"""
The whole story, once, with everything real: a browser of a phone's size, three processes, a mail server.

A parent books; the coach opens the mail's link, twenty times without effect, and approves; the family's page and mail
say so; the console shows it.
"""

import urllib.request
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visits import PATIENCE_MS, ask_for_a_lesson, fill_in, link_in, press, settle, sign_in
from tests.support.processes import RunningGym
from tests.support.smtp import MailServer

pytestmark = [pytest.mark.browser, pytest.mark.processes]

SAM = "sam.of.the.story@example.org"


def test_a_parent_books_the_coach_approves_from_the_mail_and_everyone_hears_it(
    gym: RunningGym, mailbox: MailServer, phone: Page, browser: Browser
) -> None:
    phone.goto(gym.site_url)
    phone.get_by_role("link", name="Find a coach").click()
    phone.get_by_role("link", name="Nora Lindqvist").click()
    ask_for_a_lesson(
        phone, gym.site_url, coach="nora", lesson="Private tumbling", athlete="Ida Story", parent="Sam Story", email=SAM
    )
    expect(phone.get_by_role("heading", level=1)).to_have_text("We asked Nora Lindqvist")
    assert not phone.context.cookies(), "the public site sets no cookie"

    with browser.new_context() as desk:
        console = desk.new_page()
        sign_in(console, gym.console_url, "nora@spirit.example")
        expect(console.get_by_text("asked by Sam Story")).to_be_visible(timeout=PATIENCE_MS)

        received = mailbox.wait_for(1, to=SAM)[0]
        assert received["X-Spirit-Mail"] == "request_received"
        request = mail_about_ida(mailbox)
        approve = link_in(request, "decision=approve")
        for _ in range(20):
            open_without_pressing(approve)
        phone.reload()
        expect(phone.get_by_text("Waiting for an answer")).to_be_visible()

        coach = desk.new_page()
        coach.goto(approve)
        expect(coach.get_by_role("heading", level=1)).to_have_text("A lesson request from Sam Story")
        coach.get_by_role("button", name="Approve", exact=True).click()
        expect(coach.get_by_role("heading", level=1)).to_have_text("The lesson is on")

        confirmed = mailbox.wait_for(2, to=SAM)[1]
        assert confirmed["X-Spirit-Mail"] == "confirmed"
        assert any(part.get_content_type() == "text/calendar" for part in confirmed.walk())
        phone.goto(link_in(confirmed, "/bookings/"))
        expect(phone.get_by_role("heading", level=1)).to_have_text("The lesson is booked")

        console.bring_to_front()
        lately = console.get_by_text("Private tumbling for Ida Story; by Nora Lindqvist")
        expect(lately).to_be_visible(timeout=PATIENCE_MS)
        expect(console.get_by_text("asked by Sam Story")).to_have_count(0, timeout=PATIENCE_MS)


def test_a_coach_denies_in_the_console_and_the_family_reads_the_reason(
    gym: RunningGym, mailbox: MailServer, phone: Page, browser: Browser
) -> None:
    email = "priya.of.the.story@example.org"
    ask_for_a_lesson(
        phone,
        gym.site_url,
        coach="nora",
        lesson="First lesson",
        athlete="Theo Story",
        parent="Priya Story",
        email=email,
        number=3,
    )
    with browser.new_context() as desk:
        console = desk.new_page()
        sign_in(console, gym.console_url, "nora@spirit.example")
        card = console.locator("[data-testid=stVerticalBlock]").filter(has_text="asked by Priya Story").last
        card.get_by_role("button", name="Deny …").click()
        console.get_by_label("Why not? The family will read this.").fill("At a meet. Wednesday would be lovely.")
        press(console.get_by_role("button", name="Deny the request"))
        expect(console.get_by_text("lesson is denied. A mail to the family was written.")).to_be_visible(
            timeout=PATIENCE_MS
        )
    denied = mailbox.wait_for(2, to=email)[1]
    body = denied.get_body(("plain",))
    assert body is not None and "Wednesday would be lovely." in body.get_content()
    phone.reload()
    expect(phone.get_by_text("Wednesday would be lovely.")).to_be_visible()


def test_the_badge_goes_up_when_a_parent_books_and_down_when_another_tab_decides(
    gym: RunningGym, phone: Page, browser: Browser
) -> None:
    with browser.new_context() as desk:
        console = desk.new_page()
        sign_in(console, gym.console_url, "max@spirit.example")
        expect(console).to_have_title("Requests · Spirit Athletics")
        phone.goto(f"{gym.site_url}/coaches/max/first-lesson-30")
        phone.locator(".notice a").click()
        phone.locator(".times a").first.click()
        fill_in(phone, athlete="Leo", parent="Carla Story", email="carla.of.the.story@example.org")
        phone.get_by_role("button").click()
        phone.wait_for_url("**/bookings/*")
        expect(console).to_have_title("(1) Requests · Spirit Athletics", timeout=PATIENCE_MS)
        expect(console.get_by_role("link", name="Requests (1)")).to_be_visible(timeout=PATIENCE_MS)

        other = desk.new_page()
        other.goto(gym.console_url)
        other.get_by_role("button", name="Approve", exact=True).click()
        expect(other.get_by_text("lesson is approved. A mail to the family was written.")).to_be_visible(
            timeout=PATIENCE_MS
        )
        console.bring_to_front()
        expect(console).to_have_title("Requests · Spirit Athletics", timeout=PATIENCE_MS)


def test_an_admin_reads_the_outbox_with_masked_links(gym: RunningGym, browser: Browser) -> None:
    with browser.new_context() as desk:
        console = desk.new_page()
        sign_in(console, gym.console_url, "ada@spirit.example")
        press(console.get_by_role("link", name="Outbox"))
        expect(console.get_by_role("heading", name="Outbox", exact=True)).to_be_visible(timeout=PATIENCE_MS)
        settle(console)
        expect(console.get_by_text("Secret links are masked.")).to_be_visible(timeout=PATIENCE_MS)
        assert "/approvals/…" in console.content() or "/bookings/…" in console.content()


def test_signing_out_ends_an_open_tab_s_power(gym: RunningGym, browser: Browser) -> None:
    with browser.new_context() as desk:
        console, other = desk.new_page(), desk.new_page()
        sign_in(console, gym.console_url, "omar@spirit.example")
        other.goto(f"{gym.console_url}/sign-out")
        other.get_by_role("button", name="Sign out").click()
        other.wait_for_url("**/sign-in")
        expect(console.get_by_role("heading", name="You are signed out")).to_be_visible(timeout=PATIENCE_MS)
        console.goto(gym.console_url)
        assert console.url.endswith("/sign-in")


def mail_about_ida(mailbox: MailServer) -> EmailMessage:
    """The request mail to Nora that names the athlete."""
    for count in range(1, 200):
        mail = mailbox.wait_for(count, to="nora@spirit.example")[count - 1]
        body = mail.get_body(("plain",))
        if mail["X-Spirit-Mail"] == "request" and body is not None and "Ida Story" in body.get_content():
            return mail
    raise AssertionError("no request mail about Ida")


def open_without_pressing(address: str) -> None:
    """As mail scanners do: GET and HEAD."""
    for method in ("GET", "HEAD"):
        with urllib.request.urlopen(urllib.request.Request(address, method=method)) as answer:
            assert answer.status == 200
