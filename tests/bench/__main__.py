"""
`make bench`: measure, and write docs/benchmarks.md. `make bench ONLY=races` measures one part and renews its section.

Everything runs on loopback, bounded in count and time, and each figure stands beside its peer's from the same run.
"""

import os
import platform
import re
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import console, dashboard, history, home_photos, mail, pages, pictures, races, recorder, start
from tests.bench.report import Section
from tests.support.postgresql import fresh_url

PARTS: dict[str, Callable[[], Section]] = {
    "pages": pages.measure,
    "races": lambda: races.measure(fresh_url),
    "mail": mail.measure,
    "console": console.measure,
    "start": start.measure,
    "dashboard": dashboard.measure,
    "pictures": pictures.measure,
    "home_photos": home_photos.measure,
    "history": history.measure,
    "recorder": recorder.measure,
}
TARGET = Path("docs/benchmarks.md")
HEAD = """# Benchmarks

Made by `make bench` on {machine}. These machines are noisy: read the ratios, each measured within one run, not the
absolute figures.

"""


def main(only: list[str]) -> None:
    """Measure the named parts, or all of them; the sections of the others stay as they are."""
    kept = {} if not only else kept_sections(TARGET.read_text())
    for name in only or PARTS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        section = PARTS[name]()
        print(section.markdown(), flush=True)
        kept[section.title] = section.markdown()
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    TARGET.write_text(HEAD.format(machine=machine) + "\n".join(kept.values()))


def kept_sections(document: str) -> dict[str, str]:
    """The sections of an earlier run, by title, in their order."""
    sections = re.split(r"^(?=## )", document, flags=re.MULTILINE)[1:]
    return {text.splitlines()[0].removeprefix("## "): text.rstrip("\n") + "\n" for text in sections}


if __name__ == "__main__":
    main(sys.argv[1:])
