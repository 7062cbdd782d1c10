"""
Who calls the staff's API: a browser of the console by its session's cookie, or a program by its owner's key.

A cookie comes with whatever a browser sends, so what changes something must come from our own page. A key is in no
browser: whoever sends one means it, and then it alone counts.
"""

import contextlib

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from console.cookies import token_in
from core import clock
from core.bootstrap import Services
from core.errors import SignInRefused, Unavailable
from core.http import origin
from core.people import api_keys
from core.people.sessions import find_session

FOREIGN = "This was not sent from the console's own page."
UNKNOWN_KEY = "We do not know this key. It may have been ended; make another on the page My account."


async def account_of(request: Request) -> int:
    """The account that asks. Raises SignInRefused."""
    services, key = services_of(request), _key(request)
    if key is not None:
        return await run_in_threadpool(_by_key, services, key)
    token = token_in(request.cookies, services.settings)
    account_id = await run_in_threadpool(_by_session, services, token) if token else None
    if account_id is None:
        raise SignInRefused("Please sign in first.")
    return account_id


async def may_change(request: Request) -> int:
    """The account that wants to change something. Raises HTTPException 403 for a foreign page, and SignInRefused."""
    if _key(request) is None and not origin.is_own(request.headers, services_of(request).settings.console_url):
        raise HTTPException(403, FOREIGN)
    return await account_of(request)


def services_of(request: Request) -> Services:
    services: Services = request.state.services
    return services


def _key(request: Request) -> str | None:
    """What stands behind "Bearer", however empty; None for a request without the header."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _by_key(services: Services, key: str) -> int:
    now = clock.now()
    with services.database.read() as session:
        found = api_keys.find_key(session, key)
    if found is None:
        raise SignInRefused(UNKNOWN_KEY)
    if api_keys.needs_touch(found, now=now):
        with contextlib.suppress(Unavailable):  # what it asks for is answered all the same
            services.database.transact(api_keys.touch_key, found.id)
    return found.account_id


def _by_session(services: Services, token: str) -> int | None:
    with services.database.read() as session:
        found = find_session(session, token, now=clock.now())
        return found.account_id if found else None
