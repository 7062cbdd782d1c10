"""When each periodic duty was last done, and who is at it: one row a duty."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.platform.orm import Base


class DutyClock(Base):
    """
    When a duty was last done, and who is at it.

    since: when this gym came to have it; until it was done once, its lateness counts from here.
    """

    __tablename__ = "duty"

    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    last_done_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
