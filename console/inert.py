"""What somebody typed, shown as it was typed: Streamlit reads most texts as Markdown."""

import re

MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|:$~@-]|(?<=www)\.)", re.IGNORECASE)


def inert(text: str) -> str:
    """The text for a place that reads Markdown."""
    return MARKUP.sub(r"\\\1", text)
