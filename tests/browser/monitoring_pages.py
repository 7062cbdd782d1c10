"""The monitor's pages as they are photographed: in a gym of fifty coaches, with a year of traffic and a bad hour in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Page

from analytics import sample_traffic
from analytics.data_sources import monitor_for
from core.bootstrap import build
from core.demo.big_gym import load_big_demo
from core.platform import clock
from core.platform.settings import load_settings
from tests.browser import staff_pages
from tests.browser.staff_pages import Visit
from tests.browser.visits import PATIENCE_MS
from tests.console.recorded_errors import record_error
from tests.support.processes import running_gym

if TYPE_CHECKING:
    from tests.browser.screenshots import Album

TRAFFIC = sample_traffic.Traffic(rows_a_day=1_500, fact_days=40)


def drawn(page: Page) -> None:
    """The charts are there."""
    page.get_by_test_id("stVegaLiteChart").first.locator("canvas, svg").first.wait_for(timeout=PATIENCE_MS)


def one_error(page: Page) -> None:
    page.get_by_role("button", name="Open", exact=True).last.click()  # the first ones open lists of choices
    page.get_by_role("button", name="Resolve").wait_for(timeout=PATIENCE_MS)


STILL = "&refresh=false"
VISITS = (
    Visit("monitoring-overview", "ada", f"overview?range=30d{STILL}", drawn),
    Visit("monitoring-requests", "ada", f"web-requests?range=30d{STILL}", drawn),
    Visit("monitoring-database", "ada", f"database?range=30d{STILL}", drawn),
    Visit("monitoring-jobs", "ada", f"jobs-and-mail?range=30d{STILL}", drawn),
    Visit("monitoring-errors", "ada", f"errors?range=24h{STILL}", drawn),
    Visit("monitoring-error", "ada", f"errors?range=24h{STILL}", one_error),
    Visit("monitoring-bookings", "ada", f"booking-figures?range=90d{STILL}", drawn),
    Visit("monitoring-explorer", "ada", f"explorer?range=90d&split=route{STILL}", drawn),
)


def photograph(album: Album, folder: Path) -> None:
    """All of them, in every view."""
    folder.mkdir(exist_ok=True)
    with running_gym(folder, demo=True) as gym:
        services = build(load_settings(_env_file=None, data_dir=gym.folder / "var"))
        monitor = monitor_for(services.settings)
        load_big_demo(services)
        sample_traffic.make(monitor, TRAFFIC, now=clock.now())
        record_error(monitor.store, times=9, people=("a", "b", "c"))
        services.database.dispose()
        monitor.store.dispose()
        gym.start("site")
        gym.start("console")
        gym.start("worker")
        staff_pages.photograph(album, gym, visits=VISITS)
