"""
Authentication of the staff's API: the session cookie of a browser, or a bearer key of a program.

CSRF check: a browser adds its cookie to any page's request, so a change by cookie must come from our own origin. A key is
in no browser: whoever sends one means it, and then the key alone counts.
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
from core.people.reauthorization import Acting, ByKey, BySession, Proof, acting, actor_of, get_account
from core.people.sessions import find_session
from core.platform import clock
from core.platform.actor import Actor, Channel
from core.platform.services import Services

T = TypeVar("T")
FOREIGN = "This was not sent from the console's own page."
UNKNOWN_KEY = "We do not know this key. It may have been ended; make another on the page My account."


@dataclass(frozen=True)
class Caller:
    """The authenticated caller of a request."""

    by: Actor  # as it was looked up when the request came
    proof: Proof  # the session or key, looked up again in the transaction of a change


async def caller_of(request: Request) -> Caller:
    """Authenticate a request. Raises SignInRefused without a live session or a known key; Unavailable."""
    services, key = services_of(request), _key(request)
    if key is not None:
        return await run_in_threadpool(_by_key, services, key)
    caller = await run_in_threadpool(_by_session, services, request.headers.getlist("cookie"))
    if caller is None:
        raise SignInRefused("Please sign in first.")
    return caller


async def account_of(request: Request) -> int:
    """The account id of a request's caller. Raises SignInRefused, Unavailable."""
    return (await caller_of(request)).by.staff_id


async def actor_of_request(request: Request) -> Actor:
    """A request's caller as an Actor, for what only reads. Raises SignInRefused, Unavailable."""
    return (await caller_of(request)).by


async def may_change(request: Request) -> Caller:
    """Authenticate a request that changes something. Raises HTTPException 403 when the CSRF check fails; SignInRefused."""
    if _key(request) is None and not same_origin.is_own(request.headers, services_of(request).settings.console_url):
        raise HTTPException(403, FOREIGN)
    return await caller_of(request)


def transact_as(services: Services, caller: Caller, command: Callable[[Acting], T], *, coach: int | None = None) -> T:
    """One transaction, in which the caller is looked up once more, as `tx.by`. Raises what the command raises."""
    return services.database.transact(acting(command, caller.proof, Channel.API), coach=coach)


def run_as(services: Services, caller: Caller, command: Callable[[Actor], T]) -> T:
    """
    The same for what makes its own transactions: a body may have taken minutes to arrive since the caller was known.

    command: takes who acts.
    """
    with services.database.read() as session:
        account = get_account(session, caller.proof, now=clock.now())
    return command(actor_of(account, Channel.CONSOLE))


def _key(request: Request) -> str | None:
    """The bearer key of the Authorization header; "" for a malformed header, None without one."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _by_key(services: Services, key: str) -> Caller:
    now = clock.now()
    with services.database.read() as session:
        row = api_keys.find_key(session, key)
    if row is None:
        raise SignInRefused(UNKNOWN_KEY)
    if api_keys.needs_touch(row, now=now):
        with contextlib.suppress(Unavailable):  # the request is answered all the same
            services.database.transact(lambda tx: api_keys.touch_key(tx.session, row.id, now=tx.now))
    return Caller(actor_of(row.account, Channel.API), ByKey(row.id))


def _by_session(services: Services, cookies: list[str]) -> Caller | None:
    token = token_in(cookies, services.settings, services.database)
    if token is None:
        return None
    with services.database.read() as session:
        row = find_session(session, token, now=clock.now())
        return Caller(actor_of(row.account, Channel.API), BySession(row.id)) if row else None
