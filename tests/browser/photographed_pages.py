"""Screenshots of the pages that live from photos, once the worker has made all of them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from playwright.sync_api import Page

from core.demo import drawn_photos
from core.images.queries import waiting
from core.platform.services import Services
from tests.support.processes import RunningGym

if TYPE_CHECKING:
    from tests.browser.screenshots import Album

COLOURS = 96
MADE_WITHIN_S = 120.0
PUBLIC = {"home": "/", "coaches": "/coaches", "coach": "/coaches/nora", "shop": "/shop"}


def until_made(services: Services) -> None:
    """The demo's photos are ready to be looked at."""
    deadline = time.monotonic() + MADE_WITHIN_S
    while True:
        with services.database.read() as session:
            if waiting(session)[0] == 0:
                return
        assert time.monotonic() < deadline, "the worker has not made the pictures"
        time.sleep(0.5)


def look_at_all(page: Page) -> None:
    """Pictures below the window come when they are near."""
    for top in range(0, 4000, 400):
        page.evaluate(f"window.scrollTo(0, {top})")
        page.wait_for_timeout(60)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")


def drop_three(page: Page) -> None:
    """Two photos, and something that is none."""
    photo = {
        f"{name}_new.jpg": drawn_photos.portrait(replace(drawn_photos.FACES[name], shirt=drawn_photos.DUSK))
        for name in ("nora", "omar")
    }
    page.locator("input[type=file]").set_input_files(
        [  # type: ignore[arg-type]
            {"name": name, "mimeType": "image/jpeg", "buffer": data}
            for name, data in {**photo, "timetable.jpg": b"%PDF-1.7"}.items()
        ]
    )
    page.get_by_text("timetable").wait_for()


def one_image(page: Page) -> None:
    page.get_by_role("button", name="morning.jpg").click()
    page.get_by_role("heading", name="What matters in it").wait_for()
    page.wait_for_load_state("networkidle")


def a_campaign(page: Page) -> None:
    page.get_by_text("Winter handstand camp").click()


def public(album: Album, gym: RunningGym, services: Services) -> None:
    """Those of the public site."""
    until_made(services)
    for view in ("375", "1280", "375-dark"):
        with album.page(view) as page:
            for name, path in PUBLIC.items():
                page.goto(gym.site_url + path)
                look_at_all(page)
                album.keep(page, name, view, colours=COLOURS)
