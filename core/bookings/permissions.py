"""Authorization for bookings: whose booking it is to answer or change."""

from sqlalchemy.orm import Session

from core.bookings.models import Booking
from core.errors import NotAllowed, NotFound
from core.people.accounts import NOT_IN_USE, check_usable
from core.people.models import Account, Role
from core.people.permissions import account_of
from core.platform.actor import Actor, ActorRole, Channel
from core.schedule.models import Coach


def by_member_of_staff(session: Session, coach: Coach, by: Actor) -> Actor:
    """
    The actor in the role it has towards this coach's bookings: she herself, or else an admin; looked up at this moment.

    Raises:
        NotFound: for everybody else, as if there were no such booking.
    """
    account = account_of(session, by)
    if account is None or (account.role is not Role.ADMIN and account.id != coach.account_id):
        raise NotFound
    return by_staff(account, coach, by.channel)


def by_staff(account: Account, coach: Coach, channel: Channel) -> Actor:
    """A signed-in member of staff: the coach herself, or else an admin. Others are refused by the command."""
    own = account.id == coach.account_id
    return Actor(account.id, ActorRole.COACH if own or account.role is not Role.ADMIN else ActorRole.ADMIN, channel)


def check_may_change(session: Session, booking: Booking, by: Actor) -> None:
    """
    Let pass the parent (the handle proves it), this booking's coach, and admins; looked up at this moment.

    Raises:
        NotAllowed: anybody else, and accounts that are disabled.
    """
    if by.role is ActorRole.PARENT:
        return
    account = account_of(session, by)
    if account is None:
        raise NotAllowed(NOT_IN_USE)
    check_usable(account)
    if by.role is ActorRole.COACH and account.id == booking.coach.account_id:
        return
    if by.role is ActorRole.ADMIN and account.role is Role.ADMIN:
        return
    raise NotAllowed("Only this lesson's coach or an admin can change this booking.")


def check_may_answer(session: Session, booking: Booking, by: Actor) -> None:
    """
    Let pass this booking's coach, and admins: nobody answers a request of their own.

    Raises:
        NotAllowed: anybody else, the parent included.
    """
    if by.role is ActorRole.PARENT:
        raise NotAllowed("Only this lesson's coach or an admin can answer this request.")
    check_may_change(session, booking, by)
