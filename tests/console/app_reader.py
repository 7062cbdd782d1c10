"""Reads and operates a page of the console in Streamlit's AppTest: titles, texts, navigation, buttons, lists."""

from streamlit.testing.v1 import AppTest

from console.monitoring.navigation import PAGES

PAGES_OF_A_COACH = ["Requests", "Today", "Bookings", "Times", "Preferences", "Public page"]
PAGES_OF_AN_ADMIN = [
    "Requests",
    "Today",
    "All bookings",
    *PAGES_OF_A_COACH[3:],
    "People",
    "Gym",
    "Images",
    "Content",
    "Outbox",
    "Log",
    "Alerts",
]
LAST_PAGES = ["Guide", "My account"]


def titles(app: AppTest) -> list[str]:
    return [title.value for title in app.title]


def headers(app: AppTest) -> list[str]:
    return [header.value for header in (*app.header, *app.subheader)]


def texts(app: AppTest) -> list[str]:
    return [text.value for text in app.text]


def athletes(app: AppTest) -> list[str]:
    """The athletes of the pending requests, from top to bottom."""
    return [text.partition(", for ")[2].partition(",")[0] for text in texts(app) if ", asked by " in text]


def page_names(app: AppTest) -> list[str]:
    """The navigation's titles without the badge's number, and without the monitor's pages."""
    return [name.partition(" (")[0] for name in navigation(app) if name not in PAGES.values()]


def navigation(app: AppTest) -> list[str]:
    return [page["page_name"] for page in app._registered_pages.values()]


def press(app: AppTest, label: str, number: int = 0) -> AppTest:
    """Click the button with this label, the first of them unless `number` says otherwise."""
    return [button for button in app.button if button.label == label][number].click().run()


def choose(app: AppTest, label: str, value: object) -> AppTest:
    """Choose from the select box with this label."""
    return next(box for box in app.selectbox if box.label == label).set_value(value).run()
