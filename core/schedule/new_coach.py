"""Create a coach's row, with a free slug."""

import re
import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.gym.models import content_changed
from core.people.models import Account
from core.schedule.models import Coach, LessonType


def add_coach(session: Session, account: Account, *, zone: str) -> Coach:
    """Create a coach who teaches every active lesson type, has no hours yet, and is shown. zone: an IANA time zone."""
    taught = session.scalars(select(LessonType).where(LessonType.active)).all()
    coach = Coach(account=account, slug=free_slug(session, account.name), timezone=zone, lessons=list(taught))
    session.add(coach)
    session.flush()
    content_changed(session)  # pages about all coaches are kept until something has moved
    return coach


def free_slug(session: Session, name: str) -> str:
    """A unique slug from a name: "Zoë Müller" → zoe-muller; zoe-muller-2 if that is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "coach"
    taken = set(session.scalars(select(Coach.slug).where(Coach.slug.startswith(slug))))
    return next(
        candidate for candidate in (slug, *(f"{slug}-{number}" for number in range(2, 1000))) if candidate not in taken
    )
