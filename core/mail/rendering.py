"""
Renders facts with Jinja. A kind's one template has each sentence once; the layouts make subject, text and HTML of it.

Text is not escaped, HTML always is, and a name that a template uses but nobody gave stops the mail.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from core.gym.models import Gym
from core.mail.facts import Facts
from core.platform import theme
from core.platform.html_fragments import lines, whole_times

LOADER = PackageLoader("core.mail", "templates")
INLINER = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Written:
    """A mail's words. The subject is one line."""

    subject: str
    text: str
    html: str


def render(kind: str, facts: Facts, *, gym: Gym) -> Written:
    """Say these facts with the template of this name."""
    values = {"facts": facts, "gym": gym, "look": theme, **facts.words}
    subject = _one_line(AS_TEXT.get_template(f"{kind}.j2").render(values, layout="layouts/subject.j2"))
    text = AS_TEXT.get_template(f"{kind}.j2").render(values, layout="layouts/text.j2")
    html = AS_HTML.get_template(f"{kind}.j2").render(values, layout="layouts/html.j2")
    return Written(subject, _tidy(text), INLINER.inline(html))


def _one_line(text: str) -> str:
    return " ".join(CONTROL.sub(" ", text).split())


def _tidy(text: str) -> str:
    """No margins, and never more than one empty line."""
    lines = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


def _paragraphs(text: str) -> Sequence[str]:
    """The sentences of a block: each of its lines that says something is a paragraph."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _text_paragraphs(text: str) -> str:
    return "\n\n".join(_paragraphs(text))


def _html_paragraphs(text: str) -> Markup:
    """`text` is what a block of an HTML template rendered, so it is escaped already."""
    escaped = (Markup(line) for line in _paragraphs(text))  # noqa: S704 (see above)
    return Markup("\n").join(Markup("<p>{}</p>").format(line) for line in escaped)


def _html_link(address: str) -> Markup:
    return Markup('<a href="{0}">{0}</a>').format(address)


def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=LOADER,
        autoescape=html,  # noqa: S701 (in plain text nothing is markup)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["paragraphs"] = _html_paragraphs if html else _text_paragraphs
    environment.filters["link"] = _html_link if html else str
    environment.filters["whole_times"] = whole_times
    environment.filters["lines"] = lines
    return environment


AS_TEXT, AS_HTML = _environment(html=False), _environment(html=True)
