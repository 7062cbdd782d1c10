"""
Who calls the staff's API: a browser of the console by its session's cookie, or a program by its owner's key.

A cookie comes with whatever a browser sends, so what changes something must come from our own page. A key is in no
browser: whoever sends one means it, and then it alone counts.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from console.web.cookies import token_in
from core.errors import SignInRefused, Unavailable
from core.http import same_origin
from core.http.request import services_of
from core.people import api_keys
from core.people.acting import Acting, ByKey, BySession, Proof, acting, get_actor
from core.people.sessions import find_session
from core.platform import clock
from core.platform.services import Services

T = TypeVar("T")
FOREIGN = "This was not sent from the console's own page."
UNKNOWN_KEY = "We do not know this key. It may have been ended; make another on the page My account."


@dataclass(frozen=True)
class Caller:
    """Who asks, and by what that is known: it is asked again when something is changed."""

    account_id: int
    proof: Proof


async def caller_of(request: Request) -> Caller:
    """Raises SignInRefused."""
    services, key = services_of(request), _key(request)
    if key is not None:
        return await run_in_threadpool(_by_key, services, key)
    found = await run_in_threadpool(_by_session, services, request.headers.getlist("cookie"))
    if found is None:
        raise SignInRefused("Please sign in first.")
    return found


async def account_of(request: Request) -> int:
    """The account that asks. Raises SignInRefused."""
    return (await caller_of(request)).account_id


async def may_change(request: Request) -> Caller:
    """Who wants to change something. Raises HTTPException 403 for a foreign page, and SignInRefused."""
    if _key(request) is None and not same_origin.is_own(request.headers, services_of(request).settings.console_url):
        raise HTTPException(403, FOREIGN)
    return await caller_of(request)


def transact_as(services: Services, caller: Caller, command: Callable[[Acting], T], *, coach: int | None = None) -> T:
    """One transaction, in which the caller is looked up once more, as `tx.account_id`. Raises what the command raises."""
    return services.database.transact(acting(command, caller.proof), coach=coach)


def run_as(services: Services, caller: Caller, command: Callable[[int], T]) -> T:
    """
    The same for what makes its own transactions: a body may have taken minutes to arrive since the caller was known.

    command: takes the id of the account that acts.
    """
    with services.database.read() as session:
        account = get_actor(session, caller.proof, now=clock.now())
    return command(account.id)


def _key(request: Request) -> str | None:
    """What stands behind "Bearer", however empty; None for a request without the header."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _by_key(services: Services, key: str) -> Caller:
    now = clock.now()
    with services.database.read() as session:
        found = api_keys.find_key(session, key)
    if found is None:
        raise SignInRefused(UNKNOWN_KEY)
    if api_keys.needs_touch(found, now=now):
        with contextlib.suppress(Unavailable):  # what it asks for is answered all the same
            services.database.transact(lambda tx: api_keys.touch_key(tx.session, found.id, now=tx.now))
    return Caller(found.account_id, ByKey(found.id))


def _by_session(services: Services, cookies: list[str]) -> Caller | None:
    token = token_in(cookies, services.settings, services.database)
    if token is None:
        return None
    with services.database.read() as session:
        found = find_session(session, token, now=clock.now())
        return Caller(found.account_id, BySession(found.id)) if found else None
