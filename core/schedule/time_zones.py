"""Time zones of coaches, in which their hours and days are counted: choices, validation, commands."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.audit import Verb
from core.errors import Invalid
from core.gym.models import content_changed
from core.people.models import Account
from core.people.permissions import check_is_admin
from core.platform.actor import Actor
from core.schedule.hours import check_may_edit
from core.schedule.models import Coach

COMMON = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"),
    *("America/Anchorage", "Pacific/Honolulu", "Europe/London", "Europe/Berlin", "Australia/Sydney"),
)


def zone_choices(*first: str) -> list[str]:
    """All IANA time zones for a menu: `first`, then common ones, then the others by name."""
    others = sorted(
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))
    )
    return list(dict.fromkeys((*first, *COMMON, *others)))


def check_zone(zone: str) -> str:
    """Validate an IANA time zone's name. Raises Invalid."""
    if zone not in available_timezones():
        raise Invalid({"timezone": "This should be a time zone such as America/New_York."})
    return zone


def set_zone(session: Session, coach: Coach, zone: str, *, by: Actor, now: datetime) -> Coach:
    """
    Set a coach's time zone: her hours keep their wall-clock time (9 am stays 9 am), booked lessons their instant.

    Raises:
        NotAllowed: neither the coach herself nor an admin. Invalid: no such zone.
    """
    check_may_edit(session, coach, by)
    if coach.timezone != check_zone(zone):
        coach.timezone = zone
        audit.record(session, Verb.PREFERENCES_CHANGED, "coach", coach.id, by=by, now=now)
    session.flush()
    return coach


def coaches_elsewhere(session: Session, zone: str) -> Sequence[Coach]:
    """Coaches in use whose time zone is not this one, by name."""
    return session.scalars(
        select(Coach)
        .join(Account, Account.id == Coach.account_id)
        .where(Coach.timezone != zone, Account.disabled_at.is_(None))
        .order_by(Account.name)
    ).all()


def set_everybodys_zone(session: Session, zone: str, *, by: Actor, now: datetime) -> int:
    """Set all coaches' time zone, as `set_zone` for one; returns how many changed. Raises NotAllowed, Invalid."""
    check_is_admin(session, by)
    check_zone(zone)
    changed = session.scalars(select(Coach).where(Coach.timezone != zone).order_by(Coach.id).with_for_update()).all()
    for coach in changed:
        coach.timezone, coach.schedule_version = zone, coach.schedule_version + 1
        audit.record(session, Verb.PREFERENCES_CHANGED, "coach", coach.id, by=by, now=now)
    session.flush()
    content_changed(session)
    return len(changed)
