"""
`make screenshots`: every page and mail on a phone, and the six that matter most on a desk and in the dark.

A demo gym in real processes is photographed by a real browser. Each picture is reduced to a small palette.
"""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from console import guide
from core.bookings.models import Booking, Status
from core.bootstrap import Services, build
from core.mail.messages import compose
from core.mail.models import MessageKind
from core.rehearsals import practice
from core.schedule.models import Coach
from core.schedule.preferences import Digest
from core.settings import load_settings
from tests.browser.visits import fill_in, pick_a_time, settle, sign_in
from tests.support import browser as chromium
from tests.support import mail_samples
from tests.support.processes import RunningGym, running_gym

TARGET = Path("docs/screenshots")
MOST_BYTES, MOST_HEIGHT_PX = 150_000, 1_800
GUIDE_HEIGHT_PX = 812  # the console's guide shows what a phone shows first
VIEWS = {"375": (375, "light"), "1280": (1280, "light"), "375-dark": (375, "dark")}
PHONE_ONLY = ("375",)


class Album:
    """Opens a browser's page in a view, and keeps pictures of it under a name."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @contextmanager
    def page(self, view: str) -> Iterator[Page]:
        width, scheme = VIEWS[view]
        with self._browser.new_context(
            viewport={"width": width, "height": 812 if width == 375 else 900},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        ) as context:
            yield context.new_page()

    def keep(self, page: Page, name: str, view: str) -> None:
        picture = Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled"))).convert("RGB")
        picture = picture.crop((0, 0, picture.width, min(picture.height, MOST_HEIGHT_PX)))
        path = TARGET / f"{name}-{view}.png"
        picture.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)
        size_bytes = path.stat().st_size
        assert size_bytes < MOST_BYTES, f"{path} has {size_bytes} bytes"
        print(f"{path}  {size_bytes // 1000} kB")
        if path.stem in guide.pictures():
            first_screen = picture.crop((0, 0, picture.width, min(picture.height, GUIDE_HEIGHT_PX)))
            first_screen.quantize(48, dither=Image.Dither.NONE).save(guide.picture_of(path.stem), optimize=True)


def main() -> None:
    """Replace every picture in docs/screenshots."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder, chromium.opened() as browser:
        album = Album(browser)
        mails(album)
        with running_gym(Path(folder), "site", "console", "worker", demo=True) as gym:
            services = build(load_settings(_env_file=None, data_dir=gym.folder / "var"))
            public_pages(album, gym)
            a_time_that_was_taken(album, gym)
            own_pages(album, gym, services)
            console(album, gym, services)
            services.database.dispose()


def mails(album: Album) -> None:
    """One of every kind, as a phone shows them; the request, which matters most, also wide and dark."""
    for kind, letter in mail_samples.SAMPLES.items():
        body = compose(letter, settings=mail_samples.settings, signer=mail_samples.signer).get_body(("html",))
        assert body is not None
        for view in VIEWS if kind is MessageKind.REQUEST else PHONE_ONLY:
            with album.page(view) as page:
                page.set_content(body.get_content())
                album.keep(page, f"mail-{kind.value.replace('_', '-')}", view)


def public_pages(album: Album, gym: RunningGym) -> None:
    plain = {
        "home": "/",
        "coaches": "/coaches",
        "coach": "/coaches/nora",
        "week-empty": "/coaches/max/tumbling-60",
        "time-gone": "/coaches/nora/tumbling-60/request?start=2026-01-05T17:00:00Z",
        "not-found": "/coaches/nobody",
    }
    for name, path in plain.items():
        with album.page("375") as page:
            page.goto(gym.site_url + path)
            album.keep(page, name, "375")
    for view in VIEWS:
        with album.page(view) as page:
            page.goto(f"{gym.site_url}/coaches/lena/tumbling-60")
            page.get_by_role("link", name="Later").click()
            album.keep(page, "week", view)
            pick_a_time(page, gym.site_url, coach="nora", lesson="Private tumbling", number=4)
            album.keep(page, "form", view)
    with album.page("375") as page:
        pick_a_time(page, gym.site_url, coach="nora", lesson="Private tumbling", number=4)
        fill_in(page, athlete="Ida", parent="", email="sam@")
        page.get_by_role("button").click()
        album.keep(page, "form-wrong", "375")


