"""
The chapters of the guide: a Markdown file each, in the order of their names, and small pictures that `make screenshots` makes.

A file begins with "# Title", or "# Title (admins)". A line `![what it shows](name)` is a picture of that name.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
PICTURE = re.compile(r"^!\[(.+)\]\((.+)\)$", re.MULTILINE)
FOR_ADMINS = " (admins)"


@dataclass(frozen=True)
class Part:
    """Some paragraphs; or a picture's name, and in `text` what it shows."""

    text: str
    picture: str | None = None


@dataclass(frozen=True)
class Chapter:
    title: str
    for_admins: bool
    parts: tuple[Part, ...]


@cache
def chapters() -> tuple[Chapter, ...]:
    """All of them, in order."""
    return tuple(_chapter(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.md")))


def picture_of(name: str) -> str:
    """The file of a picture."""
    return str(PICTURES / f"{name}.png")


def pictures() -> list[str]:
    """The names of all pictures that the chapters show."""
    return [part.picture for chapter in chapters() for part in chapter.parts if part.picture is not None]


def _chapter(text: str) -> Chapter:
    head, _, body = text.partition("\n")
    title = head.removeprefix("# ").strip()
    parts: list[Part] = []
    at = 0
    for found in PICTURE.finditer(body):
        parts += [Part(body[at : found.start()].strip()), Part(found[1], found[2])]
        at = found.end()
    parts.append(Part(body[at:].strip()))
    return Chapter(
        title.removesuffix(FOR_ADMINS), title.endswith(FOR_ADMINS), tuple(part for part in parts if part.text)
    )
