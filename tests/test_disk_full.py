"""A full disk is told as such, to whoever signs in or books, for waiting does not help."""

from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.errors import DiskFull, Unavailable
from core.platform.services import Services


def write_much(session: Session, *, now: datetime) -> None:
    """Where the file can grow no more, as on a full disk."""
    session.execute(text("PRAGMA max_page_count = 1"))
    session.execute(text("CREATE TABLE much (x)"))
    session.execute(text("INSERT INTO much VALUES (zeroblob(10000000))"))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_cannot_be_stored_for_want_of_room_says_so(services: Services) -> None:
    with pytest.raises(DiskFull) as refused:
        services.database.transact(lambda tx: write_much(tx.session, now=tx.now))
    assert isinstance(refused.value, Unavailable) and "disk of this machine is full" in str(refused.value)
