"""Authorization: what only an admin may do. The account's row decides, as it is now, and never the role that an Actor names."""

from sqlalchemy.orm import Session

from core.errors import NotAllowed
from core.people.models import Account, Role
from core.platform.actor import Actor


def check_is_admin(session: Session, by: Actor) -> None:
    """
    Let only admins pass, looked up at this moment.

    Raises:
        NotAllowed: no admin, a disabled account, or none.
    """
    if not is_admin(session, by):
        raise NotAllowed("Only an admin can do this.")


def is_admin(session: Session, by: Actor) -> bool:
    """Whether the actor's account is an admin's and in use, looked up at this moment."""
    if by.account_id is None:
        return False
    account = session.get(Account, by.account_id, populate_existing=True)
    return account is not None and account.disabled_at is None and account.role is Role.ADMIN


def account_of(session: Session, by: Actor) -> Account | None:
    """The actor's account, read in this transaction; None for an actor without one."""
    return session.get(Account, by.account_id) if by.account_id is not None else None
