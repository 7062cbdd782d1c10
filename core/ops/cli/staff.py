"""Commands that create the first accounts of a gym: create-admin, create-coach."""

import sys
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from core.bootstrap import services
from core.errors import SetupError
from core.mail.links import Links
from core.migrations import check_schema
from core.people.accounts import create_account
from core.people.models import Role
from core.schedule.new_coach import add_coach
from core.schedule.time_zones import check_zone
from core.staff.sign_in_links import LINK_LIVES, new_link

Email = Annotated[str, typer.Argument(help="The address to sign in with.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read a password from standard input.")]


def add_to(app: typer.Typer) -> None:
    app.command("create-admin")(create_admin)
    app.command("create-coach")(create_coach)


def create_admin(
    email: Email,
    name: Annotated[str, typer.Option(help="As the others read it.")] = "Admin",
    password_stdin: PasswordStdin = False,
) -> None:
    """Add an admin. Without a password, print a link to sign in with."""
    _create(email, name, Role.ADMIN, _password(password_stdin))


def create_coach(
    email: Email,
    name: Annotated[str, typer.Option(help="As parents read it.")],
    timezone: Annotated[str, typer.Option(help="Hers, if it is not the gym's: America/New_York.")] = "",
    password_stdin: PasswordStdin = False,
) -> None:
    """Add a coach who teaches every lesson type. Without a password, print a link to sign in with."""
    zone = check_zone(timezone or services().settings.timezone)
    _create(email, name, Role.COACH, _password(password_stdin), zone)


def _create(email: str, name: str, role: Role, password: str | None, zone: str = "") -> None:
    check_schema(services().database)
    link_id = services().database.transact(lambda tx: _add(tx.session, email, name, role, password, zone, now=tx.now))
    print(f"{name} can sign in at {services().settings.console_url}.")
    if link_id is not None:
        link = Links(services().settings, services().signer).sign_in(link_id)
        print(f"This link works once, within {LINK_LIVES.seconds // 60} minutes:\n{link}")


def _add(
    session: Session, email: str, name: str, role: Role, password: str | None, zone: str, *, now: datetime
) -> int | None:
    """The account, her coach's row if she coaches, and the id of a sign-in link if she has no password."""
    account = create_account(session, email=email, name=name, role=role, password=password, now=now)
    if role is Role.COACH:
        add_coach(session, account, zone=zone)
    return new_link(session, account, now=now).id if password is None else None


def _password(from_stdin: bool) -> str | None:
    if not from_stdin:
        return None
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise SetupError("There is no password on standard input: echo … | spirit create-admin … --password-stdin")
    return password
