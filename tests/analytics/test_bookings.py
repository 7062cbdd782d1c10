"""How the booking goes: what became of requests, how soon coaches answer, how full their hours are, whether they came."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from analytics import bookings, gym_counts
from analytics.time_window import Window
from core.bookings.models import Attendance, Booking, Status
from core.platform.actor import ActorRole, Channel
from core.schedule.models import Coach, DateOverride
from tests.support import people
from tests.support.people import NOW, ZONE

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
ASKED_AT = NOW - 10 * DAY
LATELY = Window(NOW - 20 * DAY, NOW, ZONE)


@dataclass
class Gym:
    session: Session
    nora: Coach
    omar: Coach
    number: int = 0

    def note(self, coach: Coach, status: Status, **changes: Any) -> None:
        """A booking as the commands would have left it."""
        self.number += 1
        starts_at = changes.pop("starts_at", ASKED_AT + 3 * DAY + self.number * HOUR)
        row = {
            "handle": f"handle-{self.number}", "coach_id": coach.id, "lesson_type_id": coach.lessons[0].id, "status": status,
            "starts_at": starts_at, "ends_at": changes.pop("ends_at", starts_at + HOUR), "price_cents": 1, "customer_name": "Sam",
            "customer_email": "sam@example.org", "athlete_name": "Ida", "requested_at": ASKED_AT, "changed_at": ASKED_AT,
            "changed_by": ActorRole.PARENT, "channel": Channel.SITE, "expires_at": ASKED_AT + 2 * DAY,
        }  # fmt: skip
        self.session.execute(insert(Booking), [row | changes])


@pytest.fixture
def gym(session: Session) -> Gym:
    return Gym(session, people.nora(session), people.omar(session))


def test_what_became_of_the_requests_of_a_range(gym: Gym) -> None:
    for minutes in (10, 20, 30):
        gym.note(gym.nora, Status.APPROVED, approved_at=ASKED_AT + minutes * MINUTE)
    gym.note(gym.nora, Status.DENIED, denied_at=ASKED_AT + 40 * MINUTE)
    gym.note(gym.nora, Status.EXPIRED, expired_at=ASKED_AT + 2 * DAY)
    gym.note(gym.nora, Status.PENDING)
    gym.note(gym.nora, Status.PENDING, expires_at=NOW + DAY)
    gym.note(gym.omar, Status.APPROVED, approved_at=ASKED_AT, expires_at=None)
    gym.note(gym.omar, Status.CANCELLED, approved_at=ASKED_AT, expires_at=None, cancelled_at=ASKED_AT + DAY)
    gym.note(gym.omar, Status.APPROVED, requested_at=LATELY.start - MINUTE, approved_at=LATELY.start)
    found = bookings.asked(gym.session, LATELY, now=NOW)
    every = found.all
    assert (every["requests"], every["asked"], every["answered"]) == (9, 7, 4)
    assert (every["approved"], every["denied"], every["expired"], every["waiting"], every["cancelled"]) == (
        5,
        1,
        2,
        1,
        1,
    )
    assert every["answer_p50_min"] == 20 and every["answer_p95_min"] == 40, "who was not asked answered nothing"
    nora, omar = found.by_coach.to_pylist()
    assert (nora["coach"], nora["requests"], nora["expired"]) == ("Nora Lindqvist", 7, 2)
    assert (omar["coach"], omar["requests"], omar["answer_p50_min"]) == ("Omar Haddad", 2, None)
    became = {row["became"]: row["n"] for row in found.over_time.to_pylist()}
    assert became == {"approved": 4, "denied": 1, "expired": 2, "waiting": 1, "cancelled": 1}


def test_two_coaches_of_one_name_are_told_apart(gym: Gym) -> None:
    gym.omar.account.name = gym.nora.account.name
    gym.note(gym.nora, Status.APPROVED, approved_at=ASKED_AT + MINUTE)
    gym.note(gym.omar, Status.DENIED, denied_at=ASKED_AT + 2 * MINUTE)
    names = {f"Nora Lindqvist ({gym.nora.slug})", f"Nora Lindqvist ({gym.omar.slug})"}
    found = bookings.asked(gym.session, LATELY, now=NOW)
    assert {row["coach"]: row["requests"] for row in found.by_coach.to_pylist()} == dict.fromkeys(names, 1)
    taught = bookings.taught(gym.session, LATELY, now=NOW).to_pylist()
    assert {row["coach"] for row in taught} == names
    assert {cell.coach for cell in bookings.fill(gym.session, LATELY)} == names


def test_of_an_empty_range_nothing_is_made_up(gym: Gym) -> None:
    found = bookings.asked(gym.session, Window(NOW - 900 * DAY, NOW - 800 * DAY, ZONE), now=NOW)
    assert found.all.get("requests", 0) == 0 and found.by_coach.num_rows == 0
    assert bookings.taught(gym.session, LATELY, now=NOW).num_rows == 0


def test_whether_they_came_is_told_of_lessons_that_have_begun(gym: Gym) -> None:
    gym.note(gym.nora, Status.APPROVED, attendance=Attendance.TAUGHT)
    gym.note(gym.nora, Status.APPROVED, attendance=Attendance.NO_SHOW)
    gym.note(gym.nora, Status.APPROVED)
    gym.note(gym.nora, Status.CANCELLED, cancelled_late=True)
    gym.note(gym.nora, Status.CANCELLED)
    gym.note(gym.nora, Status.APPROVED, starts_at=NOW + HOUR)
    assert bookings.taught(gym.session, Window(LATELY.start, NOW + DAY, ZONE), now=NOW).to_pylist() == [
        {"coach": "Nora Lindqvist", "lessons": 3, "noted": 2, "no_shows": 1, "cancelled": 2, "cancelled_late": 1}
    ]


def filled(gym: Gym, window: Window) -> dict[tuple[str, int], tuple[float, float]]:
    return {
        (cell.coach.split()[0], cell.weekday): (cell.offered_h, cell.booked_h)
        for cell in bookings.fill(gym.session, window)
    }


def test_how_full_the_offered_hours_are_by_coach_and_weekday(gym: Gym) -> None:
    monday = people.at(0, 0)
    week = Window(monday, monday + 7 * DAY, ZONE)
    gym.note(gym.nora, Status.APPROVED, starts_at=people.at(1, 16), ends_at=people.at(1, 17))
    gym.note(gym.nora, Status.DENIED, starts_at=people.at(1, 10))
    gym.session.add_all(
        [
            DateOverride(coach_id=gym.nora.id, local_on=date(2026, 11, 25), adds=False, start_min=0, end_min=1440),
            DateOverride(
                coach_id=gym.nora.id, local_on=date(2026, 11, 26), adds=True, start_min=18 * 60, end_min=20 * 60
            ),
        ]
    )
    gym.session.flush()
    found = filled(gym, week)
    assert found["Nora", 0] == (9, 0) and found["Nora", 1] == (9, 1)
    assert ("Nora", 2) not in found, "a day off offers nothing"
    assert found["Nora", 3] == (11, 0) and found["Omar", 4] == (9, 0)
    shares = {(cell.coach, cell.weekday): cell.share for cell in bookings.fill(gym.session, week)}
    assert shares["Nora Lindqvist", 1] == 1 / 9


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 8), 3.0), (date(2026, 11, 1), 5.0), (date(2026, 11, 8), 4.0)]
)
def test_a_night_of_23_or_25_hours_offers_an_hour_less_or_more(session: Session, day: date, hours: float) -> None:
    people.coach(session, "owl", "Owl", [people.first_lesson(session)], [((6,), 0, 4)])
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE) - DAY
    window = Window(start.astimezone(UTC), (start + 3 * DAY).astimezone(UTC), ZONE)
    assert [cell.offered_h for cell in bookings.fill(session, window)] == [hours]


def test_hours_that_are_still_to_come_are_not_offered_yet(gym: Gym) -> None:
    half = Window(people.at(0, 0), people.at(0, 13), ZONE)
    assert filled(gym, half)["Nora", 0] == (4, 0)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 11, 2), 24)])
def test_bookings_of_a_local_day_are_those_of_all_its_hours(gym: Gym, day: date, hours: int) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
    for after in (-MINUTE, timedelta(), (hours - 1) * HOUR, hours * HOUR - MINUTE, hours * HOUR):
        gym.note(gym.nora, Status.PENDING, requested_at=start + after)
    assert gym_counts.bookings_on(gym.session, day, ZONE) == 3
    assert gym_counts.bookings_on(gym.session, day, ZONE, upto=start + HOUR) == 1
