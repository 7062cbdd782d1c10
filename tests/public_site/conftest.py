"""
The site as its visitors meet it, on a Monday morning.

    gym        the site's client with Nora (always asks), Omar (booked directly) and their lessons, on both databases
    gym.post   a form as a browser sends it from our own page
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import time_machine
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from core.bookings.models import Booking
from core.gym.models import the_gym
from core.outbox.models import MessageKind, OutboxMessage
from core.platform.db import Database
from core.platform.services import Services
from core.platform.signed_tokens import Signer
from core.schedule.models import Coach, LessonType
from public_site.app import create_app
from tests.support.databases import Furnish
from tests.support.people import NOW, at, nora, omar

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
TUESDAY_FOUR = at(1, 16)


@dataclass
class Gym:
    """The site, its services, and what its pages know about Nora and Omar."""

    client: TestClient
    services: Services
    clock: Any
    nora_id: int
    omar_id: int
    tumbling_id: int
    first_id: int

    @property
    def signer(self) -> Signer:
        return self.services.signer

    def get(self, path: str, **options: Any) -> Response:
        return self.client.get(path, follow_redirects=False, **options)

    def post(self, path: str, values: dict[str, Any], **headers: str) -> Response:
        return self.client.post(
            path, data=values, headers={**OWN_PAGE, **URLENCODED, **headers}, follow_redirects=False
        )

    def form(
        self, starts_at: datetime = TUESDAY_FOUR, lesson: str = "tumbling-60", coach: str = "nora"
    ) -> dict[str, str]:
        """A fresh form's hidden fields, filled in by Sam for Ida."""
        page = self.get(f"/coaches/{coach}/{lesson}/request?start={as_text(starts_at)}")
        assert page.status_code == 200, page.text
        return {**hidden(page.text), **SAM}

    def book(self, starts_at: datetime = TUESDAY_FOUR, **choice: str) -> Booking:
        """Sam's request, through the form; returns what was stored."""
        answer = self.post("/bookings", self.form(starts_at, **choice))
        assert answer.status_code == 303, answer.text
        return self.booking(answer.headers["location"].rpartition("/")[2])

    def booking(self, handle: str) -> Booking:
        with self.services.database.read() as session:
            return session.scalars(select(Booking).where(Booking.handle == handle)).one()

    def bookings(self) -> list[Booking]:
        with self.services.database.read() as session:
            return list(session.scalars(select(Booking).order_by(Booking.id)))

    def mails(self) -> list[MessageKind]:
        with self.services.database.read() as session:
            return list(session.scalars(select(OutboxMessage.kind).order_by(OutboxMessage.id)))

    def token(self, booking: Booking) -> str:
        """The one in the coach's mail."""
        return self.signer.decide(booking.id, booking.coach_id, booking.slot_version)


SAM = {
    "customer_name": "Sam Rivera",
    "customer_email": "sam@example.org",
    "customer_phone": "",
    "athlete_name": "Ida",
    "notes": "",
}


@pytest.fixture
def furnish(request: pytest.FixtureRequest) -> Furnish | None:
    """Who has a gym finds its coaches there."""
    return _open_gym if "gym" in request.fixturenames else None


@pytest.fixture
def gym(services: Services) -> Iterator[Gym]:
    with services.database.read() as session:
        coaches = {coach.slug: coach.id for coach in session.scalars(select(Coach))}
        lessons = {lesson.slug: lesson.id for lesson in session.scalars(select(LessonType))}
    ids = (coaches["nora"], coaches["omar"], lessons["tumbling-60"], lessons["first-lesson-30"])
    with (
        time_machine.travel(NOW, tick=False) as clock,
        TestClient(create_app(services), base_url=services.settings.base_url) as client,
    ):
        yield Gym(client, services, clock, *ids)


def _open_gym(database: Database) -> None:
    with time_machine.travel(NOW, tick=False), database.write() as transaction:
        nora(transaction.session)
        omar(transaction.session)
        gym = the_gym(transaction.session)
        gym.email, gym.street, gym.cancellation_fee_text = "hello@spirit.example", "12 Mill Street", "Half is due."


def as_text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))


def words(html: str) -> str:
    """What can be read on the page, in one line."""
    return " ".join(re.sub(r"<[^>]+>", "", html.partition("<main")[2]).split())
