"""What can be read on a page of the console."""

from streamlit.testing.v1 import AppTest

from console.monitoring.navigation import PAGES

PAGES_OF_A_COACH = ["Requests", "Today", "Bookings", "Times", "Preferences", "Public page"]
LAST_PAGES = ["Guide", "My account"]


def titles(app: AppTest) -> list[str]:
    return [title.value for title in app.title]


def headers(app: AppTest) -> list[str]:
    return [header.value for header in (*app.header, *app.subheader)]


def texts(app: AppTest) -> list[str]:
    return [text.value for text in app.text]


def athletes(app: AppTest) -> list[str]:
    """Whose requests wait, from top to bottom."""
    return [text.partition(", for ")[2].partition(",")[0] for text in texts(app) if ", asked by " in text]


def page_names(app: AppTest) -> list[str]:
    """Without the number that wait, and without the monitor's."""
    return [name.partition(" (")[0] for name in navigation(app) if name not in PAGES.values()]


def navigation(app: AppTest) -> list[str]:
    return [page["page_name"] for page in app._registered_pages.values()]
