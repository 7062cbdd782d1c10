"""Text as HTML, the same in pages and mails."""

from markupsafe import Markup, escape

from core.wording import CLOCK_TIME


def whole_times(text: str) -> Markup:
    """No line ends within a time of day."""
    return Markup(CLOCK_TIME.sub(r'<span class="time">\g<0></span>', str(escape(text))))  # noqa: S704 (just escaped)


def lines(text: str) -> Markup:
    """Somebody's own words, with their line breaks."""
    return Markup("<br>\n").join(text.split("\n"))
