"""Authorization for bookings: whose booking it is to answer or change."""

from sqlalchemy.orm import Session

from core.bookings.history import By
from core.bookings.models import Actor, Booking, Channel
from core.errors import NotAllowed, NotFound
from core.people.accounts import NOT_IN_USE, check_usable
from core.people.models import Account, Role
from core.schedule.models import Coach


def by_member_of_staff(session: Session, coach: Coach, account_id: int, channel: Channel) -> By:
    """
    A signed-in account as the actor of a change to this coach's booking: she herself, or else an admin.

    Raises:
        NotFound: for everybody else, as if there were no such booking.
    """
    account = session.get(Account, account_id)
    if account is None or (account.role is not Role.ADMIN and account.id != coach.account_id):
        raise NotFound
    return by_staff(account, coach, channel)


def by_staff(account: Account, coach: Coach, channel: Channel) -> By:
    """A signed-in member of staff: the coach herself, or else an admin. Others are refused by the command."""
    own = account.id == coach.account_id
    return By(Actor.COACH if own or account.role is not Role.ADMIN else Actor.ADMIN, channel, account.id)


def check_may_change(session: Session, booking: Booking, by: By) -> None:
    """
    Let pass the parent (the handle proves it), this booking's coach, and admins; looked up at this moment.

    Raises:
        NotAllowed: anybody else, and accounts that are disabled.
    """
    if by.actor is Actor.PARENT:
        return
    account = session.get(Account, by.account_id) if by.account_id is not None else None
    if account is None:
        raise NotAllowed(NOT_IN_USE)
    check_usable(account)
    if by.actor is Actor.COACH and account.id == booking.coach.account_id:
        return
    if by.actor is Actor.ADMIN and account.role is Role.ADMIN:
        return
    raise NotAllowed("Only this lesson's coach or an admin can change this booking.")


def check_may_answer(session: Session, booking: Booking, by: By) -> None:
    """
    Let pass this booking's coach, and admins: nobody answers a request of their own.

    Raises:
        NotAllowed: anybody else, the parent included.
    """
    if by.actor is Actor.PARENT:
        raise NotAllowed("Only this lesson's coach or an admin can answer this request.")
    check_may_change(session, booking, by)
