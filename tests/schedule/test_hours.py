"""A coach's week and her single days: what is kept, what is refused, and which lessons fall outside."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from core.bookings import cancellation, outside_hours, requests, slots
from core.bookings.decisions import Decision, decide
from core.bookings.models import Booking, Status
from core.errors import Invalid, NotFound
from core.platform.actor import PARENT_ON_SITE, Actor, ActorRole, Channel
from core.schedule import hours
from core.schedule.availability import Window
from core.schedule.hours import WeekWindow
from core.schedule.models import Asks, Coach, DateOverride
from tests.support import people
from tests.support.actors import as_staff
from tests.support.people import NOW, at, sam_wants

DAY = timedelta(days=1)
MONDAY, TUESDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 29)
WHOLE_DAY = Window(0, 1440)
FIFTY = [WeekWindow(number % 7, number // 7 * 60, number // 7 * 60 + 30) for number in range(50)]
NINE_TO_SIX = [WeekWindow(weekday, 540, 1080) for weekday in range(5)]


@pytest.fixture
def nora(session: Session) -> Coach:
    """She can be booked on every full hour, at once."""
    return people.nora(session, slot_step_min=60, notice_min=0)


def keep(session: Session, coach: Coach, *windows: WeekWindow) -> None:
    hours.set_weekly_hours(session, coach, windows, by=as_staff(coach.account_id), now=NOW)


def change_day(session: Session, coach: Coach, on: date, window: Window, *, adds: bool) -> DateOverride:
    return hours.add_override(session, coach, on, window, adds=adds, by=as_staff(coach.account_id), now=NOW)


def free(session: Session, coach: Coach, on: date = TUESDAY) -> list[datetime]:
    """When half an hour with her can begin on this day."""
    lesson = people.first_lesson(session)
    return [slot.starts_at for slot in slots.open_slots(session, coach, lesson, first_on=on, last_on=on, now=NOW).slots]


def test_a_new_week_replaces_the_old_one_and_the_free_times_follow(session: Session, nora: Coach) -> None:
    omar = people.omar(session)
    assert hours.weekly_hours(session, nora) == NINE_TO_SIX
    assert len(free(session, nora)) == 9
    keep(session, nora, WeekWindow(6, 600, 720), WeekWindow(1, 960, 1080), WeekWindow(1, 540, 600))
    kept = [WeekWindow(1, 540, 600), WeekWindow(1, 960, 1080), WeekWindow(6, 600, 720)]
    assert hours.weekly_hours(session, nora) == kept
    assert free(session, nora) == [at(1, 9), at(1, 16), at(1, 17)]
    assert free(session, nora, SUNDAY) == [at(6, 10), at(6, 11)]
    assert free(session, nora, TUESDAY + DAY) == []
    keep(session, nora)
    assert (hours.weekly_hours(session, nora), free(session, nora)) == ([], [])
    assert hours.weekly_hours(session, omar) == NINE_TO_SIX


def test_windows_may_touch_and_end_with_the_day_and_a_week_has_fifty(session: Session, nora: Coach) -> None:
    keep(session, nora, WeekWindow(1, 1380, 1440), WeekWindow(1, 1350, 1380), WeekWindow(2, 0, 60))
    assert free(session, nora) == [at(1, 22, 30), at(1, 23, 30)]
    assert free(session, nora, TUESDAY + DAY) == [at(2, 0)]
    keep(session, nora, *(WeekWindow(weekday, 0, 1440) for weekday in range(7)))
    assert free(session, nora) == [at(1, hour) for hour in range(24)]
    keep(session, nora, *FIFTY)
    assert set(hours.weekly_hours(session, nora)) == set(FIFTY)


@pytest.mark.parametrize(
    ("windows", "sentence"),
    [
        ([WeekWindow(0, 600, 540)], "On Monday the end must come after the beginning, within the day."),
        ([WeekWindow(0, 600, 600)], "On Monday the end must come after the beginning, within the day."),
        ([WeekWindow(6, 1380, 1445)], "On Sunday the end must come after the beginning, within the day."),
        ([WeekWindow(6, -5, 60)], "On Sunday the end must come after the beginning, within the day."),
        ([WeekWindow(2, 540, 720), WeekWindow(2, 715, 800)], "Two windows on Wednesday overlap. Please make them one."),
        ([WeekWindow(3, 600, 620), WeekWindow(3, 540, 720)], "Two windows on Thursday overlap. Please make them one."),
        ([WeekWindow(4, 541, 720)], "On Friday: please use steps of 5 minutes."),
        ([WeekWindow(7, 540, 720)], "Please choose a weekday for each line."),
        (FIFTY, "A week has at most 50 windows."),  # with the one on Saturday
    ],
)
def test_a_week_that_cannot_be_leaves_hers_as_it_was(
    session: Session, nora: Coach, windows: list[WeekWindow], sentence: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        keep(session, nora, WeekWindow(5, 540, 600), *windows)
    assert refusal.value.fields == {"windows": sentence}
    assert hours.weekly_hours(session, nora) == NINE_TO_SIX


def test_a_day_off_takes_that_day_out_of_the_free_times(session: Session, nora: Coach) -> None:
    day_off = change_day(session, nora, TUESDAY, WHOLE_DAY, adds=False)
    assert free(session, nora) == []
    assert len(free(session, nora, TUESDAY + 7 * DAY)) == 9
    hours.remove_override(session, nora, day_off.id, by=as_staff(nora.account_id), now=NOW)
    assert len(free(session, nora)) == 9


def test_another_coachs_single_day_is_not_found(session: Session, nora: Coach) -> None:
    his = change_day(session, people.omar(session), TUESDAY, WHOLE_DAY, adds=False)
    for number in (his.id, 999_999):
        with pytest.raises(NotFound):
            hours.remove_override(session, nora, number, by=as_staff(nora.account_id), now=NOW)
    assert session.get(DateOverride, his.id) is his


def test_extra_hours_and_hours_less_change_one_day(session: Session, nora: Coach) -> None:
    change_day(session, nora, SUNDAY, Window(1320, 1440), adds=True)
    change_day(session, nora, TUESDAY, Window(600, 1020), adds=False)
    assert free(session, nora, SUNDAY) == [at(6, 22), at(6, 23)]
    assert free(session, nora) == [at(1, 9), at(1, 17)]
    assert [day.local_on for day in hours.overrides_from(session, nora, MONDAY)] == [TUESDAY, SUNDAY]


def test_a_single_day_is_from_today_in_her_own_zone_for_a_year(session: Session, nora: Coach) -> None:
    kiri = people.coach(session, "kiri", "Kiri", [], timezone="Pacific/Auckland")
    for coach, first in ((nora, MONDAY), (kiri, TUESDAY)):  # it is Tuesday morning where Kiri lives
        for day in (first - DAY, first + 367 * DAY):
            with pytest.raises(Invalid) as refusal:
                change_day(session, coach, day, WHOLE_DAY, adds=False)
            assert list(refusal.value.fields) == ["on"]
        kept = [change_day(session, coach, day, WHOLE_DAY, adds=False) for day in (first, first + 366 * DAY)]
        assert list(hours.overrides_from(session, coach, MONDAY)) == kept


@pytest.mark.parametrize("window", [Window(720, 540), Window(540, 540), Window(540, 1445), Window(540, 719)])
def test_a_single_day_needs_hours_that_can_be(session: Session, nora: Coach, window: Window) -> None:
    with pytest.raises(Invalid, match="this day"):
        change_day(session, nora, TUESDAY, window, adds=True)
    assert not hours.overrides_from(session, nora, MONDAY)


def test_past_days_do_not_count_towards_the_most_single_days(session: Session, nora: Coach) -> None:
    days = [MONDAY + number * DAY for number in range(-1, 399)]
    session.add_all(DateOverride(coach_id=nora.id, local_on=day, adds=False, start_min=0, end_min=60) for day in days)
    session.flush()
    change_day(session, nora, SUNDAY, WHOLE_DAY, adds=False)
    with pytest.raises(Invalid, match="too many single days"):
        change_day(session, nora, SUNDAY, WHOLE_DAY, adds=True)


def asked(session: Session, coach: Coach, starts_at: datetime, *, now: datetime = NOW) -> Booking:
    """An hour of tumbling, each for another family: Sam alone may not have so many."""
    wanted = sam_wants(coach, people.tumbling(session), starts_at, customer_email=f"sam+{starts_at:%d%H}@example.org")
    return requests.request_lesson(session, coach, wanted, now=now)


def outside(session: Session, coach: Coach, *week: WeekWindow, now: datetime) -> list[Booking]:
    """Which of her lessons to come this week would leave out."""
    return outside_hours.lessons_outside(session, coach, week, now=now)


def test_lessons_to_come_that_a_new_week_would_not_offer_are_named_and_stay(session: Session) -> None:
    nora, mornings = people.nora(session), [WeekWindow(weekday, 540, 720) for weekday in range(5)]
    by_nora = Actor(nora.account_id, ActorRole.COACH, Channel.MAIL)
    starts = [at(0, 16), at(1, 11), at(2, 11, 30), at(3, 8), at(3, 16), at(4, 16), at(4, 13)]
    change_day(session, nora, date(2026, 11, 26), Window(480, 540), adds=True)
    past, _, half_outside, _, booked, cancelled, denied = [asked(session, nora, start) for start in starts]
    for booking in (past, booked, cancelled):
        decide(session, nora, booking.id, Decision.APPROVE, by=by_nora, now=NOW)
    decide(session, nora, denied.id, Decision.DENY, by=by_nora, now=NOW)
    cancellation.cancel(session, nora, cancelled.id, by=PARENT_ON_SITE, now=NOW)
    assert outside(session, nora, *NINE_TO_SIX, now=NOW) == outside(session, people.omar(session), now=NOW) == []
    assert outside(session, nora, *mornings, now=at(0, 15)) == [past, half_outside, booked]
    assert outside(session, nora, *mornings, now=past.starts_at) == [half_outside, booked]
    keep(session, nora, *mornings)
    assert (half_outside.status, booked.status) == (Status.PENDING, Status.APPROVED)
    assert half_outside.expires_at is not None
    assert outside(session, nora, *mornings, now=half_outside.expires_at) == [booked]


@pytest.mark.parametrize(
    ("day", "lessons", "window", "named"),
    [  # minutes on the wall; 1:30 am lasts until 1:30 am on November 1, and until 3:30 am on March 14
        (-22, (0, 90, 120), (0, 120), [120]),
        (-22, (0, 90, 120), (90, 1440), [0]),
        (111, (0, 90, 240), (0, 150), [90, 240]),
        (111, (0, 90, 240), (0, 210), [240]),
        (111, (0, 90, 240), (150, 1440), [0, 90]),
    ],
)
def test_when_the_clock_changes_a_lesson_is_as_long_as_ever(
    session: Session, day: int, lessons: tuple[int, ...], window: tuple[int, int], named: list[int]
) -> None:
    luna = people.coach(session, "luna", "Luna", [people.tumbling(session)], [([6], 0, 24)], asks=Asks.NEVER)
    booked = {start: asked(session, luna, at(day, *divmod(start, 60)), now=at(day - 2, 9)) for start in lessons}
    found = outside(session, luna, WeekWindow(6, *window), now=at(day - 1, 9))
    assert found == [booked[start] for start in named]
