"""
The guide's chapters: a Markdown file each, read in the order of file names, with pictures that `make screenshots` makes.

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
    """A part of a chapter: paragraphs of Markdown, or a picture's name with its caption in `text`."""

    text: str
    picture: str | None = None


@dataclass(frozen=True)
class Chapter:
    """A chapter as parsed from its file."""

    title: str
    for_admins: bool
    parts: tuple[Part, ...]


@cache
def chapters() -> tuple[Chapter, ...]:
    """Every chapter, in order; parsed once a process."""
    return tuple(_chapter(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*.md")))


def picture_of(name: str) -> str:
    """The path of a picture's file."""
    return str(PICTURES / f"{name}.png")


def pictures() -> list[str]:
    """The names of all pictures that the chapters show."""
    return [part.picture for chapter in chapters() for part in chapter.parts if part.picture is not None]


def _chapter(text: str) -> Chapter:
    head, _, body = text.partition("\n")
    title = head.removeprefix("# ").strip()
    parts: list[Part] = []
    at = 0
    for picture in PICTURE.finditer(body):
        parts += [Part(body[at : picture.start()].strip()), Part(picture[1], picture[2])]
        at = picture.end()
    parts.append(Part(body[at:].strip()))
    return Chapter(
        title.removesuffix(FOR_ADMINS), title.endswith(FOR_ADMINS), tuple(part for part in parts if part.text)
    )
