"""A gym with a past: plausible, obeying every guard, and the same when it is loaded twice."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.bookings.models import Booking, BookingEvent, Hold, Status
from core.demo import big_gym as demo_big
from core.platform import clock
from core.platform.services import Services
from core.schedule.models import Coach


@pytest.fixture
def big(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Six coaches and three months are enough to tell."""
    monkeypatch.setattr(demo_big, "MAX_COACHES", 6)
    monkeypatch.setattr(demo_big, "PAST_DAYS", 90)
    demo_big.load_big_demo(services)
    return services


def test_every_booking_is_as_the_commands_would_have_left_it(big: Services) -> None:
    now = clock.now()
    with big.database.read() as session:
        bookings = session.scalars(select(Booking)).all()
        events = Counter(session.scalars(select(BookingEvent.booking_id)))
        held = set(session.scalars(select(Hold.booking_id)))
        assert session.scalar(select(func.count()).select_from(Coach)) == 6
    assert len(bookings) > 400
    for booking in bookings:
        takes_time = booking.status in (Status.PENDING, Status.APPROVED)
        assert (booking.id in held) == takes_time
        assert events[booking.id] == booking.version
        assert booking.requested_at <= booking.changed_at <= now
        assert booking.status is not Status.PENDING or (booking.expires_at or now) >= now - timedelta(minutes=5)
    states = Counter(booking.status for booking in bookings)
    assert set(states) == set(Status)
    assert states[Status.APPROVED] > len(bookings) / 2


def test_loaded_again_it_stays_as_it_is(big: Services) -> None:
    before = _count(big)
    demo_big.load_big_demo(big)
    assert _count(big) == before


def _count(services: Services) -> tuple[int, int]:
    def of(session: Session, table: type[Booking] | type[Hold]) -> int:
        return session.scalar(select(func.count()).select_from(table)) or 0

    with services.database.read() as session:
        return of(session, Booking), of(session, Hold)
