"""
A Chromium for the tests: one that is there, else Playwright's own in .venv, else (CI, as root) the distribution's.

    python -m tests.support.browser     fetch one if there is none, within a few minutes; says what it found
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OWN = Path(sys.prefix) / "browsers"
HELP = "run `apt-get install chromium`, or `.venv/bin/python -m tests.support.browser`"
DOWNLOAD_LIMIT_S, INSTALL_LIMIT_S = 180, 420


@cache
def find() -> str | None:
    """The path of a Chromium or Chrome, or None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    own = sorted(OWN.glob("chromium-*/chrome-*/chrome"))
    return next((str(path) for path in (mac, *own) if path.exists()), None)


@contextmanager
def opened() -> Iterator[Browser]:
    """A running browser. Each test makes a context of its own in it, with its own size, colours and cookies."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def fetch() -> str | None:
    """Find a browser, or get one in a bounded time. Without luck the browser tests are skipped, by name."""
    if found := find():
        return found
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(OWN)}
    _try([sys.executable, "-m", "playwright", "install", "chromium"], DOWNLOAD_LIMIT_S, environment)
    find.cache_clear()
    if find() is None and os.environ.get("CI") == "true" and os.geteuid() == 0:
        _try(["apt-get", "update"], INSTALL_LIMIT_S, None)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _try(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], INSTALL_LIMIT_S, quiet)
        find.cache_clear()
    return find()


def _try(command: list[str], limit_s: int, environment: dict[str, str] | None) -> None:
    try:
        subprocess.run(
            command, env=environment, timeout=limit_s, check=True, capture_output=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{' '.join(command)}: {error}", file=sys.stderr)


if __name__ == "__main__":
    print(f"browser for the tests: {fetch() or 'none; ' + HELP}")
