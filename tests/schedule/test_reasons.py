"""A refusal gives the true reason, for a person and for a program."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from core.bookings import slots
from core.bookings.requests import request_lesson
from core.errors import SlotUnavailable
from core.schedule.availability import Busy, Rules, Window
from core.schedule.models import Asks
from core.schedule.refusal_reasons import Reason, sentence, why_not_offered
from tests.support.people import NOW, at, first_lesson, nora, sam_wants, tumbling

HOUR = timedelta(hours=1)
RULES = Rules(
    zone=ZoneInfo("America/Los_Angeles"),
    weekly={day: (Window(9 * 60, 18 * 60),) for day in range(5)},
    extra={},
    removed={},
    notice=2 * HOUR,
    horizon_days=60,
    step_min=30,
    lesson=HOUR,
    buffer_before=timedelta(0),
    buffer_after=timedelta(minutes=15),
    asks=Asks.ALWAYS,
    asks_under=24 * HOUR,
    expiry_before=HOUR,
)
LATE_ASKER = replace(RULES, notice=timedelta(0))
AT_NIGHT = replace(RULES, weekly={6: (Window(0, 6 * 60),)})
TAKEN = [Busy(at(1, 16), at(1, 17, 15))]


@pytest.mark.parametrize(
    ("rules", "busy", "starts_at", "reason"),
    [
        pytest.param(RULES, [], at(-1, 12), Reason.PAST, id="past"),
        pytest.param(RULES, [], at(61, 12), Reason.BEYOND_HORIZON, id="horizon"),
        pytest.param(RULES, [], at(1, 3), Reason.OUTSIDE_HOURS, id="night"),
        pytest.param(RULES, [], at(1, 17, 30), Reason.OUTSIDE_HOURS, id="would stick out"),
        pytest.param(RULES, [], at(5, 12), Reason.OUTSIDE_HOURS, id="day off"),
        pytest.param(RULES, [], at(1, 16, 10), Reason.OFF_STEP, id="minute"),
        pytest.param(RULES, [], at(1, 16) + timedelta(seconds=1), Reason.OFF_STEP, id="second"),
        pytest.param(RULES, TAKEN, at(1, 16), Reason.TAKEN, id="taken"),
        pytest.param(RULES, TAKEN, at(1, 17), Reason.TAKEN, id="buffer"),
        pytest.param(RULES, [], at(0, 10, 30), Reason.TOO_SOON, id="notice"),
        pytest.param(LATE_ASKER, [], at(0, 10), Reason.TIME_TO_ANSWER, id="time to answer"),
    ],
)
def test_each_reason_is_told_from_the_others(
    rules: Rules, busy: list[Busy], starts_at: datetime, reason: Reason
) -> None:
    assert why_not_offered(rules, busy, starts_at, NOW) is reason


def test_no_two_reasons_are_said_in_the_same_words() -> None:
    said = {sentence(reason, RULES, "Nora") for reason in Reason}
    assert len(said) == len(Reason)


def test_a_request_that_has_run_out_takes_nothing() -> None:
    waiting = [Busy(at(0, 10), at(0, 11), until=NOW)]
    assert why_not_offered(RULES, waiting, at(0, 10), NOW) is Reason.TOO_SOON


def test_the_second_pass_of_an_hour_that_comes_twice_is_the_clocks() -> None:
    second = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    assert why_not_offered(AT_NIGHT, [], second, second - timedelta(days=3)) is Reason.CLOCK_CHANGE


def test_hours_that_the_clock_skips_are_the_clocks() -> None:
    in_the_gap = replace(RULES, weekly={}, extra={date(2027, 3, 14): (Window(2 * 60, 3 * 60),)}, lesson=HOUR / 2)
    skip = datetime(2027, 3, 14, 10, 0, tzinfo=UTC)
    assert why_not_offered(in_the_gap, [], skip, skip - timedelta(days=3)) is Reason.CLOCK_CHANGE


def test_seventy_minutes_ahead_is_too_soon_to_be_answered_and_not_taken(session: Session) -> None:
    """A free time of a coach without notice, whose requests end an hour before the lesson."""
    coach = nora(session, notice_min=0, expiry_before_min=60)
    with pytest.raises(SlotUnavailable, match="less than 30 minutes to answer") as refused:
        request_lesson(session, coach, sam_wants(coach, tumbling(session), at(0, 10)), now=at(0, 8, 50))
    assert refused.value.reason == "time_to_answer" and refused.value.title == "That time cannot be booked"
    assert refused.value.next_slots[0] > at(0, 10)


def test_a_time_that_somebody_has_is_taken(session: Session) -> None:
    coach, lesson = nora(session), first_lesson(session)
    request_lesson(session, coach, sam_wants(coach, lesson, at(1, 16)), now=NOW)
    with pytest.raises(SlotUnavailable, match="This time is taken") as refused:
        slots.check_offered(session, coach, lesson, at(1, 16), now=NOW)
    assert (refused.value.reason, refused.value.title) == ("taken", "That time is gone")
