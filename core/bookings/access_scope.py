"""Access scope: whose bookings an account may see. There is no value for "not known", so no list leaks by default."""

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

from core.bookings.models import Booking
from core.errors import NotAllowed
from core.people.models import Account, Role
from core.schedule.queries import coach_of

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])
NOBODYS = "This account has no coach, so there are no bookings to see."
NOT_HERS = "These are another coach’s bookings."


@dataclass(frozen=True)
class Everyone:
    """All coaches' bookings: an admin's scope."""

    def covers(self, coach_id: int) -> bool:
        """Whether this coach's bookings are within the scope: all are."""
        return True


@dataclass(frozen=True)
class OfCoach:
    """One coach's bookings."""

    coach_id: int

    def covers(self, coach_id: int) -> bool:
        """Whether this coach's bookings are within the scope."""
        return self.coach_id == coach_id


Whose = Everyone | OfCoach


def whose_bookings(session: Session, account_id: int) -> Whose:
    """An admin sees everybody's, a coach her own. Raises NotAllowed for who is neither, and for a disabled account."""
    account = session.get(Account, account_id)
    if account is None or account.disabled_at is not None:
        raise NotAllowed("This account is not in use any more.")
    coach = coach_of(session, account)
    return scope(account.role, coach.id if coach else None)


def scope(role: Role, own_coach_id: int | None) -> Whose:
    """The access scope by role and own coach, for facts that were read just now. Raises NotAllowed."""
    if role is Role.ADMIN:
        return Everyone()
    if own_coach_id is None:
        raise NotAllowed(NOBODYS)
    return OfCoach(own_coach_id)


def check_covers(allowed: Whose, wanted: Whose) -> None:
    """Check that the wanted scope lies within the allowed one. Raises NotAllowed."""
    if isinstance(wanted, Everyone) and isinstance(allowed, Everyone):
        return
    if isinstance(wanted, OfCoach) and allowed.covers(wanted.coach_id):
        return
    raise NotAllowed(NOT_HERS)


def within(query: Query, whose: Whose) -> Query:
    """The query, filtered by the scope."""
    return query.where(Booking.coach_id == whose.coach_id) if isinstance(whose, OfCoach) else query
