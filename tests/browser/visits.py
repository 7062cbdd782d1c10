"""What people do in a browser, a function a deed."""

import re
from email.message import EmailMessage

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.support.people import PASSWORD

PATIENCE_MS = 30_000
LINK = re.compile(r"https?://[^\s<>]+")


def fill_in(page: Page, *, athlete: str, parent: str, email: str) -> None:
    """The request form, as far as it must be filled in."""
    page.get_by_label("Who is the lesson for?").fill(athlete)
    page.get_by_label("Your name").fill(parent)
    page.get_by_label("Your e-mail address").fill(email)


def pick_a_time(page: Page, site_url: str, *, coach: str, lesson: str, number: int = 0) -> None:
    """From the coach's page to the form, for one of the free times of next week."""
    page.goto(f"{site_url}/coaches/{coach}")
    page.get_by_role("link", name=f"See free times for {lesson}").click()
    page.get_by_role("link", name="Later").click()
    page.locator(".times a").nth(number).click()


def ask_for_a_lesson(
    page: Page, site_url: str, *, coach: str, lesson: str, athlete: str, parent: str, email: str, number: int = 0
) -> None:
    """The whole way, to the family's own page."""
    pick_a_time(page, site_url, coach=coach, lesson=lesson, number=number)
    fill_in(page, athlete=athlete, parent=parent, email=email)
    page.get_by_role("button").click()
    page.wait_for_url("**/bookings/*")


def sign_in(page: Page, console_url: str, email: str) -> None:
    """With the demo's password; ends on the requests."""
    page.goto(f"{console_url}/sign-in")
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Requests", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    settle(page)


def press(what: Locator) -> None:
    """Once the page has been drawn: what is still being put in place can be taken away under the mouse."""
    settle(what.page)
    what.click()


def settle(page: Page) -> None:
    """Streamlit has run the page and shown it."""
    page.wait_for_selector(
        "[data-testid=stApp][data-test-script-state=notRunning][data-test-connection-state=CONNECTED]",
        timeout=PATIENCE_MS,
    )
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=PATIENCE_MS)
    page.wait_for_timeout(400)  # what was stale fades in, and is pale until it has


def link_in(mail: EmailMessage, containing: str) -> str:
    """The first address in the mail's text that contains this."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(next(address for address in LINK.findall(body.get_content()) if containing in address))


STREAMLITS_OWN = ("presentation-role-conflict", "stFileUploaderDropzone")  # its place for files; no option changes that


def violations(page: Page) -> list[str]:
    """What axe finds wrong: the rule and where."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]}"
        for rule in found
        for node in rule["nodes"]
        if not (rule["id"] == STREAMLITS_OWN[0] and STREAMLITS_OWN[1] in node["html"])
    ]
