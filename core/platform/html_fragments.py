"""Template filters: text to HTML, the same in pages and mails."""

from markupsafe import Markup, escape

from core.wording import CLOCK_TIME


def whole_times(text: str) -> Markup:
    """Escape text as HTML, each time of day in a span that does not break over lines."""
    return Markup(CLOCK_TIME.sub(r'<span class="time">\g<0></span>', str(escape(text))))  # noqa: S704 (just escaped)


def lines(text: str) -> Markup:
    """Escape text as HTML, with its line breaks as <br>."""
    return Markup("<br>\n").join(text.split("\n"))
