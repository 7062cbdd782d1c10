"""The console's pages as they are photographed: on a phone and on a desk, in the light and in the dark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import Page

from core.platform.services import Services
from tests.browser import photographed_pages
from tests.browser.visits import settle, sign_in
from tests.support.processes import RunningGym

if TYPE_CHECKING:
    from tests.browser.screenshots import Album

VIEWS = ("390", "1280", "390-dark", "1280-dark")
MAX_HEIGHT_PX = 1_800


def nothing_more(page: Page) -> None:
    """It is as it opens."""


def another_list(name: str) -> Callable[[Page], None]:
    """One of the lists on the page of bookings."""
    return lambda page: page.get_by_role("radio", name=name).click()


def a_story(page: Page) -> None:
    page.get_by_role("button", name="Open").first.click()
    page.get_by_role("heading", name="What happened").wait_for()


@dataclass(frozen=True)
class Visit:
    """A page, whose, and what is done there before the picture is taken."""

    name: str
    who: str
    path: str
    then: Callable[[Page], None] = nothing_more
    colours: int = 64


VISITS = (
    Visit("requests", "nora", ""),
    Visit("requests-admin", "ada", ""),
    Visit("today", "ada", "today"),
    Visit("bookings", "ada", "bookings"),
    Visit("bookings-week", "nora", "bookings", another_list("Week")),
    Visit("bookings-past", "ada", "bookings", another_list("Past")),
    Visit("booking", "ada", "bookings", a_story),
    Visit("times", "nora", "times"),
    Visit("preferences", "nora", "preferences"),
    Visit("page", "nora", "page"),
    Visit("people", "ada", "people"),
    Visit("gym", "ada", "gym"),
    Visit("outbox", "ada", "outbox"),
    Visit("log", "ada", "log"),
    Visit("guide", "nora", "guide"),
    Visit("account", "nora", "account"),
    Visit("images", "ada", "images", colours=photographed_pages.COLOURS),
    Visit("image", "ada", "images", photographed_pages.one_image, 40),
    Visit("content", "ada", "content", photographed_pages.a_campaign, photographed_pages.COLOURS),
    Visit("images-dropped", "ada", "images", photographed_pages.drop_three, photographed_pages.COLOURS),
)


def sign_in_pages(album: Album, gym: RunningGym, services: Services) -> None:
    """Before anybody is signed in."""
    link = f"/sign-in/{services.signer.sign_in(1)}"
    for view in VIEWS:
        for name, path in {"sign-in": "/sign-in", "sign-in-link": link, "sign-out": "/sign-out"}.items():
            with album.page(view) as page:
                page.goto(gym.console_url + path)
                album.keep(page, f"console-{name}", view)


def photograph(album: Album, gym: RunningGym, *, only: Sequence[str] = (), visits: Sequence[Visit] = VISITS) -> None:
    """All of them, or those of these names; each person signs in once a view."""
    wanted = [visit for visit in visits if not only or visit.name in only]
    for view in VIEWS:
        for who in sorted({visit.who for visit in wanted}):
            with album.page(view) as page:
                sign_in(page, gym.console_url, f"{who}@spirit.example")
                for visit in wanted:
                    if visit.who == who:
                        _keep(album, gym, page, visit, view)


def _keep(album: Album, gym: RunningGym, page: Page, visit: Visit, view: str) -> None:
    before = page.viewport_size
    assert before is not None
    page.goto(f"{gym.console_url}/{visit.path}")
    settle(page)
    visit.then(page)
    settle(page)
    whole_page(page)
    album.keep(page, f"console-{visit.name}", view, colours=visit.colours)
    page.set_viewport_size(before)


def whole_page(page: Page) -> None:
    """Streamlit scrolls inside its page, so the window grows instead."""
    size = page.viewport_size
    assert size is not None
    height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(int(height) + 40, MAX_HEIGHT_PX)})
    settle(page)
    page.wait_for_timeout(500)
