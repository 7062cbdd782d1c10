"""
The peer: the page of a week's free times as one would write it in Django 5, on the same SQLite file.

The arithmetic of free times is shared with ours; reading and rendering are Django's own.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path

from core.platform import clock
from core.schedule import availability
from core.schedule.availability import Busy, Rules, Window
from core.schedule.models import Asks
from tests.bench.peer.models import Coach, Gym, Hold, Hours, Override

WEEK = timedelta(days=7)


def week(request: HttpRequest, slug: str, lesson_slug: str) -> HttpResponse:
    """The page: the same facts in the same markup as ours."""
    coach = get_object_or_404(Coach.objects.select_related("account"), slug=slug)
    lesson = get_object_or_404(coach.lessons, slug=lesson_slug)
    now = clock.now()
    first_on = date.fromisocalendar(*_week(request.GET["week"]), 1)
    rules = _rules(coach, lesson, first_on)
    today = now.astimezone(rules.zone).date()
    this_monday, horizon_on = today - timedelta(days=today.weekday()), today + timedelta(days=coach.horizon_days)
    offered = availability.open_slots(
        rules, _busy(coach, first_on), first_on=first_on, last_on=first_on + timedelta(days=6), now=now
    )
    by_day = defaultdict(list)
    for slot in offered.slots:
        by_day[slot.starts_at.astimezone(rules.zone).date()].append(slot)
    days = []
    for offset in range(7):
        day = first_on + timedelta(days=offset)
        times = [
            {
                "clock": slot.starts_at.astimezone(rules.zone).strftime("%-I:%M %p").lower(),
                "query": slot.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "asks": slot.requires_approval,
            }
            for slot in by_day[day]
        ]
        days.append({"name": f"{day:%A, %B} {day.day}", "times": times})
    context = {
        "here": request.path,
        "coach": coach,
        "lesson": lesson,
        "days": days,
        "gym": Gym.objects.get(id=1),
        "price": f"${lesson.price_cents / 100:,.0f}",
        "monday": first_on,
        "sunday": first_on + WEEK - timedelta(days=1),
        "previous": _name(first_on - WEEK) if first_on - WEEK >= this_monday else None,
        "next": _name(first_on + WEEK) if first_on + WEEK <= horizon_on else None,
        "mixed": coach.asks == "UNDER_NOTICE",
        "zone": now.astimezone(rules.zone).tzname(),
    }
    return render(request, "week.html", context)


def _week(text: str) -> tuple[int, int]:
    year, _, number = text.partition("-W")
    return int(year), int(number)


def _name(day: date) -> str:
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02}"


def _rules(coach: Any, lesson: Any, first_on: date) -> Rules:
    weekly: dict[int, list[Window]] = defaultdict(list)
    for hours in Hours.objects.filter(coach=coach):
        weekly[hours.weekday].append(Window(hours.start_min, hours.end_min))
    extra: dict[date, list[Window]] = defaultdict(list)
    removed: dict[date, list[Window]] = defaultdict(list)
    for override in Override.objects.filter(coach=coach, local_on__range=(first_on, first_on + timedelta(days=6))):
        (extra if override.adds else removed)[override.local_on].append(Window(override.start_min, override.end_min))
    return Rules(
        zone=ZoneInfo(coach.timezone),
        weekly={day: tuple(windows) for day, windows in weekly.items()},
        extra={day: tuple(windows) for day, windows in extra.items()},
        removed={day: tuple(windows) for day, windows in removed.items()},
        notice=timedelta(minutes=coach.notice_min),
        horizon_days=coach.horizon_days,
        step_min=coach.slot_step_min,
        lesson=timedelta(minutes=lesson.minutes),
        buffer_before=timedelta(minutes=lesson.buffer_before_min),
        buffer_after=timedelta(minutes=lesson.buffer_after_min),
        asks=Asks(coach.asks),
        asks_under=timedelta(hours=coach.asks_under_hours),
        expiry_before=timedelta(minutes=coach.expiry_before_min),
    )


def _busy(coach: Any, first_on: date) -> list[Busy]:
    begins = availability.at_wall_time(first_on, 0, ZoneInfo(coach.timezone))
    held = Hold.objects.select_related("booking").filter(
        coach=coach, busy_from__lt=begins + timedelta(days=8), busy_to__gt=begins - timedelta(days=1)
    )
    return [
        Busy(hold.busy_from, hold.busy_to, hold.booking.expires_at if hold.booking.status == "PENDING" else None)
        for hold in held
    ]


urlpatterns = [path("coaches/<slug:slug>/<slug:lesson_slug>", week)]
