"""What only an admin may do."""

from sqlalchemy.orm import Session

from core.errors import NotAllowed
from core.people.models import Account, Role


def check_is_admin(session: Session, account_id: int) -> None:
    """Looked up at this moment. Raises NotAllowed."""
    if not is_admin(session, account_id):
        raise NotAllowed("Only an admin can do this.")


def is_admin(session: Session, account_id: int) -> bool:
    """Looked up at this moment."""
    account = session.get(Account, account_id, populate_existing=True)
    return account is not None and account.disabled_at is None and account.role is Role.ADMIN
