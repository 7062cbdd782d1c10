"""The table of practice requests: no bookings, so that no list, figure, hold or family can ever meet one."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.bookings.models import Booking, Status
from core.platform.actor import ActorRole, Channel
from core.platform.orm import Base
from core.schedule.models import Coach, LessonType

FAMILY, ATHLETE = "Robin Example (practice)", "Kim (practice)"
NOTES = "This is a practice request. No family has written this, and no time is kept."


class Rehearsal(Base):
    """A practice request: PENDING → APPROVED or DENIED by its coach, or EXPIRED; removed by the sweep after a day."""

    __tablename__ = "rehearsal"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a mailed link names the id

    id: Mapped[int] = mapped_column(primary_key=True)
    coach_id: Mapped[int] = mapped_column(ForeignKey("coach.id"), index=True)  # a coach's newest one
    lesson_type_id: Mapped[int] = mapped_column(ForeignKey("lesson_type.id"))
    status: Mapped[Status] = mapped_column(default=Status.PENDING)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # until when it can be answered
    answered_at: Mapped[datetime | None]
    denial_reason: Mapped[str | None]

    coach: Mapped[Coach] = relationship(lazy="joined", innerjoin=True)
    lesson: Mapped[LessonType] = relationship(lazy="joined", innerjoin=True)

    def status_at(self, now: datetime) -> Status:
        """The status to show and to act on: a request past its expiry is EXPIRED, swept or not."""
        return Status.EXPIRED if self.status is Status.PENDING and now >= self.expires_at else self.status

    def as_booking(self) -> Booking:
        """A transient Booking with its values, for the same mails and the same page. Never add it to a session."""
        answered = self.answered_at is not None
        return Booking(
            id=0,
            handle="practice",
            coach_id=self.coach_id,
            coach=self.coach,
            lesson_type_id=self.lesson_type_id,
            lesson=self.lesson,
            status=self.status,
            version=2 if answered else 1,
            slot_version=1,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            price_cents=self.lesson.price_cents,
            customer_name=FAMILY,
            customer_email="",
            customer_phone=None,
            athlete_name=ATHLETE,
            notes=NOTES,
            requested_at=self.requested_at,
            expires_at=self.expires_at,
            approved_at=self.answered_at if self.status is Status.APPROVED else None,
            denied_at=self.answered_at if self.status is Status.DENIED else None,
            changed_at=self.answered_at or self.requested_at,
            changed_by=ActorRole.COACH if answered else ActorRole.PARENT,
            changed_by_account=self.coach.account if answered else None,
            channel=Channel.MAIL if answered else Channel.SITE,
            denial_reason=self.denial_reason,
            cancelled_late=False,
        )
