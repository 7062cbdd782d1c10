"""Tables of lesson types, coaches with their preferences, weekly hours and date overrides."""

import enum
from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Table, false, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from core.images.models import Image
from core.images.uses import SHOWN_BY, Use
from core.people.models import Account
from core.platform.orm import Base


class Asks(enum.StrEnum):
    """Which requests need the coach's approval; the others are booked directly."""

    ALWAYS = "ALWAYS"
    UNDER_NOTICE = "UNDER_NOTICE"  # lessons sooner than asks_under_hours
    NEVER = "NEVER"


coach_lesson = Table(
    "coach_lesson",
    Base.metadata,
    Column("coach_id", ForeignKey("coach.id"), primary_key=True),
    Column("lesson_type_id", ForeignKey("lesson_type.id"), primary_key=True),
)


class LessonType(Base):
    """A lesson type: what can be booked. Buffers around it add to a neighbour's, and may reach outside the hours."""

    __tablename__ = "lesson_type"
    __table_args__ = (
        CheckConstraint(
            "minutes > 0 AND buffer_before_min >= 0 AND buffer_after_min >= 0 AND price_cents >= 0", name="sizes"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)  # its part of an address on the site
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    minutes: Mapped[int]
    price_cents: Mapped[int]
    buffer_before_min: Mapped[int] = mapped_column(default=0)  # kept free before it
    buffer_after_min: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)  # offered to parents


class FormerSlug(Base):
    """A former slug of a lesson type, for the redirect from old mails. Unique: it leads to one lesson."""

    __tablename__ = "former_slug"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    lesson_type_id: Mapped[int] = mapped_column(ForeignKey("lesson_type.id"), index=True)  # for the foreign key


class Coach(Base):
    """A coach and her preferences. Her row is the lock: every command that touches her time locks it first."""

    __tablename__ = "coach"
    __table_args__ = (
        CheckConstraint(
            "notice_min >= 0 AND horizon_days BETWEEN 1 AND 366 AND slot_step_min BETWEEN 5 AND 240", name="times"
        ),
        CheckConstraint("expiry_before_min BETWEEN 15 AND 2880 AND answer_within_min >= 30", name="answers"),
        CheckConstraint("asks_under_hours >= 1", name="asks_under_hours"),
        {"sqlite_autoincrement": True},  # a mailed link names the id
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    slug: Mapped[str] = mapped_column(unique=True)  # her part of an address on the site
    tagline: Mapped[str] = mapped_column(default="")
    bio: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str]  # IANA; her hours and days are counted in it
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    published: Mapped[bool] = mapped_column(default=True)  # shown to parents
    schedule_version: Mapped[int] = mapped_column(default=0)  # for caches: moved by every write under her lock
    feed_version: Mapped[int] = mapped_column(default=1, server_default="1")  # part of her calendar's secret address

    notice_min: Mapped[int] = mapped_column(default=120)  # a lesson is booked at least this long ahead
    horizon_days: Mapped[int] = mapped_column(default=60)  # … and at most so many local days
    slot_step_min: Mapped[int] = mapped_column(default=30)  # between starts, from the beginning of a window
    asks: Mapped[Asks] = mapped_column(default=Asks.ALWAYS)
    asks_under_hours: Mapped[int] = mapped_column(default=24)  # with UNDER_NOTICE: a sooner lesson needs approval
    expiry_before_min: Mapped[int] = mapped_column(default=60)  # a request expires this long before the lesson …
    # Or this long after it was made, if that is sooner.
    answer_within_min: Mapped[int] = mapped_column(default=48 * 60)
    # the reminder is due this long before the expiry; None sends none
    reminder_before_min: Mapped[int | None] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite").evaluates_none(), default=120
    )

    request_mails: Mapped[bool] = mapped_column(default=True, server_default=true())  # a mail for each request
    roll_up: Mapped[bool] = mapped_column(default=True, server_default=true())  # above a day's limit, one an hour
    daily_summary: Mapped[bool] = mapped_column(default=False, server_default=false())  # at 7 am, her time

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
    photo: Mapped[Image | None] = relationship()
    lessons: Mapped[list[LessonType]] = relationship(secondary=coach_lesson, order_by=LessonType.price_cents)
    weekly_hours: Mapped[list["WeeklyHours"]] = relationship()

    @property
    def name(self) -> str:
        """Her name on the site: her account's."""
        return self.account.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class WeeklyHours(Base):
    """A weekly window of local wall-clock time, half-open."""

    __tablename__ = "weekly_hours"
    __table_args__ = (
        CheckConstraint(
            "weekday BETWEEN 0 AND 6 AND start_min >= 0 AND start_min < end_min AND end_min <= 1440", name="window"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    coach_id: Mapped[int] = mapped_column(ForeignKey("coach.id"), index=True)  # a coach's week
    weekday: Mapped[int]  # 0 is Monday
    start_min: Mapped[int]  # minutes since local midnight
    end_min: Mapped[int]  # 1440 ends the day


class DateOverride(Base):
    """A date override: on one local day, a window more or a window less, half-open. A day off is 0 to 1440 taken away."""

    __tablename__ = "date_override"
    __table_args__ = (CheckConstraint("start_min >= 0 AND start_min < end_min AND end_min <= 1440", name="window"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    coach_id: Mapped[int] = mapped_column(ForeignKey("coach.id"), index=True)  # a coach's single days
    local_on: Mapped[date]
    adds: Mapped[bool]  # True adds the window, False takes it away
    start_min: Mapped[int]  # minutes since local midnight
    end_min: Mapped[int]  # 1440 ends the day


def _pages_with(session: Session, image: Image) -> Sequence[Use]:
    found = session.scalars(select(Coach).where(Coach.photo_id == image.id).order_by(Coach.id))
    return [Use(f"{coach.name}'s page", f"/coaches/{coach.slug}") for coach in found]


SHOWN_BY.append(_pages_with)
