"""
A gym of fifty coaches with two years behind it: for charts that have something to show, and lists that are long.

What has passed is written as rows, as the commands would have left them (a booking, its hold, its history), a short
transaction a coach; every guard of the database stands while it is done. No mail is written: nobody is waiting for it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core.bookings.expiry import expires_at
from core.bookings.models import Attendance, Booking, BookingEvent, Hold, HoldKind, Status
from core.demo.small_gym import COACHES, DemoSignIn, load_demo
from core.people.accounts import create_account
from core.people.models import Role
from core.platform.actor import ActorRole, Channel
from core.platform.services import Services
from core.platform.signed_tokens import new_handle
from core.schedule.models import Asks, Coach, LessonType, WeeklyHours
from core.schedule.new_coach import free_slug

MAX_COACHES = 50
PAST_DAYS, FUTURE_DAYS = 730, 20
SETTLED_DAYS = 12  # of the small demo's coaches, whose last days have bookings already
SEED = 20
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

FIRST_NAMES = (
    "Aino", "Amara", "Bela", "Bruno", "Celia", "Dario", "Edda", "Emil", "Farah", "Felix", "Greta", "Hugo",
    "Imani", "Ines", "Jonas", "Kaya", "Liam", "Lucia", "Mara", "Milan", "Nadia", "Noor", "Olga", "Oskar",
    "Paula", "Petra", "Rafael", "Rosa", "Samir", "Selma", "Sofia", "Tarek", "Tessa", "Ugo", "Vera", "Viktor",
    "Wanda", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abel", "Adeyemi", "Berg", "Costa", "Dahl", "Eriksen", "Fischer", "Garza", "Hansen", "Ivanova", "Jensen",
    "Kaur", "Lopez", "Meyer", "Nowak", "Ortega", "Petrov", "Quinn", "Rossi", "Silva", "Tanaka", "Ueda",
    "Vargas", "Weber", "Xu", "Yilmaz", "Zhang",
)  # fmt: skip
TAGLINES = ("Floor and tumbling", "Beam and bars", "Strength", "Trampoline", "First steps", "Rings", "Handstands")
BUSY = (0.34, 0.42, 0.46, 0.44, 0.38, 0.62, 0.30)  # how full each weekday is, Monday first


def load_big_demo(services: Services) -> list[DemoSignIn]:
    """
    Load the demo gym, then many more coaches and their two years; what is there already stays.

    Raises:
        SettingInvalid: SPIRIT_BASE_URL is https, so this may be a real gym.
    """
    sign_ins = load_demo(services)
    services.database.transact(lambda tx: _more_coaches(tx.session, zone=services.settings.timezone, now=tx.now))
    with services.database.read() as session:
        coaches = session.scalars(select(Coach.id).order_by(Coach.id)).all()
    for coach_id in coaches:
        services.database.transact(lambda tx: _two_years(tx.session, tx.coach, now=tx.now), coach=coach_id)
    return sign_ins


def _more_coaches(session: Session, *, zone: str, now: datetime) -> None:
    chance = random.Random(SEED)
    there = session.scalar(select(func.count()).select_from(Coach)) or 0
    lessons = session.scalars(select(LessonType).order_by(LessonType.id)).all()
    for number in range(there, MAX_COACHES):
        name = f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {LAST_NAMES[number * 7 % len(LAST_NAMES)]}"
        slug = free_slug(session, name)
        account = create_account(session, email=f"{slug}@spirit.example", name=name, role=Role.COACH, now=now)
        coach = Coach(
            account=account,
            slug=slug,
            tagline=TAGLINES[number % len(TAGLINES)],
            timezone=zone,
            asks=chance.choice((Asks.ALWAYS, Asks.ALWAYS, Asks.UNDER_NOTICE, Asks.NEVER)),
            lessons=list(lessons) if number % 3 else list(lessons[:2]),
        )
        session.add(coach)
        session.flush()
        begins = chance.choice((9, 12, 14)) * 60
        session.add_all(
            WeeklyHours(coach_id=coach.id, weekday=weekday, start_min=begins, end_min=begins + 6 * 60)
            for weekday in sorted(chance.sample(range(7), 4))
        )
    session.flush()


def _two_years(session: Session, coach: Coach, *, now: datetime) -> None:
    """Fill this coach's past and next weeks, unless she has a past already."""
    chance = random.Random(SEED + coach.id)
    today = now.astimezone(coach.zone).date()
    is_small_demos = coach.slug in {person.slug for person in COACHES}
    last_on = today - DAY * SETTLED_DAYS if is_small_demos else today + DAY * FUTURE_DAYS
    settled = datetime.combine(today - DAY * SETTLED_DAYS, time(), UTC)
    if session.scalars(
        select(Booking.id).where(Booking.coach_id == coach.id, Booking.starts_at < settled).limit(1)
    ).first():
        return
    lives = list(_lives(coach, chance, today - DAY * PAST_DAYS, last_on, now=now))
    if not lives:
        return
    bookings = [life.booking for life in lives]
    session.execute(insert(Booking), bookings)
    stored = session.execute(select(Booking.handle, Booking.id).where(Booking.coach_id == coach.id))
    ids = {row.handle: row.id for row in stored}
    holds = [life.hold | {"booking_id": ids[life.booking["handle"]]} for life in lives if life.hold]
    if holds:
        session.execute(insert(Hold), holds)
    events = [event | {"booking_id": ids[life.booking["handle"]]} for life in lives for event in life.events]
    session.execute(insert(BookingEvent), events)


