"""
The home page with eight photos on a phone of 375 pixels: bytes on the wire, layout shift, and Lighthouse's word.

The demo's own drawings are exchanged for photographs of the pictures' bench. Chromium counts what comes over the wire
while the whole page is scrolled through; Lighthouse is installed by npm into a temporary folder.
"""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Browser
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bootstrap import build
from core.content.models import Campaign, Product
from core.gym.models import content_changed
from core.images import intake, uploads
from core.images.models import ImageKind
from core.images.rendition_jobs import make_due
from core.platform.actor import COMMAND_LINE
from core.platform.services import Services
from core.platform.settings import load_settings
from core.schedule.models import Coach
from tests.bench.frozen import freeze
from tests.bench.report import Section
from tests.support import browser as chromium
from tests.support.processes import running_gym

LIGHTHOUSE = "lighthouse@13"
PHOTOS, MAX_KB = 8, 250
DENSITIES = (1, 2, 3)  # device pixels for one of CSS
SHIFTS = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => list.getEntries().forEach(entry => { sum += entry.value; }))
        .observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(sum), 500);
})"""


@dataclass(frozen=True)
class Visit:
    """kilobytes: all that came over the wire; photos: how many of those were pictures; shift: cumulative, 0 is none."""

    kilobytes: float
    photos: int
    shift: float


def measure() -> Section:
    """At once after the upload, and after the idle pass."""
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as name, running_gym(folder := Path(name), "site", demo=True) as gym:
        services = build(load_settings(_env_file=None, data_dir=folder / "var", base_url=gym.site_url))
        (folder / "frozen").mkdir()
        frozen = freeze(folder / "frozen", made=0)
        if len(frozen.files) < PHOTOS:
            frozen = freeze(folder / "frozen", made=PHOTOS)
        sent = _sent(services, frozen.files[-PHOTOS:])
        services.database.transact(lambda tx: _hang(tx.session, sent, now=tx.now))
        with chromium.opened() as browser:
            for fine, state in ((False, "at once"), (True, "after the idle pass")):
                make_due(services, fine=fine)
                rows += [_row(state, density, _visit(browser, gym.site_url, density)) for density in DENSITIES]
        score, note = _lighthouse(folder, gym.site_url)
        services.database.dispose()
    rows.append(["Lighthouse, performance, mobile", score, "", "", "≥ 95"])
    notes = [
        f"{PHOTOS} photos: four coaches, a campaign, three products; {min(frozen.real, PHOTOS)} of them are photographs.",
        f"The machine's load average was {os.getloadavg()[1]:.0f} meanwhile; Lighthouse's score falls with it.",
    ]
    return Section(
        "The home page with eight photos, 375 pixels wide",
        ["state", "in all", "pictures", "layout shift", "goal"],
        rows,
        [*notes, note] if note else notes,
    )


def _row(state: str, density: int, visit: Visit) -> list[str]:
    assert visit.photos >= PHOTOS, f"{visit.photos} photos came"
    goal = f"≤ {MAX_KB} kB, no shift"
    return [f"{state}, {density}×", f"{visit.kilobytes:.0f} kB", str(visit.photos), f"{visit.shift:.3f}", goal]


def _sent(services: Services, files: list[Path]) -> list[int]:
    kinds = [ImageKind.CAMPAIGN, *[ImageKind.PROFILE] * 4, *[ImageKind.PRODUCT] * 3]
    return [
        uploads.accept(
            services, intake.checked(path.read_bytes(), name=path.name), kind, alt="A photo", by=COMMAND_LINE
        ).id
        for path, kind in zip(files, kinds, strict=True)
    ]


def _hang(session: Session, photos: list[int], *, now: datetime) -> None:
    places = [
        *session.scalars(select(Campaign)),
        *session.scalars(select(Coach).order_by(Coach.id)),
        *session.scalars(select(Product)),
    ]
    for place, image_id in zip(places, photos, strict=True):
        setattr(place, "photo_id" if isinstance(place, Coach) else "image_id", image_id)
    content_changed(session)


def _visit(browser: Browser, address: str, density: int) -> Visit:
    with browser.new_context(viewport={"width": 375, "height": 812}, device_scale_factor=density) as context:
        page = context.new_page()
        wire = context.new_cdp_session(page)
        sizes: list[float] = []
        pictures: list[str] = []
        wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        wire.on(
            "Network.responseReceived",
            lambda event: pictures.append(event["response"]["url"]) if "/media/" in event["response"]["url"] else None,
        )
        wire.send("Network.enable")
        page.goto(address)
        for top in range(0, 4000, 400):
            page.evaluate(f"window.scrollTo(0, {top})")
            page.wait_for_timeout(80)
        page.wait_for_load_state("networkidle")
        return Visit(sum(sizes) / 1000, len(set(pictures)), page.evaluate(SHIFTS))


def _lighthouse(folder: Path, address: str) -> tuple[str, str]:
    """Its score, 0 to 100; or a dash, and why."""
    if not shutil.which("npx"):
        return "–", "Lighthouse was not run: there is no npx."
    report, environment = folder / "lighthouse.json", {**os.environ, "CHROME_PATH": chromium.find() or ""}
    try:
        subprocess.run(
            [
                *("npx", "--yes", "--prefix", str(folder), LIGHTHOUSE, address, "--quiet", "--output=json"),
                *(f"--output-path={report}", "--only-categories=performance"),
                "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
            ],
            env=environment,
            check=True,
            capture_output=True,
            timeout=300,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return "–", f"Lighthouse was not run: {type(error).__name__}."
    found = json.loads(report.read_text())
    audits = found["audits"]
    told = ", ".join(
        f"{name} {audits[key]['displayValue']}"
        for name, key in (("first paint", "first-contentful-paint"), ("largest paint", "largest-contentful-paint"))
    )
    return str(
        round(100 * found["categories"]["performance"]["score"])
    ), f"Lighthouse on its simulated slow phone: {told}."
