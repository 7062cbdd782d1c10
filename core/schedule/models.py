"""When a coach teaches what: lesson types, coaches with their preferences, weekly hours and date overrides."""

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
    """Which requests a coach decides by hand; the others are booked directly."""

    ALWAYS = "ALWAYS"
    UNDER_NOTICE = "UNDER_NOTICE"
    NEVER = "NEVER"


coach_lesson = Table(
    "coach_lesson",
    Base.metadata,
    Column("coach_id", ForeignKey("coach.id"), primary_key=True),
    Column("lesson_type_id", ForeignKey("lesson_type.id"), primary_key=True),
)


class LessonType(Base):
    """What can be booked. Buffers are kept free around it; they add to a neighbour's and may stick out of the hours."""

    __tablename__ = "lesson_type"
    __table_args__ = (
        CheckConstraint(
            "minutes > 0 AND buffer_before_min >= 0 AND buffer_after_min >= 0 AND price_cents >= 0", name="sizes"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    minutes: Mapped[int]
    price_cents: Mapped[int]
    buffer_before_min: Mapped[int] = mapped_column(default=0)
    buffer_after_min: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)


class FormerSlug(Base):
    """A lesson type's address on the site of before, which old mails lead to. Unique: it leads to one lesson."""

    __tablename__ = "former_slug"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    lesson_type_id: Mapped[int] = mapped_column(ForeignKey("lesson_type.id"), index=True)


class Coach(Base):
    """
    A coach and her preferences. Her row is the queue: every command that touches her time locks it first.

    feed_version: moved when she renews her calendar's secret address.
    schedule_version: moved by every change of a booking, and of her hours, preferences or page.
    asks_under_hours: with UNDER_NOTICE, a lesson sooner than this is decided by hand.
    expiry_before_min: a request expires this long before the lesson (15 to 2880) …
    answer_within_min: … or this long after it was made, whichever is first (30 at least).
    reminder_before_min: the reminder goes out this long before the expiry; None sends none.
    request_mails: each request is mailed to her; roll_up: those above a day's most, together, once an hour.
    daily_summary: at seven in the morning, who waits and today's lessons.
    """

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
    slug: Mapped[str] = mapped_column(unique=True)
    tagline: Mapped[str] = mapped_column(default="")
    bio: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str]
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    published: Mapped[bool] = mapped_column(default=True)
    schedule_version: Mapped[int] = mapped_column(default=0)
    feed_version: Mapped[int] = mapped_column(default=1, server_default="1")

    notice_min: Mapped[int] = mapped_column(default=120)
    horizon_days: Mapped[int] = mapped_column(default=60)
    slot_step_min: Mapped[int] = mapped_column(default=30)
    asks: Mapped[Asks] = mapped_column(default=Asks.ALWAYS)
    asks_under_hours: Mapped[int] = mapped_column(default=24)
    expiry_before_min: Mapped[int] = mapped_column(default=60)
    answer_within_min: Mapped[int] = mapped_column(default=48 * 60)
    reminder_before_min: Mapped[int | None] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite").evaluates_none(), default=120
    )

    request_mails: Mapped[bool] = mapped_column(default=True, server_default=true())
    roll_up: Mapped[bool] = mapped_column(default=True, server_default=true())
    daily_summary: Mapped[bool] = mapped_column(default=False, server_default=false())

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
    photo: Mapped[Image | None] = relationship()
    lessons: Mapped[list[LessonType]] = relationship(secondary=coach_lesson, order_by=LessonType.price_cents)
    weekly_hours: Mapped[list["WeeklyHours"]] = relationship()

    @property
    def name(self) -> str:
        """As parents read it: her account's."""
        return self.account.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class WeeklyHours(Base):
    """A window of local wall time, every week. weekday: 0 is Monday; minutes since local midnight, 1440 ends the day."""

    __tablename__ = "weekly_hours"
    __table_args__ = (
        CheckConstraint(
            "weekday BETWEEN 0 AND 6 AND start_min >= 0 AND start_min < end_min AND end_min <= 1440", name="window"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    coach_id: Mapped[int] = mapped_column(ForeignKey("coach.id"), index=True)
    weekday: Mapped[int]
    start_min: Mapped[int]
    end_min: Mapped[int]


class DateOverride(Base):
    """On one local day, a window more or a window less. A day off is 0 to 1440 taken away."""

    __tablename__ = "date_override"
    __table_args__ = (CheckConstraint("start_min >= 0 AND start_min < end_min AND end_min <= 1440", name="window"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    coach_id: Mapped[int] = mapped_column(ForeignKey("coach.id"), index=True)
    local_on: Mapped[date]
    adds: Mapped[bool]
    start_min: Mapped[int]
    end_min: Mapped[int]


def _pages_with(session: Session, image: Image) -> Sequence[Use]:
    found = session.scalars(select(Coach).where(Coach.photo_id == image.id).order_by(Coach.id))
    return [Use(f"{coach.name}'s page", f"/coaches/{coach.slug}") for coach in found]


SHOWN_BY.append(_pages_with)
