"""The monitor's section of the navigation, after the pages that every coach has."""

from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).parent.parent / "app_pages" / "monitoring"
SECTION, MONITOR = "Monitoring", "The monitor"  # the one in the navigation, the other in a sentence
PAGES = {
    "overview": "Overview",
    "web_requests": "Web requests",
    "database": "Database",
    "jobs_and_mail": "Jobs and mail",
    "errors": "Errors",
    "booking_figures": "Booking figures",
    "explorer": "Explorer",
}


def with_monitoring(pages: list[st.Page], *, is_admin: bool) -> list[st.Page] | dict[str, list[st.Page]]:
    """The navigation: these pages; for admins the section Monitoring too."""
    if not is_admin:
        return pages
    monitoring = [
        st.Page(FOLDER / f"{file}.py", title=title, url_path=file.replace("_", "-")) for file, title in PAGES.items()
    ]
    return {"": pages, SECTION: monitoring}
