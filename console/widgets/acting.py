"""
The one way by which a page changes anything: who acts is looked up again at the act, not taken from what was drawn.

Streamlit runs a button's callback before the page, with what the page held when it was drawn: by then that person may be
signed out, somebody else may be signed in, an admin may be none. tests/console/test_acting.py holds every page to it.
"""

from collections.abc import Callable
from typing import TypeVar

from console.widgets.flash import say_done, say_error
from console.widgets.session import Staff, services, still
from core.errors import NotAllowed, SpiritError
from core.people.acting import OTHER_ROLE, Acting, BySession, acting

T = TypeVar("T")
SOMEBODY_ELSE = "This page was shown to somebody who is not signed in here any more, so nothing was changed."


def act(
    shown_to: Staff,
    command: Callable[[Acting], object],
    *,
    done: str,
    coach: int | None = None,
    refused: Callable[[SpiritError], None] = say_error,
) -> bool:
    """
    Run a command in one transaction, by the person that the page was shown to. Whether it was done.

    What the rules refuse is said in their words; `done` is said otherwise. For who is not that person any more nothing
    is said: the page that follows says who is signed in.

    Args:
        command: `lambda tx: set_gym(tx.session, texts, account_id=tx.account_id, now=tx.now)`.
        coach: whose time it touches, as for Database.transact.
        refused: says what the rules refuse.
    """
    if still(shown_to) is None:
        return False
    try:
        transact_as(shown_to, command, coach=coach)
    except SpiritError as error:
        refused(error)
        return False
    say_done(done)
    return True


def transact_as(shown_to: Staff, command: Callable[[Acting], T], *, coach: int | None = None) -> T:
    """
    The same, where the page needs the answer.

    Raises whatever the command refuses; SignInRefused, NotAllowed for who is not that person any more.
    """
    if still(shown_to) is None:
        raise NotAllowed(SOMEBODY_ELSE)
    proof = BySession(shown_to.session_id, is_shown_to_admin=shown_to.is_admin)
    return services().database.transact(acting(command, proof), coach=coach)


def run_as(shown_to: Staff, command: Callable[[int], T]) -> T:
    """
    The same for what makes its own transactions, such as taking in a photo; its answer is returned.

    Args:
        command: takes the id of the account that acts.

    Raises:
        NotAllowed: that person is not signed in here any more, or was an admin and is none.
    """
    staff = still(shown_to)
    if staff is None:
        raise NotAllowed(SOMEBODY_ELSE)
    if shown_to.is_admin and not staff.is_admin:
        raise NotAllowed(OTHER_ROLE)
    return command(staff.account_id)
