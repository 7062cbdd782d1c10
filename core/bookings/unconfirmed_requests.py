"""The table of unconfirmed requests (double opt-in): they hold no time until the family confirms them by mail."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.bookings.lesson_request import LessonRequest
from core.bookings.models import Booking, ChangedThrough, Status, but_command_line
from core.platform.actor import ActorRole, Channel
from core.platform.orm import Base
from core.schedule.models import Coach, LessonType


class UnconfirmedRequest(Base):
    """A request above the limits of its network or its coach, which waits for its family's confirmation by mail."""

    __tablename__ = "unconfirmed_request"
    __table_args__ = (
        but_command_line("channel", Channel, name="channel"),
        Index("ix_unconfirmed_request_network_hash_created_at", "network_hash", "created_at"),  # hourly limit
        Index("ix_unconfirmed_request_customer_key_created_at", "customer_key", "created_at"),  # address's limit
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    coach_id: Mapped[int] = mapped_column(ForeignKey("coach.id"))
    lesson_type_id: Mapped[int] = mapped_column(ForeignKey("lesson_type.id"))
    channel: Mapped[ChangedThrough]
    wanted: Mapped[str]  # the LessonRequest as JSON, without its key; "" once it is confirmed
    network_hash: Mapped[str]  # keyed hash of the sender's network, for its hourly limit
    customer_key: Mapped[str]  # as on Booking, for the address's own limit
    idempotency_key_hash: Mapped[str | None] = mapped_column(unique=True)  # as on Booking
    command_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # removed then; a day after its confirmation
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))  # the booking that its confirmation made

    coach: Mapped[Coach] = relationship(lazy="joined", innerjoin=True)
    lesson: Mapped[LessonType] = relationship(lazy="joined", innerjoin=True)

    @property
    def serial(self) -> int:
        """A number beside the id in its link, since SQLite reuses the ids of removed rows."""
        return int(self.created_at.timestamp() * 1_000_000)

    def request(self) -> LessonRequest:
        """The LessonRequest that was asked for."""
        return LessonRequest.model_validate_json(self.wanted)

    def as_booking(self) -> Booking:
        """A transient Booking with its values, for its mail and its page. Never add it to a session."""
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
            changed_by=ActorRole.PARENT,
            channel=self.channel,
            cancelled_late=False,
        )
