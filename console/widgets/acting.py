"""
Commands from a page, with authentication and role checked again at the click.

Streamlit runs a button's callback before the page, with what the page held when it was drawn: by then that person may be
signed out, somebody else may be signed in, an admin may be none. So who acts is looked up at the act, and no page changes
anything otherwise; tests/console/test_acting.py holds every page to it.
"""

from collections.abc import Callable
from typing import TypeVar

from console.widgets.flash import add_error, add_success
from console.widgets.session import Staff, services, still_signed_in
from core.errors import NotAllowed, SpiritError
from core.people.reauthorization import OTHER_ROLE, Acting, BySession, acting
from core.platform.actor import Actor

T = TypeVar("T")
SOMEBODY_ELSE = "This page was shown to somebody who is not signed in here any more, so nothing was changed."


def act(
    shown_to: Staff,
    command: Callable[[Acting], object],
    *,
    done: str,
    coach: int | None = None,
    refused: Callable[[SpiritError], None] = add_error,
) -> bool:
    """
    Run a command in one transaction, as the person that the page was shown to. Returns whether it succeeded.

    A flash message reports the outcome: `done`, or the sentence of the SpiritError that was raised. Nothing is reported
    where the session has ended or is another's: the page that follows shows who is signed in.

    Args:
        command: `lambda tx: set_gym(tx.session, texts, by=tx.by, now=tx.now)`.
        coach: whose time it touches, as for Database.transact.
        refused: shows the error; flash.add_error unless given.
    """
    if still_signed_in(shown_to) is None:  # signed out, or another person's session by now
        return False
    try:
        transact_as(shown_to, command, coach=coach)
    except SpiritError as error:
        refused(error)
        return False
    add_success(done)
    return True


def transact_as(shown_to: Staff, command: Callable[[Acting], T], *, coach: int | None = None) -> T:
    """
    Run a command in one transaction, as the person that the page was shown to, and return its result.

    Raises:
        NotAllowed: that person is not signed in here any more, or was an admin and is none.
        SignInRefused: the session ended in between.
        SpiritError: whatever the command raises.
    """
    if still_signed_in(shown_to) is None:
        raise NotAllowed(SOMEBODY_ELSE)
    proof = BySession(shown_to.session_id, is_shown_to_admin=shown_to.is_admin)
    return services().database.transact(acting(command, proof), coach=coach)


def run_as(shown_to: Staff, command: Callable[[Actor], T]) -> T:
    """
    Run a command that makes its own transactions, such as a photo upload, and return its result.

    Args:
        command: takes who acts.

    Raises:
        NotAllowed: that person is not signed in here any more, or was an admin and is none.
        SpiritError: whatever the command raises.
    """
    staff = still_signed_in(shown_to)
    if staff is None:
        raise NotAllowed(SOMEBODY_ELSE)
    if shown_to.is_admin and not staff.is_admin:
        raise NotAllowed(OTHER_ROLE)
    return command(staff.actor)
