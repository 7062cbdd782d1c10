"""Filter by traffic category: families' pages by default; staff, programs, probes, robots …"""

from typing import Any

import streamlit as st

from core.telemetry import traffic_categories

WORDS = {
    "families": traffic_categories.FAMILY,
    "staff": traffic_categories.STAFF,
    "programs": traffic_categories.PROGRAM,
    "probes": traffic_categories.PROBE,
    "robots": traffic_categories.ROBOT,
    "fetched ahead": traffic_categories.PREFETCH,
    "files": traffic_categories.STATIC,
    "everything": "",
}
DEFAULT = "families"
HELP = (
    "Families: pages of the public site. Staff: the console, and links of the coaches' mails. Programs: the JSON API, "
    "calendars, keys. Probes: health checks, metrics, cron, browsers' reports. Robots: crawlers, previews, HEAD, unknown "
    "addresses. Files: pictures, scripts, and Streamlit's own."
)


def chosen_category(where: Any = st) -> str:
    """Draw the selector; the chosen category of core/telemetry/traffic_categories.py, "" for all of them."""
    chosen = where.selectbox("Whose", list(WORDS), key="whose", bind="query-params", help=HELP)
    return WORDS.get(chosen or DEFAULT, traffic_categories.FAMILY)


def word_of(category: str) -> str:
    """The label of a category: "families", "everything"."""
    return next(word for word, value in WORDS.items() if value == category)
