"""The free times of a week, as links without form or key, so that one cached page serves everybody."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from core.bookings import slots
from core.errors import NotFound
from core.gym.models import Gym
from core.platform.number_parsing import whole_number
from core.schedule import queries
from core.schedule.availability import OpenSlots, Slot, at_wall_time
from core.schedule.models import Asks, Coach, LessonType
from core.telemetry import recording
from core.telemetry.request_context import current
from core.telemetry.traffic_categories import is_looked_at
from public_site.page_cache import SharedPages
from public_site.templating import page_text

WEEK = timedelta(days=7)
MIN_YEAR, MAX_YEAR, MAX_WEEK = 1971, 2398, 53
NO_SUCH_WEEK = "There is no such week. Weeks are written like 2026-W48."


class OutsideWeek(Exception):
    """The week has passed, or lies beyond the coach's booking horizon."""


@dataclass(frozen=True)
class Day:
    """A local day and its free times, earliest first."""

    on: date
    slots: list[Slot]


async def week(request: Request) -> Response:
    """GET /coaches/{coach}/{lesson}?week=: cached; redirects outside the bookable weeks. Raises NotFound, AddressMoved."""
    slug, lesson_slug = request.path_params["coach"], request.path_params["lesson"]
    asked_for = request.query_params.get("week")
    monday = monday_of(asked_for) if asked_for else None

    def build(session: Session, now: datetime) -> tuple[str, datetime]:
        coach, lesson, gym = queries.get_offered(session, slug, lesson_slug)
        return _page(session, coach, lesson, gym, monday, now=now)

    pages: SharedPages = request.app.state.pages
    try:
        answer = await pages.answer(request, ("week", slug, lesson_slug, monday), build, coach=slug)
    except OutsideWeek:
        return RedirectResponse(request.url.path, 303)
    if is_looked_at(request.method, request.headers.raw):
        _note_seen()
    return answer


def _note_seen() -> None:
    """Record a business event: this coach's free times were seen, the first step of the booking funnel."""
    recorder, work = recording.active(), current.get()
    if recorder is not None and work is not None:
        recorder.event("business", "slots_seen", coach_id=work.coach_id)


def monday_of(name: str) -> date:
    """The first day of an ISO week, "2026-W48". Raises NotFound."""
    written_year, _, written_week = name.partition("-W")
    year = whole_number(written_year, least=MIN_YEAR, most=MAX_YEAR)
    number = whole_number(written_week, least=1, most=MAX_WEEK)
    if year is None or number is None:
        raise NotFound(NO_SUCH_WEEK)
    try:
        return date.fromisocalendar(year, number, 1)
    except ValueError:  # not every year has a week 53
        raise NotFound(NO_SUCH_WEEK) from None


def week_name(day: date) -> str:
    """The ISO week of a day: "2026-W48"."""
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02}"


def _page(
    session: Session, coach: Coach, lesson: LessonType, gym: Gym, monday: date | None, *, now: datetime
) -> tuple[str, datetime]:
    """The page's HTML, and the instant it expires: at midnight a day drops out, whatever happens to its slots."""
    today = now.astimezone(coach.zone).date()
    this_monday, horizon_on = _monday(today), today + timedelta(days=coach.horizon_days)
    first_on = monday or this_monday
    if not this_monday <= first_on <= horizon_on:
        raise OutsideWeek
    last_on = first_on + WEEK - timedelta(days=1)
    offered = slots.open_slots(session, coach, lesson, first_on=max(first_on, today), last_on=last_on, now=now)
    later = _later(session, coach, lesson, last_on, horizon_on, now=now) if not offered.slots else None
    context = {
        "gym": gym,
        "coach": coach,
        "lesson": lesson,
        "zone": coach.zone,
        "days": _days(offered, coach, max(first_on, today), last_on),
        "monday": first_on,
        "sunday": last_on,
        "previous": week_name(first_on - WEEK) if first_on > this_monday else None,
        "next": week_name(first_on + WEEK) if first_on + WEEK <= horizon_on else None,
        "later": later.slots[0] if later and later.slots else None,
        "later_week": week_name(later.slots[0].starts_at.astimezone(coach.zone).date())
        if later and later.slots
        else None,
        "mixed": coach.asks is Asks.UNDER_NOTICE,
        "now": now,
    }
    midnight = at_wall_time(today + timedelta(days=1), 0, coach.zone)
    ends = [offered.valid_until, midnight, *([later.valid_until] if later else [])]
    return page_text("week.html", context), min(ends)


def _later(
    session: Session, coach: Coach, lesson: LessonType, after: date, until: date, *, now: datetime
) -> OpenSlots | None:
    """The slots after an empty week; None when that was the last bookable one."""
    if after >= until:
        return None
    return slots.open_slots(session, coach, lesson, first_on=after + timedelta(days=1), last_on=until, now=now)


def _days(offered: OpenSlots, coach: Coach, first_on: date, last_on: date) -> list[Day]:
    zone = coach.zone
    by_day: dict[date, list[Slot]] = defaultdict(list)
    for slot in offered.slots:
        by_day[slot.starts_at.astimezone(zone).date()].append(slot)
    return [
        Day(day, by_day[day])
        for day in (first_on + timedelta(days=offset) for offset in range((last_on - first_on).days + 1))
    ]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
