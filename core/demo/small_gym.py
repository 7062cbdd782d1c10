"""A demo gym: four coaches, three lesson types, and a week of bookings in every state, made by the real commands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.bookings import cancellation, expiry, slots
from core.bookings.decisions import Decision, by_link, decide
from core.bookings.models import Booking
from core.bookings.permissions import by_staff
from core.bookings.requests import LessonRequest, request_lesson
from core.demo.demo_images import hang_pictures
from core.errors import SettingInvalid
from core.gym.models import content_changed, the_gym
from core.people.accounts import create_account, find_account
from core.people.models import Account, Role
from core.platform import clock
from core.platform.actor import PARENT_ON_SITE, Actor, Channel
from core.platform.services import Services
from core.platform.storage import StorageUnavailable
from core.schedule import queries
from core.schedule.models import Asks, Coach, DateOverride, LessonType, WeeklyHours

log = structlog.get_logger()

PASSWORD = "chalk-and-rings"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


@dataclass(frozen=True)
class DemoSignIn:
    """A demo account, for printing."""

    name: str
    email: str
    password: str
    role: Role


@dataclass(frozen=True)
class Person:
    """A demo coach. hours: (weekdays, first hour, last hour)."""

    slug: str
    name: str
    tagline: str
    bio: str
    asks: Asks
    lessons: tuple[str, ...]
    hours: tuple[tuple[tuple[int, ...], int, int], ...]


COACHES = (
    Person(
        "nora",
        "Nora Lindqvist",
        "Tumbling and floor",
        "Nora learned her first round-off on a farm lawn and has taught for twelve years. She likes to hear a little about your "
        "child before the first lesson, so she answers every request herself.",
        Asks.ALWAYS,
        ("first-lesson-30", "strength-45", "tumbling-60"),
        (((MON, TUE, WED, THU, FRI), 9, 12), ((MON, TUE, WED, THU, FRI), 14, 19), ((SAT,), 9, 13)),
    ),
    Person(
        "omar",
        "Omar Haddad",
        "Strength and confidence",
        "Omar coached wrestling before he found the rings. His lessons are short, loud and cheerful, and you can book them straight away.",
        Asks.NEVER,
        ("first-lesson-30", "strength-45"),
        (((MON, TUE, WED, THU, FRI), 12, 20), ((SAT,), 9, 15)),
    ),
    Person(
        "lena",
        "Lena Park",
        "Beam, bars and calm",
        "Lena competed on beam for nine seasons. A lesson a day or more away is yours at once; for a sooner one she looks at her day first.",
        Asks.UNDER_NOTICE,
        ("first-lesson-30", "tumbling-60"),
        (((TUE, WED, THU, FRI), 13, 20), ((SAT, SUN), 10, 16)),
    ),
    Person(
        "max",
        "Max Oyelaran",
        "Trampoline",
        "Max is with the junior team at a training camp for three weeks, and back with new tricks after that.",
        Asks.ALWAYS,
        ("first-lesson-30", "tumbling-60"),
        (((MON, WED, FRI), 15, 20),),
    ),
)

LESSONS = (
    LessonType(
        slug="first-lesson-30",
        name="First lesson",
        description="Half an hour to meet, move and see what is fun.",
        minutes=30,
        price_cents=4000,
        buffer_after_min=5,
    ),
    LessonType(
        slug="strength-45",
        name="Strength & handstands",
        description="Strong shoulders, straight lines, and one more second upside down.",
        minutes=45,
        price_cents=6500,
        buffer_after_min=10,
    ),
    LessonType(
        slug="tumbling-60",
        name="Private tumbling",
        description="A full hour on the floor: from the first cartwheel to the back handspring.",
        minutes=60,
        price_cents=8500,
        buffer_after_min=15,
    ),
)

FAMILIES = {
    "Ida": ("Sam Rivera", "sam.rivera@example.org", "(415) 555-0134"),
    "Theo": ("Priya Nair", "priya.nair@example.org", "(415) 555-0177"),
    "June": ("Wes Carter", "wes.carter@example.org", ""),
    "Mika": ("Hanna Sato", "hanna.sato@example.org", "(510) 555-0112"),
    "Leo": ("Carla Bianchi", "carla.bianchi@example.org", ""),
    "Ruby": ("Dan Okafor", "dan.okafor@example.org", "(628) 555-0190"),
}


def load_demo(services: Services) -> list[DemoSignIn]:
    """
    Load the demo gym into an empty database; one that has coaches already is left as it is.

    Returns:
        The demo's sign-ins that exist.

    Raises:
        SettingInvalid: SPIRIT_BASE_URL is https, so this may be a real gym.
    """
    if services.settings.is_https:
        raise SettingInvalid("The demo is refused where SPIRIT_BASE_URL is https: this may be a real gym.")
    services.database.transact(lambda tx: _people_and_hours(tx.session, zone=services.settings.timezone, now=tx.now))
    with services.database.read() as session:
        coaches = {coach.slug: coach.id for coach in session.scalars(select(Coach))}
        empty = session.scalar(select(func.count()).select_from(Booking)) == 0
    if empty and {person.slug for person in COACHES} <= coaches.keys():
        _a_week_of_bookings(services, coaches)
    try:
        hang_pictures(services)
    except (
        StorageUnavailable
    ) as error:  # a gym without pictures still shows everything else; the next start tries again
        log.warning("the demo has no pictures yet", why=error.detail)
    with services.database.read() as session:
        return [_sign_in(account) for email in _emails() if (account := find_account(session, email))]


def _sign_in(account: Account) -> DemoSignIn:
    return DemoSignIn(account.name, account.email, PASSWORD, account.role)


def _emails() -> Iterable[str]:
    return ["ada@spirit.example", *(f"{person.slug}@spirit.example" for person in COACHES)]


def _people_and_hours(session: Session, *, zone: str, now: datetime) -> None:
    if session.scalar(select(func.count()).select_from(Coach)):
        return
    gym = the_gym(session)
    gym.email, gym.phone, gym.street = "hello@spirit.example", "(415) 555-0100", "12 Mill Street, Oakland"
    gym.cancellation_fee_text = "Half of the price is due for a lesson cancelled within a day of its start."
    session.flush()
    content_changed(session)
    lessons = {lesson.slug: _copy(lesson) for lesson in LESSONS}
    session.add_all(lessons.values())
    create_account(session, email="ada@spirit.example", name="Ada Moreno", role=Role.ADMIN, password=PASSWORD, now=now)
    for person in COACHES:
        email = f"{person.slug}@spirit.example"
        account = create_account(session, email=email, name=person.name, role=Role.COACH, password=PASSWORD, now=now)
        coach = Coach(
            account=account,
            slug=person.slug,
            tagline=person.tagline,
            bio=person.bio,
            timezone=zone,
            asks=person.asks,
            lessons=[lessons[slug] for slug in person.lessons],
        )
        session.add(coach)
        session.flush()
        session.add_all(
            WeeklyHours(coach_id=coach.id, weekday=weekday, start_min=first * 60, end_min=last * 60)
            for weekdays, first, last in person.hours
            for weekday in weekdays
        )
        if person.slug == "max":
            today = now.astimezone(coach.zone).date()
            session.add_all(
                DateOverride(coach_id=coach.id, local_on=today + DAY * day, adds=False, start_min=0, end_min=1440)
                for day in range(21)
            )


def _copy(lesson: LessonType) -> LessonType:
    columns = ("slug", "name", "description", "minutes", "price_cents", "buffer_after_min")
    return LessonType(**{column: getattr(lesson, column) for column in columns})


def _a_week_of_bookings(services: Services, coaches: dict[str, int]) -> None:
    """Told in order: what happened last week, and what waits now."""
    story = _Story(services, coaches, clock.now())
    story.approve(story.ask("nora", "tumbling-60", "Ida", days_ago=6, in_days=2), "nora")
    story.approve(story.ask("nora", "tumbling-60", "Theo", days_ago=5, in_days=3), "nora")
    story.ask("omar", "strength-45", "June", days_ago=4, in_days=2)
    story.deny(
        story.ask("nora", "strength-45", "Mika", days_ago=4, in_days=9),
        "nora",
        "I am at a competition that day. Any weekday after works!",
    )
    story.expire(story.ask("nora", "first-lesson-30", "Leo", days_ago=4, in_days=6), "nora")
    story.cancel_late(story.ask("omar", "strength-45", "Ruby", days_ago=3, in_days=2), "omar")
    story.approve(story.ask("lena", "tumbling-60", "Mika", days_ago=3, in_days=3.3), "lena")
    story.ask("omar", "first-lesson-30", "Leo", days_ago=2, in_days=4)
    story.ask("lena", "tumbling-60", "Theo", days_ago=1, in_days=4)
    story.override(
        story.ask("nora", "tumbling-60", "Ruby", days_ago=1.5, in_days=3.5), "nora", "Nora asked me to by phone."
    )
    story.ask(
        "nora",
        "tumbling-60",
        "June",
        days_ago=1.9,
        in_days=4,
        notes="June can do a cartwheel and dreams of a round-off.",
    )
    story.ask("nora", "first-lesson-30", "Mika", days_ago=0.3, in_days=2)
    story.ask("omar", "strength-45", "Ida", days_ago=0.2, in_days=1)
    story.ask("lena", "first-lesson-30", "Ruby", days_ago=0.05, in_days=0.2)


@dataclass(frozen=True)
class _Story:
    """The real commands, told when they happened."""

    services: Services
    coaches: dict[str, int]
    now: datetime

    def ask(
        self, coach: str, lesson: str, athlete: str, *, days_ago: float, in_days: float, notes: str = ""
    ) -> Booking | None:
        """Ask for the first free time `in_days` after the request; None where the hours leave none."""
        then = self.now - DAY * days_ago
        name, email, phone = FAMILIES[athlete]
        with self.services.database.write(self.coaches[coach]) as transaction:
            session = transaction.session
            teacher = queries.get_coach(session, coach)
            taught = queries.get_lesson(teacher, lesson)
            free = slots.next_free(session, teacher, taught, now=then, after=then + DAY * in_days, count=1)
            if not free:
                return None
            wanted = LessonRequest(
                coach_id=teacher.id,
                lesson_id=taught.id,
                starts_at=free[0].starts_at,
                customer_name=name,
                customer_email=email,
                customer_phone=phone,
                athlete_name=athlete,
                notes=notes,
            )
            return request_lesson(session, teacher, wanted, now=then)

    def approve(self, booking: Booking | None, coach: str) -> None:
        self._decide(booking, coach, Decision.APPROVE)

    def deny(self, booking: Booking | None, coach: str, reason: str) -> None:
        self._decide(booking, coach, Decision.DENY, reason)

    def override(self, booking: Booking | None, coach: str, reason: str) -> None:
        with self.services.database.read() as session:
            ada = find_account(session, "ada@spirit.example")
            assert ada is not None
            by = by_staff(ada, session.get_one(Coach, self.coaches[coach]), Channel.CONSOLE)
        self._decide(booking, coach, Decision.APPROVE, reason, by)

    def expire(self, booking: Booking | None, coach: str) -> None:
        if booking is None or booking.expires_at is None:
            return
        with self.services.database.write(self.coaches[coach]) as transaction:
            assert transaction.coach is not None
            expiry.expire_overdue(transaction.session, transaction.coach, now=booking.expires_at)

    def cancel_late(self, booking: Booking | None, coach: str) -> None:
        if booking is None:
            return
        with self.services.database.write(self.coaches[coach]) as transaction:
            assert transaction.coach is not None
            cancellation.cancel(
                transaction.session, transaction.coach, booking.id, by=PARENT_ON_SITE, now=booking.starts_at - 5 * HOUR
            )

    def _decide(
        self,
        booking: Booking | None,
        coach: str,
        decision: Decision,
        reason: str | None = None,
        by: Actor | None = None,
    ) -> None:
        if booking is None or booking.expires_at is None:
            return
        with self.services.database.write(self.coaches[coach]) as transaction:
            assert transaction.coach is not None
            by = by or by_link(transaction.coach)
            soon = booking.requested_at + 3 * HOUR
            decide(
                transaction.session,
                transaction.coach,
                booking.id,
                decision,
                by=by,
                reason=reason,
                now=min(soon, self.now),
            )
