"""
`make bench`: measure, and write docs/benchmarks.md. `make bench ONLY=races` prints one part and writes nothing.

Everything runs on loopback, bounded in count and time, and each figure stands beside its peer's from the same run.
"""

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import mail, pages, races, start
from tests.bench.report import Section
from tests.support.postgresql import fresh_url

PARTS: dict[str, Callable[[], Section]] = {
    "pages": pages.measure,
    "races": lambda: races.measure(fresh_url),
    "mail": mail.measure,
    "start": start.measure,
}
TARGET = Path("docs/benchmarks.md")
HEAD = """# Benchmarks

Made by `make bench` on {machine}. These machines are noisy: read the ratios, each measured within one run, not the
absolute figures.

"""


def main(only: list[str]) -> None:
    """Measure the named parts, or all of them."""
    sections = []
    for name in only or PARTS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        sections.append(PARTS[name]())
        print(sections[-1].markdown(), flush=True)
    if not only:
        machine = (
            f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
        )
        TARGET.write_text(HEAD.format(machine=machine) + "\n".join(section.markdown() for section in sections))


if __name__ == "__main__":
    main(sys.argv[1:])
