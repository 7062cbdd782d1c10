"""A request that holds no time yet: its family is asked by mail to confirm it, and nobody else hears of it."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.bookings.lesson_request import LessonRequest
from core.bookings.models import Actor, Booking, Channel, Status
from core.platform.orm import Base
from core.schedule.models import Coach, LessonType


class UnconfirmedRequest(Base):
    """
    What somebody asked for whose network, or whose coach, has too many requests open that nobody has vouched for.

    wanted: the LessonRequest as JSON, without its key; "" once it is confirmed.
    network_hash: a keyed hash of where it came from. customer_key: as on Booking.
    expires_at: it vanishes then. booking_id: what its confirmation made.
    """

    __tablename__ = "unconfirmed_request"
    __table_args__ = (
        Index("ix_unconfirmed_request_network_hash_created_at", "network_hash", "created_at"),
        Index("ix_unconfirmed_request_customer_key_created_at", "customer_key", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    coach_id: Mapped[int] = mapped_column(ForeignKey("coach.id"))
    lesson_type_id: Mapped[int] = mapped_column(ForeignKey("lesson_type.id"))
    channel: Mapped[Channel]
    wanted: Mapped[str]
    network_hash: Mapped[str]
    customer_key: Mapped[str]
    idempotency_key_hash: Mapped[str | None] = mapped_column(unique=True)
    command_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))

    coach: Mapped[Coach] = relationship(lazy="joined", innerjoin=True)
    lesson: Mapped[LessonType] = relationship(lazy="joined", innerjoin=True)

    @property
    def serial(self) -> int:
        """Beside the id in its link: SQLite gives the ids of removed rows again."""
        return int(self.created_at.timestamp() * 1_000_000)

    def request(self) -> LessonRequest:
        """What was asked for."""
        return LessonRequest.model_validate_json(self.wanted)

    def as_booking(self) -> Booking:
        """What it would be, for its mail and its page. Never add it to a session."""
        wanted = self.request()
        return Booking(
            id=0,
            handle="unconfirmed",
            coach_id=self.coach_id,
            coach=self.coach,
            lesson_type_id=self.lesson_type_id,
            lesson=self.lesson,
            status=Status.PENDING,
            version=1,
            slot_version=1,
            starts_at=wanted.starts_at,
            ends_at=wanted.starts_at + timedelta(minutes=self.lesson.minutes),
            price_cents=self.lesson.price_cents,
            customer_name=wanted.customer_name,
            customer_email=wanted.customer_email,
            customer_phone=wanted.customer_phone,
            athlete_name=wanted.athlete_name,
            notes=wanted.notes,
            requested_at=self.created_at,
            expires_at=self.expires_at,
            changed_at=self.created_at,
            changed_by=Actor.PARENT,
            channel=self.channel,
            cancelled_late=False,
        )
