"""
Wrong arguments of commands, each with the error that mypy must find there.

Nothing here is run. `make check` holds mypy to it: `strict` warns of an ignore that ignores nothing.
"""

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request

from console.web import api_auth
from console.widgets.acting import act, run_as, transact_as
from console.widgets.form_drafts import Draft
from console.widgets.session import Staff
from core.gym.form_merge import Values
from core.platform.actor import COMMAND_LINE, Actor
from core.platform.db import Database
from core.platform.services import Services
from core.schedule.models import Coach
from public_site import transact as site


def teach(session: Session, coach: Coach, lesson_id: int, *, by: Actor, now: datetime) -> str:
    """A command as all are."""
    return f"{session} {coach} {lesson_id} {by} {now}"


def save(session: Session, name: str, *, by: Actor, shown: Values, now: datetime) -> str:
    """A command of a form."""
    return f"{session} {name} {by} {shown} {now}"


def take_in(services: Services, name: str, *, by: Actor) -> str:
    """A command that makes its own transactions."""
    return f"{services} {name} {by}"


def in_core(database: Database) -> None:
    right: str = database.transact(lambda tx: teach(tx.session, tx.coach, 1, by=COMMAND_LINE, now=tx.now), coach=7)
    database.transact(lambda tx: teach(tx.session, tx.coach, "1", by=COMMAND_LINE, now=tx.now), coach=7)  # type: ignore[arg-type]
    database.transact(lambda tx: teach(tx.session, tx.coach, 1, account=2, now=tx.now), coach=7)  # type: ignore[call-arg]
    database.transact(lambda tx: teach(tx.session, 1, by=COMMAND_LINE, now=tx.now), coach=7)  # type: ignore[call-arg, arg-type]
    database.transact(teach, coach=7)  # type: ignore[arg-type]
    number: int = database.transact(lambda tx: teach(tx.session, tx.coach, 1, by=COMMAND_LINE, now=tx.now))  # type: ignore[assignment]
    print(right, number)


async def on_the_site(request: Request) -> None:
    await site.transact(request, lambda tx: teach(tx.session, tx.coach, None, by=COMMAND_LINE, now=tx.now), coach=7)  # type: ignore[arg-type]
    await site.transact(request, lambda tx: teach(tx.session, tx.coach, 1, by=COMMAND_LINE, now=tx.now))  # type: ignore[call-arg]


def in_the_console(services: Services, who: api_auth.Caller, staff: Staff, draft: Draft) -> None:
    act(staff, lambda tx: teach(tx.session, tx.coach, "1", by=tx.by, now=tx.now), done="")  # type: ignore[arg-type]
    transact_as(staff, lambda tx: teach(tx.session, tx.coach, 1, account_id=tx.by.account_id, now=tx.now))  # type: ignore[call-arg]
    api_auth.transact_as(services, who, lambda tx: teach(tx.session, tx.coach, 1, tx.by, now=tx.now))  # type: ignore[call-arg]
    draft.save(staff, lambda tx, shown: save(tx.session, shown, by=COMMAND_LINE, shown=shown, now=tx.now), done="")  # type: ignore[arg-type]
    run_as(staff, lambda by: take_in(services, 5, by=by))  # type: ignore[arg-type]
    api_auth.run_as(services, who, lambda by: take_in(services, by=by))  # type: ignore[call-arg]
