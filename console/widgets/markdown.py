"""What somebody typed, shown as it was typed: Streamlit reads most texts as Markdown, and makes links of what looks so."""

import re

from core.mail.links import unlinked

MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|:$~@&-]|(?<=\d)\.)")


def inert(text: str) -> str:
    """The text, in one line, for a place that reads Markdown."""
    return MARKUP.sub(r"\\\1", unlinked(" ".join(text.split())))
