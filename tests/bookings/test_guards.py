"""The guards that the database keeps itself, whatever the code does: the wall of holds, and history that stays."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import bindparam, delete, insert, text, update
from sqlalchemy.exc import IntegrityError

from core.bookings import requests
from core.bookings.models import Booking, BookingEvent, Hold, HoldKind, Status
from core.bookings.transition import change
from core.errors import IdempotencyMismatch, SlotUnavailable
from core.platform.db import guard_named
from core.platform.orm import Instant
from core.schedule.availability import Slot
from tests.bookings.conftest import TUESDAY_AT_FOUR, House
from tests.support.people import NOW, at, sam_wants

MINUTE, HOUR, INSTANT = timedelta(minutes=1), timedelta(hours=1), timedelta(microseconds=1)
FROM, TO = TUESDAY_AT_FOUR, TUESDAY_AT_FOUR + HOUR + 15 * MINUTE  # Ida's lesson and its buffer
INSERT = text(
    "INSERT INTO hold (coach_id, booking_id, kind, busy_from, busy_to)"
    " VALUES (:coach, :booking, 'LESSON', :start, :end)"
).bindparams(bindparam("start", type_=Instant()), bindparam("end", type_=Instant()))  # as from a database shell


@contextmanager
def refused_by(house: House, guard: str) -> Iterator[None]:
    with pytest.raises(IntegrityError) as refusal, house.session.begin_nested():
        yield
    assert guard in guard_named(refusal.value)


def insert_by_hand(
    house: House, booking: Booking, start: datetime, end: datetime, *, coach_id: int | None = None
) -> None:
    values = {"coach": coach_id or house.nora.id, "booking": booking.id, "start": start, "end": end}
    house.session.execute(INSERT, values)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (FROM, TO),
        (FROM + MINUTE, TO - MINUTE),
        (FROM - HOUR, TO + HOUR),
        (FROM - HOUR, FROM + INSTANT),
        (TO - INSTANT, TO + HOUR),
    ],
)
def test_the_wall_refuses_an_overlap_written_by_hand(house: House, start: datetime, end: datetime) -> None:
    booking = house.ask()
    with refused_by(house, "ex_hold_coach"):
        insert_by_hand(house, booking, start, end)


@pytest.mark.parametrize(("start", "end"), [(FROM - HOUR, FROM), (TO, TO + HOUR)])
def test_the_wall_lets_neighbours_touch(house: House, start: datetime, end: datetime) -> None:
    booking = house.ask()
    insert_by_hand(house, booking, start, end)
    assert house.count(Hold) == 2


def test_the_wall_stands_between_lessons_of_one_coach_only(house: House) -> None:
    booking = house.ask()
    insert_by_hand(house, booking, FROM, TO, coach_id=house.omar.id)
    assert house.count(Hold) == 2


@pytest.mark.parametrize("moved", [{"busy_from": FROM, "busy_to": TO}, {"busy_to": FROM + INSTANT}])
def test_the_wall_refuses_a_hold_that_moves_onto_another(house: House, moved: dict[str, Any]) -> None:
    house.ask()
    other = house.ask(at(1, 10))
    with refused_by(house, "ex_hold_coach"):
        house.session.execute(update(Hold).where(Hold.booking_id == other.id).values(**moved))


def test_the_wall_refuses_a_hold_that_changes_over_to_a_busy_coach(house: House) -> None:
    house.ask()
    other = house.booked()
    with refused_by(house, "ex_hold_coach"):
        house.session.execute(update(Hold).where(Hold.booking_id == other.id).values(coach_id=house.nora.id))


def test_a_hold_may_move_over_its_own_time(house: House) -> None:
    booking = house.ask()
    later = {"busy_from": FROM + MINUTE, "busy_to": TO + MINUTE}
    house.session.execute(update(Hold).where(Hold.booking_id == booking.id).values(**later))
    assert house.holds(booking) == [(FROM + MINUTE, TO + MINUTE)]


def test_a_hold_ends_after_it_begins(house: House) -> None:
    booking = house.ask()
    for end in (FROM - HOUR, FROM - 2 * HOUR):
        with pytest.raises(IntegrityError), house.session.begin_nested():
            insert_by_hand(house, booking, FROM - HOUR, end)


def test_several_holds_of_one_statement_are_checked_against_each_other(house: House) -> None:
    booking = house.ask(at(1, 9))
    pair = [
        {"coach_id": house.nora.id, "booking_id": booking.id, "kind": HoldKind.LESSON, "busy_from": FROM, "busy_to": TO}
        for _ in range(2)
    ]
    with refused_by(house, "ex_hold_coach"):
        house.session.execute(insert(Hold), pair)


def test_history_cannot_be_altered(house: House) -> None:
    house.ask()
    with refused_by(house, "booking_event_append_only"):
        house.session.execute(update(BookingEvent).values(channel="API"))
    with refused_by(house, "booking_event_append_only"):
        house.session.execute(text("UPDATE booking_event SET at = at"))
    assert house.count(BookingEvent) == 1


def test_history_cannot_be_removed(house: House) -> None:
    house.ask()
    with refused_by(house, "booking_event_append_only"):
        house.session.execute(delete(BookingEvent))
    assert house.count(BookingEvent) == 1


def test_a_request_that_slips_past_the_offer_meets_the_wall_and_is_told_the_next_free_times(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.ask()
    offered = Slot(TUESDAY_AT_FOUR, TUESDAY_AT_FOUR + HOUR, requires_approval=True)
    with monkeypatch.context() as patched:
        patched.setattr("core.bookings.slots.check_offered", Mock(return_value=offered))
        with pytest.raises(SlotUnavailable) as refusal:
            house.ask(customer_email="priya@example.org")
    assert refusal.value.next_slots[0] == at(2, 9)
    assert (house.count(Booking), house.count(Hold)) == (1, 1)
    assert house.ask(at(2, 9)).id  # the session is as usable as before


def test_a_key_that_another_coachs_transaction_stored_meanwhile_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coaches are different queues: both requests find no such key, and the second meets the unique index."""
    key = "the-key-of-one-form"
    house.ask(idempotency_key=key)
    monkeypatch.setattr("core.bookings.requests.same_key", Mock(return_value=None))
    with pytest.raises(IdempotencyMismatch):
        house.booked(idempotency_key=key)
    assert house.count(Booking) == 1


def test_a_database_refuses_a_request_that_would_never_expire(house: House) -> None:
    booking = house.ask()
    with pytest.raises(IntegrityError), house.session.begin_nested():
        house.session.execute(update(Booking).where(Booking.id == booking.id).values(expires_at=None))


def test_a_change_that_somebody_else_made_first_is_lost(house: House) -> None:
    booking = house.ask()
    house.session.execute(
        update(Booking).where(Booking.id == booking.id).values(version=2).execution_options(synchronize_session=False)
    )
    before = house.events(booking)
    assert not change(house.session, booking, Status.APPROVED, by=house.by_nora, now=NOW)
    assert (booking.status, booking.version) == (Status.PENDING, 2)
    assert house.events(booking) == before
    wanted = sam_wants(house.nora, house.tumbling, at(2, 9))
    assert requests.request_lesson(house.session, house.nora, wanted, now=NOW).status is Status.PENDING
