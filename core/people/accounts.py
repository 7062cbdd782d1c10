"""Staff accounts: create, look up by e-mail address, check whether one is in use."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Invalid, NotAllowed
from core.people.models import Account, Role
from core.people.passwords import hash_password
from core.platform.contacts import email_address, email_key
from core.platform.text_cleaning import at_most, can_be_seen, one_line

NAME_LENGTH = 80  # at most
NOT_IN_USE = "This account is not in use any more."


def create_account(
    session: Session, *, email: str, name: str, role: Role, password: str | None = None, now: datetime
) -> Account:
    """
    Create an account; without a password its owner signs in by link.

    Raises:
        Invalid: the address cannot be read or is taken, the name is empty, the password too short.
    """
    address = normalized(email)
    if not can_be_seen(name):
        raise Invalid({"name": "An account needs a name."})
    try:
        name = at_most(one_line(name), NAME_LENGTH)
    except ValueError as error:
        raise Invalid({"name": str(error)}) from None
    if find_account(session, address) is not None:
        raise Invalid({"email": f"There is an account for {address} already."})
    account = Account(
        email=address,
        name=name,
        role=role,
        password_hash=hash_password(password) if password else None,
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account


def find_account(session: Session, email: str) -> Account | None:
    """The account of this address, in any case of letters, enabled or not."""
    return session.scalars(select(Account).where(Account.email == email_key(one_line(email)))).one_or_none()


def check_usable(account: Account) -> None:
    """Check that an account is not disabled; for every link that was mailed to it. Raises NotAllowed."""
    if account.disabled_at is not None:
        raise NotAllowed(NOT_IN_USE)


def normalized(email: str) -> str:
    """An e-mail address in canonical form, in lower case. Raises Invalid."""
    try:
        return email_key(email_address(email))
    except ValueError:
        raise Invalid({"email": f"{email!r} is not an e-mail address."}) from None
