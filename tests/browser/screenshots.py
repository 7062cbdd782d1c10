"""
`make screenshots`: every page and mail on a phone, and the six that matter most on a desk and in the dark; the
console's all four ways. `make screenshots ONLY="log outbox"` takes some of the console's pages alone.

A demo gym in real processes is photographed by a real browser. Each picture is reduced to a small palette.
"""

import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from console import guide
from core.bookings.models import Booking, Status
from core.bootstrap import build
from core.mail.compose import compose
from core.outbox.models import MessageKind
from core.platform.services import Services
from core.platform.settings import load_settings
from core.rehearsals import practice
from core.schedule.models import Coach
from core.schedule.preferences import Digest
from tests.browser import alarms, monitoring_pages, photographed_pages, staff_pages
from tests.browser.visits import fill_in, pick_a_time
from tests.support import browser as chromium
from tests.support import mail_samples
from tests.support.actors import as_staff
from tests.support.processes import RunningGym, running_gym

TARGET = Path("docs/screenshots")
MAX_BYTES, MAX_HEIGHT_PX = 150_000, 1_800
GUIDE_HEIGHT_PX = 812  # the console's guide shows what a phone shows first
VIEWS = ("375", "1280", "375-dark")
PHONE_ONLY = ("375",)
DESK_HEIGHT_PX, PHONE_HEIGHT_PX = 900, 812


class Album:
    """Opens a browser's page in a view, and keeps pictures of it under a name."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @contextmanager
    def page(self, view: str) -> Iterator[Page]:
        """view: a width, and "-dark" for the dark scheme."""
        width, _, scheme = view.partition("-")
        with self._browser.new_context(
            viewport={"width": int(width), "height": DESK_HEIGHT_PX if width == "1280" else PHONE_HEIGHT_PX},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        ) as context:
            yield context.new_page()

    def keep(self, page: Page, name: str, view: str, *, colours: int = 64) -> None:
        picture = Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled"))).convert("RGB")
        picture = picture.crop((0, 0, picture.width, min(picture.height, MAX_HEIGHT_PX)))
        path = TARGET / f"{name}-{view}.png"
        picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        size_bytes = path.stat().st_size
        assert size_bytes < MAX_BYTES, f"{path} has {size_bytes} bytes"
        print(f"{path}  {size_bytes // 1000} kB")
        if path.stem in guide.pictures():
            first_screen = picture.crop((0, 0, picture.width, min(picture.height, GUIDE_HEIGHT_PX)))
            first_screen.quantize(48, dither=Image.Dither.NONE).save(guide.picture_of(path.stem), optimize=True)


def main(only: Sequence[str]) -> None:
    """Replace every picture in docs/screenshots; or, with names of the console's pages (or "monitoring"), theirs alone."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium.opened() as browser:
        album = Album(browser)
        if only == ["monitoring"]:
            monitoring_pages.photograph(album, Path(folder))
            return
        if only:
            with running_gym(Path(folder), "site", "console", "worker", demo=True) as gym:
                staff_pages.photograph(album, gym, only=only)
                if "alerts" in only:
                    services = build(load_settings(_env_file=None, data_dir=gym.folder / "var"))
                    alarms.photograph(album, gym, services)
                    services.database.dispose()
            return
        for old in TARGET.glob("*.png"):
            old.unlink()
        mails(album)
        mail_that_it_is_over(album)
        with running_gym(Path(folder), "site", "console", "worker", demo=True) as gym:
            services = build(load_settings(_env_file=None, data_dir=gym.folder / "var"))
            public_pages(album, gym)
            a_time_that_was_taken(album, gym)
            own_pages(album, gym, services)
            photographed_pages.public(album, gym, services)
            staff_pages.sign_in_pages(album, gym, services)
            staff_pages.photograph(album, gym)
            alarms.photograph(album, gym, services)
            services.database.dispose()
        monitoring_pages.photograph(album, Path(folder) / "big")


def mails(album: Album) -> None:
    """One of every kind, as a phone shows them; the request, which matters most, also wide and dark."""
    for kind, context in mail_samples.SAMPLES.items():
        body = compose(context, settings=mail_samples.settings, signer=mail_samples.signer).get_body(("html",))
        assert body is not None
        for view in VIEWS if kind is MessageKind.REQUEST else PHONE_ONLY:
            with album.page(view) as page:
                page.set_content(body.get_content())
                album.keep(page, f"mail-{kind.value.replace('_', '-')}", view)


def mail_that_it_is_over(album: Album) -> None:
    over = replace(mail_samples.SAMPLES[MessageKind.ALERT], notice=mail_samples.notice(over=True))
    body = compose(over, settings=mail_samples.settings, signer=mail_samples.signer).get_body(("html",))
    assert body is not None
    with album.page("375") as page:
        page.set_content(body.get_content())
        album.keep(page, "mail-alert-over", "375")


def public_pages(album: Album, gym: RunningGym) -> None:
    plain = {
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
    practised = services.database.transact(
        lambda tx: practice.rehearse(tx.session, tx.coach, by=as_staff(nora.account_id), now=tx.now), coach=nora.id
    )
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
    main(sys.argv[1:])