@dataclass(frozen=True)
class _Life:
    """A booking as rows: itself, its hold if it takes time, and what happened to it."""

    booking: dict[str, Any]
    hold: dict[str, Any] | None
    events: list[dict[str, Any]]


def _lives(coach: Coach, chance: random.Random, first_on: date, last_on: date, *, now: datetime) -> Iterator[_Life]:
    """One after another through her hours, so that no two overlap, buffers included."""
    windows: dict[int, list[WeeklyHours]] = {}
    for window in coach.weekly_hours:
        windows.setdefault(window.weekday, []).append(window)
    day, free_from = first_on, datetime.min.replace(tzinfo=UTC)
    while day <= last_on:
        for window in sorted(windows.get(day.weekday(), ()), key=lambda window: window.start_min):
            for minute in range(window.start_min, window.end_min, coach.slot_step_min):
                lesson = chance.choice(coach.lessons)
                starts_at = datetime.combine(day, time(minute // 60, minute % 60), coach.zone).astimezone(UTC)
                is_full = chance.random() < BUSY[day.weekday()] * lesson.minutes / 75
                if minute + lesson.minutes > window.end_min or not is_full:
                    continue
                if starts_at - MINUTE * lesson.buffer_before_min < free_from:
                    continue
                life = _life(coach, lesson, starts_at, chance, now=now)
                if life is not None:
                    yield life
                    free_from = life.hold["busy_to"] if life.hold else free_from
        day += DAY


def _life(
    coach: Coach, lesson: LessonType, starts_at: datetime, chance: random.Random, *, now: datetime
) -> _Life | None:
    """What became of one request. None when it would not have been made yet."""
    requested_at = starts_at - HOUR * min(24 * 40, 4 + chance.expovariate(1 / 110))
    if requested_at > now:
        return None
    asks = coach.asks is Asks.ALWAYS or (coach.asks is Asks.UNDER_NOTICE and chance.random() < 0.4)
    until = expires_at(coach, starts_at, now=requested_at) if asks else None
    answered_at = requested_at + HOUR * chance.expovariate(1 / 4.5)
    family = chance.randrange(600)
    last_name = LAST_NAMES[family % len(LAST_NAMES)]
    booking: dict[str, Any] = {
        "handle": new_handle(),
        "coach_id": coach.id,
        "lesson_type_id": lesson.id,
        "version": 1,
        "slot_version": 1,
        "starts_at": starts_at,
        "ends_at": starts_at + MINUTE * lesson.minutes,
        "price_cents": lesson.price_cents,
        "customer_name": f"{FIRST_NAMES[family * 3 % len(FIRST_NAMES)]} {last_name}",
        "customer_email": f"family{family}@example.org",
        "customer_key": f"family{family}@example.org",
        "athlete_name": FIRST_NAMES[family * 11 % len(FIRST_NAMES)],
        "requested_at": requested_at,
        "expires_at": until,
        "notes": "",
    }
    begun = _event(
        coach, None, Status.PENDING if asks else Status.APPROVED, ActorRole.PARENT, Channel.SITE, requested_at
    )
    events = [begun]
    if until is not None and answered_at >= until:
        if until < now:
            events.append(_event(coach, Status.PENDING, Status.EXPIRED, ActorRole.CLOCK, Channel.CLOCK, until))
    elif asks and answered_at < now:
        answer = Status.DENIED if chance.random() < 0.08 else Status.APPROVED
        door = Channel.MAIL if chance.random() < 0.7 else Channel.CONSOLE
        events.append(_event(coach, Status.PENDING, answer, ActorRole.COACH, door, answered_at))
    last = events[-1]
    if last["to_status"] is Status.APPROVED and chance.random() < 0.09:
        left = starts_at - last["at"]
        cancelled_at = last["at"] + left * (0.98 if chance.random() < 0.35 else chance.random() * 0.8)
        if cancelled_at < now:
            events.append(
                _event(coach, Status.APPROVED, Status.CANCELLED, ActorRole.PARENT, Channel.SITE, cancelled_at)
            )
            booking["cancelled_late"] = starts_at - cancelled_at < 24 * HOUR
    return _Life(_as_it_ended(booking, events, chance, now=now), _hold(booking, lesson, events), events)


def _event(
    coach: Coach, before: Status | None, after: Status, actor: ActorRole, channel: Channel, at: datetime
) -> dict[str, Any]:
    account_id = coach.account_id if actor is ActorRole.COACH else None
    return {
        "coach_id": coach.id,
        "from_status": before,
        "to_status": after,
        "actor": actor,
        "account_id": account_id,
        "channel": channel,
        "at": at,
    }


def _as_it_ended(
    booking: dict[str, Any], events: list[dict[str, Any]], chance: random.Random, *, now: datetime
) -> dict[str, Any]:
    """The booking with the stamps of its history, and whether they came."""
    last = events[-1]
    stamps: dict[str, datetime | None] = dict.fromkeys(("approved_at", "denied_at", "expired_at", "cancelled_at"))
    stamps |= {f"{event['to_status'].lower()}_at": event["at"] for event in events if event["to_status"] != "PENDING"}
    taught = last["to_status"] is Status.APPROVED and booking["ends_at"] < now
    return (
        booking
        | stamps
        | {
            "status": last["to_status"],
            "version": len(events),
            "changed_at": last["at"],
            "changed_by": last["actor"],
            "changed_by_account_id": last["account_id"],
            "channel": last["channel"],
            "cancelled_late": booking.get("cancelled_late", False),
            "attendance": (Attendance.NO_SHOW if chance.random() < 0.03 else Attendance.TAUGHT) if taught else None,
        }
    )


def _hold(booking: dict[str, Any], lesson: LessonType, events: list[dict[str, Any]]) -> dict[str, Any] | None:
    if events[-1]["to_status"] not in (Status.PENDING, Status.APPROVED):
        return None
    return {
        "coach_id": booking["coach_id"],
        "kind": HoldKind.LESSON,
        "busy_from": booking["starts_at"] - MINUTE * lesson.buffer_before_min,
        "busy_to": booking["ends_at"] + MINUTE * lesson.buffer_after_min,
    }