def a_time_that_was_taken(album: Album, gym: RunningGym) -> None:
    """Two families had the same form open; the second one keeps what was typed."""
    with album.page("375") as first, album.page("375") as second:
        for page, parent in ((first, "Wes Carter"), (second, "Sam Rivera")):
            pick_a_time(page, gym.site_url, coach="omar", lesson="First lesson", number=4)
            fill_in(page, athlete="Ida", parent=parent, email=f"{parent[:3].lower()}.taken@example.org")
        for page in (first, second):
            page.get_by_role("button").click()
        album.keep(second, "form-taken", "375")


def own_pages(album: Album, gym: RunningGym, services: Services) -> None:
    """What the family sees in each state, and the coach behind her link."""
    for status in Status:
        booking = one(services, status)
        for view in VIEWS if status is Status.APPROVED else PHONE_ONLY:
            with album.page(view) as page:
                page.goto(f"{gym.site_url}/bookings/{booking.handle}")
                album.keep(page, f"booking-{status.value.lower()}", view)
    waiting, answered, too_late = (
        one(services, status) for status in (Status.PENDING, Status.APPROVED, Status.EXPIRED)
    )
    for view in VIEWS:
        with album.page(view) as page:
            page.goto(approval(gym, services, waiting) + "?decision=approve")
            album.keep(page, "approval", view)
    with services.database.read() as session:
        nora = session.get_one(Coach, waiting.coach_id)
    practised = services.database.transact(practice.rehearse, account_id=nora.account_id, coach=nora.id)
    others = {
        "practice": f"{gym.site_url}/rehearsals/{services.signer.rehearsal(practised.id)}",
        "unsubscribe": f"{gym.site_url}/unsubscribe/{services.signer.stop_mail(nora.id, Digest.ROLL_UP)}",
        "approval-deny": approval(gym, services, waiting) + "?decision=deny",
        "approval-answered": approval(gym, services, answered),
        "approval-expired": approval(gym, services, too_late),
    }
    for name, address in others.items():
        with album.page("375") as page:
            page.goto(address)
            album.keep(page, name, "375")


def console(album: Album, gym: RunningGym, services: Services) -> None:
    link = f"/sign-in/{services.signer.sign_in(1)}"
    for name, path in {"sign-in": "/sign-in", "sign-in-link": link, "sign-out": "/sign-out"}.items():
        with album.page("375") as page:
            page.goto(gym.console_url + path)
            album.keep(page, f"console-{name}", "375")
    for view in VIEWS:
        with album.page(view) as page:
            sign_in(page, gym.console_url, "nora@spirit.example")
            whole_page(page)
            album.keep(page, "console-requests", view)
    with album.page("1280") as page:
        sign_in(page, gym.console_url, "ada@spirit.example")
        album.keep(page, "console-requests-admin", "1280")
    for name, who in {
        "today": "ada",
        "bookings": "ada",
        "times": "nora",
        "preferences": "nora",
        "page": "nora",
        "people": "ada",
        "gym": "ada",
        "guide": "nora",
        "account": "nora",
        "outbox": "ada",
    }.items():
        for view in ("375", "1280"):
            with album.page(view) as page:
                sign_in(page, gym.console_url, f"{who}@spirit.example")
                page.goto(f"{gym.console_url}/{name}")
                settle(page)
                whole_page(page)
                album.keep(page, f"console-{name}", view)
    with album.page("375") as page:
        sign_in(page, gym.console_url, "ada@spirit.example")
        page.goto(f"{gym.console_url}/bookings")
        page.get_by_role("button", name="Open").first.click()
        page.get_by_role("heading", name="What happened").wait_for()
        whole_page(page)
        album.keep(page, "console-booking", "375")


def whole_page(page: Page) -> None:
    """Streamlit scrolls inside its page, so the window grows instead."""
    size = page.viewport_size
    assert size is not None
    height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(int(height) + 40, MOST_HEIGHT_PX)})
    settle(page)
    page.wait_for_timeout(500)


def one(services: Services, status: Status) -> Booking:
    """A booking of the demo in this state: Nora's if she has one, with a word from the family, the latest lesson."""
    query = (
        select(Booking)
        .join(Coach, Coach.id == Booking.coach_id)
        .where(Booking.status == status)
        .order_by((Coach.slug == "nora").desc(), Booking.notes.desc(), Booking.starts_at.desc())
    )
    with services.database.read() as session:
        return session.scalars(query).first() or session.scalars(select(Booking)).one()


def approval(gym: RunningGym, services: Services, booking: Booking) -> str:
    """The address in the coach's mail."""
    token = services.signer.decide(booking.id, booking.coach_id, booking.slot_version)
    return f"{gym.site_url}/approvals/{token}"


if __name__ == "__main__":
    main()
