"""
The console as the staff meet it, on a Monday morning.

    desk             our own routes behind the gate, with Nora, Omar and Ada, and three requests that wait
    desk.sign_in     by password, as the form does it
    desk.start       the token of a session, without the form
    desk.open        Streamlit's pages, run by that session

Streamlit has one runtime a process, which cannot be started twice. So a stand-in has its addresses here, and the whole
application runs in processes of its own in test_server.py and test_websocket.py.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
import time_machine
from httpx2 import Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import console.widgets.session
import tasks
from console.monitoring.cached_queries import close_monitors
from console.web import cookies, server
from core.bookings.decisions import Decision, decide_as_staff
from core.bookings.models import Booking
from core.bookings.requests import request_lesson
from core.gym.models import the_gym
from core.outbox.models import MessageKind, OutboxMessage
from core.people.models import Account, StaffSession
from core.people.sessions import start_session
from core.platform.db import Database
from core.platform.services import Services
from core.schedule.models import Asks
from tests.console.without_streamlit import app_without_streamlit
from tests.support.actors import as_staff
from tests.support.databases import Furnish
from tests.support.people import NOW, PASSWORD, ada, at, nora, omar, sam_wants

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
PAGE_LIMIT_S = 7200.0  # it is measured by the clock, which stands still here, or jumps
COMPONENTS = cache(manifest_scanner.scan_component_manifests)
OPENS = NOW + timedelta(minutes=10)


@dataclass
class Desk:
    """The console's client, its services, and what was nudged."""

    client: TestClient
    services: Services
    clock: time_machine.Traveller
    monkeypatch: pytest.MonkeyPatch
    nudged: list[str]
    bookings: dict[str, int] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        return cookies.cookie_name(self.services.settings)

    def get(self, path: str, **options: Any) -> Response:
        return self.client.get(path, follow_redirects=False, **options)

    def post(self, path: str, values: dict[str, str], **headers: str) -> Response:
        """A form of our own page."""
        return self.client.post(path, data=values, headers={**OWN_PAGE, **headers}, follow_redirects=False)

    def sign_in(self, who: str = "nora", password: str = PASSWORD, **values: str) -> Response:
        return self.post("/sign-in", {"email": f"{who}@spirit.example", "password": password, **values})

    def start(self, who: str) -> str:
        """A live session's token."""
        return self.services.database.transact(lambda tx: _start(tx.session, who, now=tx.now))

    def mailed_link(self, who: str = "nora") -> str:
        """The path in the mail that this one asked for."""
        self.post("/sign-in/link", {"email": f"{who}@spirit.example"})
        link_id = self.mails(MessageKind.SIGN_IN)[-1].sign_in_link_id
        assert link_id is not None
        return f"/sign-in/{self.services.signer.sign_in(link_id)}"

    def become(self, who: str) -> str:
        """The browser has this one's session from now on. Returns its token."""
        token = self.start(who)
        self.client.cookies.clear()
        self.client.cookies.set(self.cookie, token)
        return token

    def open(self, token: str | None, page: str | None = None) -> AppTest:
        """A page of the console, run once; the one that opens first unless said otherwise."""
        self.show_to(token)
        app = AppTest.from_file(str(server.ENTRY), default_timeout=PAGE_LIMIT_S).run()
        return app.switch_page(f"app_pages/{page}.py").run() if page else app

    def show_to(self, token: str | None) -> None:
        """Pages that run from now on find this token in the browser's cookie."""
        self.monkeypatch.setattr(console.widgets.session, "token", lambda: token)

    def booking(self, athlete: str) -> Booking:
        with self.services.database.read() as session:
            return session.scalars(select(Booking).where(Booking.id == self.bookings[athlete])).one()

    def answer(self, athlete: str, decision: Decision, who: str = "nora", reason: str | None = None) -> None:
        """Somebody answers elsewhere."""
        found = self.booking(athlete)
        self.services.database.transact(
            lambda tx: decide_as_staff(
                tx.session,
                tx.coach,
                found.id,
                decision,
                by=as_staff(self.account(who).id),
                reason=reason,
                now=tx.now,
            ),
            coach=found.coach_id,
        )

    def account(self, who: str) -> Account:
        with self.services.database.read() as session:
            return session.scalars(select(Account).where(Account.email == f"{who}@spirit.example")).one()

    def disable(self, who: str) -> None:
        self.services.database.transact(lambda tx: _disable(tx.session, who, now=tx.now))

    def sessions(self) -> list[StaffSession]:
        with self.services.database.read() as session:
            return list(session.scalars(select(StaffSession).order_by(StaffSession.id)))

    def mails(self, kind: MessageKind) -> list[OutboxMessage]:
        with self.services.database.read() as session:
            query = select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id)
            return list(session.scalars(query))


@pytest.fixture(autouse=True)
def same_main() -> Iterator[None]:
    """Streamlit puts the page it runs in the place of `__main__`, and processes that start later would run it too."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def monitors_are_closed() -> Iterator[None]:
    yield
    close_monitors()


@pytest.fixture(autouse=True)
def packages_are_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each AppTest looks through all installed packages for Streamlit components, which takes longer than its page."""
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", COMPONENTS)


@pytest.fixture
def furnish(request: pytest.FixtureRequest) -> Furnish | None:
    """Whoever has a desk finds the gym open."""
    return _open_gym if "desk" in request.fixturenames else None


@pytest.fixture
def desk(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    nudged: list[str] = []

    async def nudge(of: Services, task: tasks.Task) -> None:
        nudged.append(task.__name__)

    monkeypatch.setattr(tasks, "nudge", nudge)
    monkeypatch.setattr(tasks, "nudge_from_thread", lambda _, task: nudged.append(task.__name__))
    monkeypatch.setattr(console.widgets.session, "services_from_environment", lambda: services)
    with (
        time_machine.travel(OPENS, tick=False) as clock,
        TestClient(app_without_streamlit(services), base_url=services.settings.console_url) as client,
    ):
        found = Desk(client, services, clock, monkeypatch, nudged)
        with services.database.read() as session:
            found.bookings = {row.athlete_name: row.id for row in session.scalars(select(Booking))}
        yield found


def _open_gym(database: Database) -> None:
    """Ida asked Nora first, then Ben; then Mia asked Omar, who wants to be asked here."""
    with time_machine.travel(NOW, tick=False) as clock:
        _let_families_ask(database, clock)


def _let_families_ask(database: Database, clock: time_machine.Traveller) -> None:
    with database.write() as transaction:
        hers, his = nora(transaction.session), omar(transaction.session)
        his.asks = Asks.ALWAYS
        ada(transaction.session)
        the_gym(
            transaction.session
        ).console_refresh_s = 600  # no page is drawn anew by itself, however slow the machine
        wishes = [("Ida", hers, at(1, 16)), ("Ben", hers, at(1, 9)), ("Mia", his, at(2, 9))]
        wanted = [sam_wants(coach, coach.lessons[1], start, athlete_name=name) for name, coach, start in wishes]
    for wish in wanted:
        database.transact(lambda tx: request_lesson(tx.session, tx.coach, wish, now=tx.now), coach=wish.coach_id)
        clock.shift(timedelta(minutes=1))


def _start(session: Session, who: str, *, now: datetime) -> str:
    account = session.scalars(select(Account).where(Account.email == f"{who}@spirit.example")).one()
    return start_session(session, account.id, user_agent="a test", now=now)


def _disable(session: Session, who: str, *, now: datetime) -> None:
    session.scalars(select(Account).where(Account.email == f"{who}@spirit.example")).one().disabled_at = now
