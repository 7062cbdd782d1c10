"""The console with ten thousand bookings: reruns, first paint, many tabs, and what the public site notices of them."""

import asyncio
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil
from playwright.sync_api import expect

from core.platform.db import Database
from tests.bench.big_gym import fill
from tests.bench.report import Section
from tests.bench.tabs import Tab
from tests.support import browser as chromium
from tests.support.processes import RunningGym, running_gym

BOOKINGS, RERUNS, LOADS = 10_000, 25, 5
TABS, MANY_TABS = 30, 100
IDLE_S, CLICK_EVERY_S, CLICKING_S, SITE_EVERY_S = 20.0, 10.0, 40.0, 0.05
SITE_PAGE = "/coaches"


def measure() -> Section:
    """Everything in one run of one gym."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_gym(folder) as gym:
            database = Database(f"sqlite:///{folder / 'var' / 'spirit.db'}")
            tokens = fill(database, BOOKINGS)
            database.dispose()
            gym.start("site")
            gym.start("console")
            rows = asyncio.run(_with_tabs(gym, tokens))
            painted, shown = _first_paint(gym, tokens[0])
    rows.insert(2, ["first paint in Chromium, empty cache", f"{painted:.2f} s", "< 2 s"])
    rows.insert(3, ["until the requests can be read", f"{shown:.2f} s", ""])
    load = f"{os.getloadavg()[1]:.1f} on {os.cpu_count()} cores"
    note = (
        f"The machine’s load average was {load}; the bench alone makes about 1. Waits grow with it, CPU time does not."
    )
    return Section(f"The console with {BOOKINGS:,} bookings", ["what", "measured", "goal"], rows, [note])


async def _with_tabs(gym: RunningGym, tokens: list[str]) -> list[list[str]]:
    console = psutil.Process(gym["console"].pid)
    rows = []
    async with Tab(gym.console_url, tokens[0]) as tab:
        for name, page, goal_ms in (("Requests", "", 150), ("Bookings", "bookings", 300)):
            took_ms, cpu_ms = await _reruns(console, tab, page)
            said = f"{took_ms:.0f} ms, {cpu_ms:.0f} ms of it CPU"
            rows.append([f"median rerun of {name}, an admin’s", said, f"< {goal_ms} ms"])
    async with _tabs(gym, tokens, TABS) as tabs:
        busy = await _cpu_share(console, IDLE_S)
        rows.append([f"{TABS} tabs that do nothing, of one core", f"{100 * busy:.0f} %", "< 25 %"])
        alone = await _site_p95(gym, CLICKING_S / 2)
        clicks, beside = await asyncio.gather(_clicks(tabs), _site_p95(gym, CLICKING_S))
        alone = statistics.mean((alone, await _site_p95(gym, CLICKING_S / 2)))
    rows += [
        [
            f"{TABS} tabs, a click every {CLICK_EVERY_S:.0f} s: p95 of {len(clicks)} clicks",
            f"{p95(clicks):.2f} s",
            "< 1 s",
        ],
        ["the site’s p95 meanwhile ÷ without the clicks", f"{beside / alone:.2f}", "≤ 1.2"],
    ]
    async with _tabs(gym, tokens, MANY_TABS):
        rows.append([f"memory with {MANY_TABS} open tabs", f"{console.memory_info().rss / 2**20:.0f} MiB", "< 300 MB"])
    return rows


@asynccontextmanager
async def _tabs(gym: RunningGym, tokens: list[str], count: int) -> AsyncIterator[list[Tab]]:
    async with AsyncExitStack() as stack:
        turns = itertools.islice(itertools.cycle(tokens), count)
        yield [await stack.enter_async_context(Tab(gym.console_url, token)) for token in turns]


async def _reruns(console: psutil.Process, tab: Tab, page: str) -> tuple[float, float]:
    """Milliseconds from asking until all was read, the median; and the console's own CPU time for one."""
    await tab.run(page)
    before = sum(console.cpu_times()[:2])
    taken = [await tab.run(page) for _ in range(RERUNS)]
    return 1000 * statistics.median(taken), 1000 * (sum(console.cpu_times()[:2]) - before) / RERUNS


async def _clicks(tabs: list[Tab]) -> list[float]:
    """Each tab goes from page to page, a click every ten seconds, spread evenly. Seconds of each."""

    async def person(tab: Tab, waits_s: float) -> list[float]:
        await asyncio.sleep(waits_s)
        taken = []
        for page in itertools.islice(itertools.cycle(("bookings", "")), int(CLICKING_S / CLICK_EVERY_S)):
            began = time.monotonic()
            taken.append(await tab.run(page))
            await asyncio.sleep(max(0.0, CLICK_EVERY_S - (time.monotonic() - began)))
        return taken

    waits = (CLICK_EVERY_S * number / len(tabs) for number in range(len(tabs)))
    return list(itertools.chain(*await asyncio.gather(*map(person, tabs, waits))))


async def _site_p95(gym: RunningGym, seconds: float) -> float:
    """Of a public page, asked steadily over one connection."""
    taken = []
    until = time.monotonic() + seconds
    async with httpx2.AsyncClient(base_url=gym.site_url) as parent:
        while time.monotonic() < until:
            began = time.perf_counter()
            answer = await parent.get(SITE_PAGE)
            assert answer.status_code == 200
            taken.append(time.perf_counter() - began)
            await asyncio.sleep(SITE_EVERY_S)
    return p95(taken)


async def _cpu_share(process: psutil.Process, seconds: float) -> float:
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    await asyncio.sleep(seconds)
    return float((sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began))


def _first_paint(gym: RunningGym, token: str) -> tuple[float, float]:
    """Median seconds until something is painted, and until the page's heading stands; a fresh browser profile each time."""
    painted, shown = [], []
    cookie = {"name": "spirit_staff", "value": token, "domain": urlsplit(gym.console_url).hostname, "path": "/"}
    with chromium.opened() as browser:
        for _ in range(LOADS):
            with browser.new_context() as context:
                context.add_cookies([cookie])  # type: ignore[list-item]  # Playwright's typed dictionary
                page = context.new_page()
                began = time.perf_counter()
                page.goto(gym.console_url)
                expect(page.get_by_role("heading", name="Requests", exact=True)).to_be_visible(timeout=30_000)
                shown.append(time.perf_counter() - began)
                painted.append(
                    page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
                )
    return statistics.median(painted), statistics.median(shown)


def p95(figures: list[float]) -> float:
    """Nearest rank."""
    return sorted(figures)[max(0, round(0.95 * len(figures)) - 1)]
