"""From the event loop to the database and back: a read, or one command in one transaction."""

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
WRITERS = 16
SEARCHERS = 1  # they compute under one interpreter's lock: more of them only keep pages waiting longer


def new_writers() -> ThreadPoolExecutor:
    """Writers have threads of their own, so that those who wait for their turn never stall pages."""
    return ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")


def new_searchers() -> ThreadPoolExecutor:
    """Searches for free times have threads of their own: the event loop answers everybody else."""
    return ThreadPoolExecutor(SEARCHERS, thread_name_prefix="searcher")


async def read(request: Request, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query on one snapshot: at once on SQLite, where a thread would cost more than it; else on a thread."""
    services = services_of(request)
    if services.database.is_sqlite:
        return _read(services, query, *args, **kwargs)
    return await run_in_threadpool(partial(_read, services, query, *args, **kwargs))


async def search(request: Request, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query that computes for a while, such as free times: on a thread of its own, so that other pages go on."""
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
    """A read for the page that says this error. Where even that fails, the error itself is what there is to say."""
    try:
        return await read(request, query, *args, **kwargs)
    except Unavailable:
        raise error from None


async def transact(request: Request, command: Callable[[Transaction], T], *, coach: int) -> T:
    """Run a command under this coach's lock. Its deadline counts from now, the wait for a thread included."""
    database = services_of(request).database
    run = partial(database.transact, command, coach=coach, deadline=time.monotonic() + database.wait_s)
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(request.app.state.writers, partial(context.run, run))


def now() -> datetime:
    """The time for a page; a command gets its own, read under the lock."""
    return clock.now()


def _read(services: Services, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    with services.database.read() as session:
        return query(session, *args, **kwargs)
