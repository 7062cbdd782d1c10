"""Filter by traffic category: families' pages by default; staff, programs, probes, robots …"""

from typing import Any

import streamlit as st

from core.telemetry import categories

WORDS = {
    "families": categories.FAMILY,
    "staff": categories.STAFF,
    "programs": categories.PROGRAM,
    "probes": categories.PROBE,
    "robots": categories.ROBOT,
    "fetched ahead": categories.PREFETCH,
    "files": categories.STATIC,
    "everything": "",
}
DEFAULT = "families"
HELP = (
    "Families: pages of the public site. Staff: the console, and links of the coaches' mails. Programs: the JSON API, "
    "calendars, keys. Probes: health checks, metrics, cron, browsers' reports. Robots: crawlers, previews, HEAD, unknown "
    "addresses. Files: pictures, scripts, and Streamlit's own."
)


def chosen_category(where: Any = st) -> str:
    """Draw the selector; the chosen category of core/telemetry/categories.py, "" for all of them."""
    chosen = where.selectbox("Whose", list(WORDS), key="whose", bind="query-params", help=HELP)
    return WORDS.get(chosen or DEFAULT, categories.FAMILY)


def word_of(category: str) -> str:
    """The label of a category: "families", "everything"."""
    return next(word for word, value in WORDS.items() if value == category)
