"""How long a newcomer waits: `make run` in a clean clone with a warm package cache, and again."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from tests.bench.report import Section
from tests.support.processes import free_port

LIMIT_S = 600
STOPS_WITHIN_S = 20


def measure() -> Section:
    """Clone what is committed, `make run`, wait for the first page, stop; then the same again."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", ".", str(clone)], check=True)
        first = _first_page(clone)
        second = _first_page(clone)
    rows = [["clean clone, warm package cache", f"{first:.1f}", "90"], ["again", f"{second:.1f}", "6"]]
    return Section("From `make run` to the first page", ["", "seconds", "goal"], rows)


def _first_page(clone: Path) -> float:
    site, console = free_port(), free_port()
    environment = {
        **{
            name: value for name, value in os.environ.items() if not name.startswith(("SPIRIT_", "VIRTUAL_ENV", "MAKE"))
        },
        "SPIRIT_BASE_URL": f"http://127.0.0.1:{site}",
        "SPIRIT_CONSOLE_URL": f"http://127.0.0.1:{console}",
    }
    began = time.monotonic()
    log = clone.parent / "make.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for_page(f"http://127.0.0.1:{site}/", process, log)
        return time.monotonic() - began
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """All of it, and it is waited for, so that the next run finds nobody at the data."""
    started = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=STOPS_WITHIN_S)
    _, left = psutil.wait_procs(started, timeout=STOPS_WITHIN_S)
    for one in left:
        one.kill()
    assert not left, f"still there after {STOPS_WITHIN_S} s: {left}"


def _wait_for_page(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        assert process.poll() is None, f"make run ended with {process.returncode}:\n{log.read_text()}"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError(f"no page within {LIMIT_S} s:\n{log.read_text()}")
