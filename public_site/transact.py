"""Database access from the event loop: a read on one snapshot, or one command in one transaction, on thread pools."""

import asyncio
import contextvars
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from core.errors import SpiritError, Unavailable
from core.http.request import services_of
from core.platform import clock
from core.platform.db import Transaction
from core.platform.services import Services

P = ParamSpec("P")
T = TypeVar("T")
WRITERS = 16  # threads; each mostly waits for its turn at the database
SEARCHERS = 1  # they compute under one interpreter's lock: more of them only keep pages waiting longer


def new_writers() -> ThreadPoolExecutor:
    """The thread pool of transactions: their own, so that those that wait for their turn never stall pages."""
    return ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")


def new_searchers() -> ThreadPoolExecutor:
    """The thread pool of slot searches: their own, so that the event loop answers other requests meanwhile."""
    return ThreadPoolExecutor(SEARCHERS, thread_name_prefix="searcher")


async def read(request: Request, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query on one snapshot; on SQLite on the event loop, where a thread would cost more. Raises Unavailable."""
    services = services_of(request)
    if services.database.is_sqlite:
        return _read(services, query, *args, **kwargs)
    return await run_in_threadpool(partial(_read, services, query, *args, **kwargs))


async def search(request: Request, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query that computes for a while, such as free times, on the searchers' threads. Raises Unavailable."""
    run = partial(_read, services_of(request), query, *args, **kwargs)
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(request.app.state.searchers, partial(context.run, run))


async def read_after(
    error: SpiritError,
    request: Request,
    query: Callable[Concatenate[Session, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a query for the page that shows `error`. Raises `error` itself where the database cannot be read."""
    try:
        return await read(request, query, *args, **kwargs)
    except Unavailable:
        raise error from None


async def transact(request: Request, command: Callable[[Transaction], T], *, coach: int) -> T:
    """
    Run a command in one transaction under this coach's lock. Its deadline counts from now, the wait for a thread included.

    Raises:
        Unavailable: the database is away or busy; nothing was stored.
        OutcomeUnknown: the connection was lost at COMMIT.
        SpiritError: whatever the command raises.
    """
    database = services_of(request).database
    run = partial(database.transact, command, coach=coach, deadline=time.monotonic() + database.wait_s)
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(request.app.state.writers, partial(context.run, run))


def now() -> datetime:
    """The current instant, for a page; a command gets its own, read under the lock."""
    return clock.now()


def _read(services: Services, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    with services.database.read() as session:
        return query(session, *args, **kwargs)
