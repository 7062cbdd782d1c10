"""Escaping of Markdown in user input: Streamlit renders most texts as Markdown, and turns addresses into links."""

import re

from core.mail.links import unlinked

# Markdown's own signs, Streamlit's :emoji: and $math$, @ and & for links and entities; "1." would begin a list.
MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|:$~@&-]|(?<=\d)\.)")


def inert(text: str) -> str:
    """Escape a text for a place that renders Markdown; white space becomes single spaces, so it stays one line."""
    return MARKUP.sub(r"\\\1", unlinked(" ".join(text.split())))
