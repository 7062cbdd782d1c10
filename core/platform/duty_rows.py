"""The table of periodic duties: when each was last done, and its claim."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.platform.orm import Base


class DutyClock(Base):
    """A periodic duty's last run and its claim (core.ops.duties)."""

    __tablename__ = "duty"

    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]  # when this gym came to have it; until it was done once, its lateness counts from here
    last_done_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]  # a claim that ran out may be taken by another process
    claimed_by: Mapped[str | None]
