"""axe finds nothing wrong on any public page, light or dark, and nothing of ours in the console."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from core.bootstrap import build
from core.platform.services import Services
from core.platform.settings import load_settings
from core.rehearsals import practice
from core.schedule.models import Coach
from core.schedule.preferences import Digest
from tests.browser.photographed_pages import until_made
from tests.browser.visits import ask_for_a_lesson, pick_a_time, settle, sign_in, violations
from tests.support.actors import as_staff
from tests.support.processes import RunningGym

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture(params=["light", "dark"])
def visitor(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A phone's page in this scheme."""
    with browser.new_context(viewport={"width": 375, "height": 812}, color_scheme=request.param) as context:
        yield context.new_page()


STREAMLITS_OWN = {
    # The drop zone of its uploader says role=presentation and has a label all the same; the button inside is named.
    "presentation-role-conflict": 'data-testid="stFileUploaderDropzone"',
    # A navigation with sections puts their headings, and a box for each section's links, straight into the list.
    "list": 'data-testid="stSidebarNavItems"',
    "listitem": '<li class="st-emotion-cache-',
}


def check(page: Page) -> None:
    ours = [found for found in violations(page) if not is_streamlits_own(found)]
    assert not ours, "\n".join([page.url, *ours])
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, f"{page.url} scrolls sideways"


def is_streamlits_own(violation: str) -> bool:
    """Markup that we cannot change: the rule is excepted in this one element, and nowhere else."""
    rule = violation.partition(":")[0]
    return rule in STREAMLITS_OWN and STREAMLITS_OWN[rule] in violation


def test_every_public_page(gym: RunningGym, visitor: Page) -> None:
    email = f"axe.{id(visitor)}@example.org"
    for path in (
        "/",
        "/coaches",
        "/coaches/nora",
        "/shop",
        "/coaches/nora/tumbling-60",
        "/coaches/max/tumbling-60",
        "/nowhere",
    ):
        visitor.goto(gym.site_url + path)
        check(visitor)
    visitor.goto(f"{gym.site_url}/coaches/nora/tumbling-60/request?start=2026-01-01T16:00:00Z")
    check(visitor)
    pick_a_time(visitor, gym.site_url, coach="nora", lesson="Strength & handstands", number=9)
    check(visitor)
    visitor.get_by_role("button").click()
    check(visitor)
    ask_for_a_lesson(
        visitor,
        gym.site_url,
        coach="nora",
        lesson="Strength & handstands",
        athlete="Bo",
        parent="Axe",
        email=email,
        number=12,
    )
    check(visitor)
    own_page = visitor.url
    approval = f"{gym.site_url}/approvals/{token_of(gym, own_page.rpartition('/')[2])}"
    for decision in ("approve", "deny"):
        visitor.goto(f"{approval}?decision={decision}")
        check(visitor)
    visitor.get_by_role("button", name="Deny", exact=True).click()
    check(visitor)
    visitor.goto(own_page)
    check(visitor)


def test_nothing_on_the_pages_of_practice_and_of_a_mail_that_is_stopped(gym: RunningGym, visitor: Page) -> None:
    services = services_of(gym)
    with services.database.write() as transaction:
        coach = transaction.session.scalars(select(Coach).where(Coach.slug == "nora")).one()
        coach.roll_up = True  # in the other scheme it was stopped
    rehearsal = services.database.transact(
        lambda tx: practice.rehearse(tx.session, tx.coach, by=as_staff(coach.account_id), now=tx.now), coach=coach.id
    )
    services.database.dispose()
    visitor.goto(f"{gym.site_url}/rehearsals/{services.signer.rehearsal(rehearsal.id)}")
    check(visitor)
    visitor.get_by_role("button", name="Approve", exact=True).click()
    check(visitor)
    visitor.goto(f"{gym.site_url}/unsubscribe/{services.signer.stop_mail(coach.id, Digest.ROLL_UP)}")
    check(visitor)
    visitor.get_by_role("button", name="Stop").click()
    check(visitor)


def test_nothing_of_ours_in_the_console(gym: RunningGym, visitor: Page) -> None:
    for path in ("/sign-in", "/sign-out", f"/sign-in/{services_of(gym).signer.sign_in(1)}", "/sign-in/incomplete"):
        visitor.goto(gym.console_url + path)
        check(visitor)
    sign_in(visitor, gym.console_url, "ada@spirit.example")
    check(visitor)
    for page in (
        "today",
        "bookings",
        "times",
        "preferences",
        "page",
        "people",
        "gym",
        "account",
        "outbox",
        "log",
        "alerts",
        "alerts?rule=slow-route",
        "alerts?rule=new",
        "guide",
    ):
        visitor.goto(f"{gym.console_url}/{page}")
        settle(visitor)
        check(visitor)
    visitor.goto(f"{gym.console_url}/bookings")
    for part in ("Requests", "Past", "Week", "Upcoming"):
        visitor.get_by_role("radio", name=part).click()
        settle(visitor)
        check(visitor)
    visitor.get_by_role("button", name="Open").first.click()
    visitor.get_by_role("heading", name="What happened").wait_for()
    settle(visitor)
    check(visitor)


def test_nothing_of_ours_on_the_pages_of_photos(gym: RunningGym, visitor: Page) -> None:
    services = services_of(gym)
    until_made(services)
    services.database.dispose()
    sign_in(visitor, gym.console_url, "ada@spirit.example")
    for page in ("page", "content", "images"):
        visitor.goto(f"{gym.console_url}/{page}")
        settle(visitor)
        check(visitor)
    visitor.get_by_role("button", name="morning.jpg").click()
    visitor.get_by_role("heading", name="What matters in it").wait_for()
    settle(visitor)
    check(visitor)


def token_of(gym: RunningGym, handle: str) -> str:
    """The one in the coach's mail about this booking."""
    from core.bookings.queries import get_by_handle

    services = services_of(gym)
    with services.database.read() as session:
        booking = get_by_handle(session, handle)
    services.database.dispose()
    return services.signer.decide(booking.id, booking.coach_id, booking.slot_version)


def services_of(gym: RunningGym) -> Services:
    """The running gym's own: its key signs links that it knows."""
    return build(load_settings(_env_file=None, data_dir=gym.folder / "var"))
