"""How a coach takes requests: which values can be, which cannot work together, and what a change of them changes."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.bookings import requests, slots
from core.bookings.models import Booking, Status
from core.errors import Invalid, SlotUnavailable
from core.outbox.models import MessageKind, OutboxMessage
from core.schedule import preferences
from core.schedule.availability import Slot
from core.schedule.models import Asks, Coach
from core.schedule.preferences import STEPS_MIN, Preferences
from tests.support import people
from tests.support.actors import as_staff
from tests.support.people import NOW, at, sam_wants

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONDAY = date(2026, 11, 23)
DAY_MIN = 24 * 60
USUAL: dict[str, Any] = {
    "notice_min": 120,
    "horizon_days": 60,
    "slot_step_min": 30,
    "asks": "ALWAYS",
    "asks_under_hours": 24,
    "expiry_before_min": 60,
    "answer_within_min": 2 * DAY_MIN,
    "reminder_before_min": 120,
    "request_mails": True,
    "roll_up": True,
    "daily_summary": False,
}
BOUNDS = {
    "notice_min": (0, 14 * DAY_MIN),
    "horizon_days": (1, 366),
    "slot_step_min": (5, 240),
    "asks_under_hours": (1, 14 * 24),
    "expiry_before_min": (15, 2 * DAY_MIN),
    "answer_within_min": (30, 14 * DAY_MIN),
    "reminder_before_min": (5, 7 * DAY_MIN),
}
LONG_ENOUGH = {"answer_within_min": 14 * DAY_MIN}
NO_REMINDER = {"reminder_before_min": None}


def parse(**changes: Any) -> Preferences:
    return Preferences.parse({**USUAL, **changes})


def refused(**changes: Any) -> dict[str, str]:
    """What is said, by field."""
    with pytest.raises(Invalid) as refusal:
        parse(**changes)
    return refusal.value.fields


def prefer(session: Session, coach: Coach, **changes: Any) -> None:
    preferences.set_preferences(session, coach, parse(**changes), by=as_staff(coach.account_id), now=NOW)


def free(session: Session, coach: Coach, *, now: datetime = NOW, days: int = 1) -> tuple[Slot, ...]:
    """Half an hour with her, from this Monday on."""
    lesson, last_on = people.first_lesson(session), MONDAY + (days - 1) * DAY
    return slots.open_slots(session, coach, lesson, first_on=MONDAY, last_on=last_on, now=now).slots


def asked(session: Session, coach: Coach, starts_at: datetime) -> Booking:
    wanted = sam_wants(coach, people.first_lesson(session), starts_at)
    return requests.request_lesson(session, coach, wanted, now=NOW)


def reminders(session: Session, booking: Booking) -> list[datetime]:
    """When she will be reminded of this request."""
    about_it = select(OutboxMessage.due_at).where(OutboxMessage.booking_id == booking.id)
    return list(session.scalars(about_it.where(OutboxMessage.kind == MessageKind.REMINDER)))


@pytest.mark.parametrize("field", BOUNDS)
def test_every_value_is_kept_to_its_bounds_and_not_one_beyond(session: Session, field: str) -> None:
    nora, (least, most), label = people.nora(session), BOUNDS[field], Preferences.labels()[field]
    others = NO_REMINDER if field == "answer_within_min" else LONG_ENOUGH
    for value in (least, most):
        prefer(session, nora, **{**others, field: value})
        session.refresh(nora)
        assert getattr(nora, field) == value
    assert refused(**{**others, field: least - 1}) == {field: f"{label}: this should be at least {least}."}
    assert refused(**{**others, field: most + 1}) == {field: f"{label}: this should be at most {most}."}
    assert refused(**{**others, field: "soon"}) == {field: f"{label}: this should be a whole number."}
    assert refused(**{**others, field: 45.5}) == {field: f"{label}: this should be a whole number."}


def test_all_that_is_wrong_is_said_at_once() -> None:
    said = refused(notice_min=-1, horizon_days=367, slot_step_min=None, reminder_before_min=4)
    assert list(said) == ["notice_min", "horizon_days", "slot_step_min", "reminder_before_min"]
    said = refused(horizon_days=1, notice_min=2 * DAY_MIN, expiry_before_min=2 * DAY_MIN)
    assert list(said) == ["notice_min", "expiry_before_min"]


def test_nothing_is_left_out_or_unknown() -> None:
    assert set(USUAL) == set(Preferences.model_fields)
    for values in ({**USUAL, "mood": 1}, {name: value for name, value in USUAL.items() if name != "notice_min"}):
        with pytest.raises(Invalid):
            Preferences.parse(values)
    assert list(refused(asks="SOMETIMES")) == ["asks"]


@pytest.mark.parametrize("asks", list(Asks))
def test_what_she_has_can_be_kept_as_it_stands(session: Session, asks: Asks) -> None:
    coach = people.coach(session, "luna", "Luna", [])
    prefer(session, coach, asks=asks, **NO_REMINDER)
    session.refresh(coach)
    hers = Preferences.of(coach)
    assert Preferences.parse(hers.model_dump()) == hers == parse(asks=asks, **NO_REMINDER)
    assert {step: parse(slot_step_min=step).slot_step_min for step in STEPS_MIN} == {step: step for step in STEPS_MIN}


@pytest.mark.parametrize(
    ("others", "field", "least_wrong", "sentence"),
    [
        ({"horizon_days": 2}, "notice_min", 3 * DAY_MIN, "longer than the horizon"),
        ({"horizon_days": 1}, "expiry_before_min", 2 * DAY_MIN - 30, "would expire before anybody could make them"),
        ({"answer_within_min": 60}, "reminder_before_min", 60, "would come before the request"),
    ],
)
def test_what_cannot_work_together_is_said_at_its_field(
    others: dict[str, int], field: str, least_wrong: int, sentence: str
) -> None:
    said = refused(**others, **{field: least_wrong})
    assert list(said) == [field] and sentence in said[field]
    assert preferences.conflicts(parse(**others, **{field: least_wrong - 1})) == {}


def test_a_coach_who_is_never_asked_has_no_deadlines_that_conflict() -> None:
    deadlines = {
        "horizon_days": 1,
        "expiry_before_min": 2 * DAY_MIN,
        "answer_within_min": 60,
        "reminder_before_min": 60,
    }
    assert list(refused(**deadlines)) == ["expiry_before_min", "reminder_before_min"]
    assert list(refused(**deadlines, asks="UNDER_NOTICE")) == ["reminder_before_min"]
    assert parse(**deadlines, asks="NEVER").asks is Asks.NEVER
    assert list(refused(**deadlines, asks="NEVER", notice_min=2 * DAY_MIN)) == ["notice_min"]


def test_a_notice_shorter_than_the_time_to_answer_is_remarked() -> None:
    said = preferences.remarks(parse(notice_min=89))
    assert len(said) == 1 and "at least 90 minutes ahead" in said[0] and "expires 60 minutes before" in said[0]
    assert preferences.remarks(parse(notice_min=90)) == []
    assert preferences.remarks(parse(notice_min=0, asks="NEVER")) == []
    assert preferences.remarks(parse(notice_min=0, asks="UNDER_NOTICE")) == []


def test_preferences_change_what_parents_are_offered(session: Session) -> None:
    nora = people.nora(session)
    prefer(session, nora, notice_min=180, slot_step_min=120)
    assert free(session, nora) == tuple(Slot(at(0, h), at(0, h, 30), True) for h in (13, 15, 17))
    prefer(session, nora, notice_min=0, slot_step_min=240, asks="NEVER")
    assert free(session, nora) == tuple(Slot(at(0, h), at(0, h, 30), False) for h in (9, 13, 17))
    prefer(session, nora, notice_min=0, slot_step_min=240, asks="UNDER_NOTICE", asks_under_hours=8, horizon_days=1)
    asks = {slot.starts_at: slot.requires_approval for slot in free(session, nora, days=3)}
    assert asks == {at(0, 13): True, at(0, 17): False, at(1, 9): False, at(1, 13): False, at(1, 17): False}
    with pytest.raises(SlotUnavailable):
        asked(session, nora, at(2, 9))


def test_a_request_that_waits_keeps_its_deadline_and_the_next_has_the_new_one(session: Session) -> None:
    nora = people.nora(session)
    before = asked(session, nora, at(4, 16))
    prefer(session, nora, answer_within_min=90, reminder_before_min=30, asks="ALWAYS")
    after = asked(session, nora, at(4, 15))
    prefer(session, nora, expiry_before_min=2 * DAY_MIN, reminder_before_min=None)
    last = asked(session, nora, at(3, 16))
    prefer(session, nora, asks="NEVER")
    session.expire_all()
    assert [booking.expires_at for booking in (before, after, last)] == [NOW + 2 * DAY, NOW + 90 * MINUTE, at(1, 16)]
    assert reminders(session, before) == [NOW + 2 * DAY - 2 * HOUR]
    assert (reminders(session, after), reminders(session, last)) == ([NOW + HOUR], [])
    assert {booking.status for booking in (before, after, last)} == {Status.PENDING}
