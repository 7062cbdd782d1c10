"""Alive, and ready: for monitors and load balancers."""

import asyncio
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from core import clock
from core.bootstrap import Services
from core.errors import SetupError, Unavailable
from core.gym import the_gym
from core.mail import outbox
from core.migrations import check_schema
from public_site.templating import orjson_response
from public_site.transact import services_of

SWEPT_WITHIN = timedelta(minutes=2)
MAIL_WITHIN = timedelta(minutes=10)
NO_STORE = {"Cache-Control": "no-store"}


async def alive(request: Request) -> Response:
    return orjson_response({"status": "alive"}, headers=NO_STORE)


async def ready(request: Request) -> Response:
    """503 with the reasons when a family could not be served, or nobody would hear of it."""
    reasons = await asyncio.to_thread(reasons_not_ready, services_of(request))
    status = 503 if reasons else 200
    return orjson_response(
        {"status": "not ready" if reasons else "ready", "reasons": reasons}, status, headers=NO_STORE
    )


def reasons_not_ready(services: Services) -> list[str]:
    """In words; none when all is well."""
    now = clock.now()
    try:
        check_schema(services.database)
        with services.database.read() as session:
            swept_at = the_gym(session).last_swept_at
            due_at = outbox.oldest_due_at(session, now=now)
        with services.database.write():
            pass
    except SetupError as error:
        return [str(error)]
    except (Unavailable, SQLAlchemyError):
        return ["The database does not answer, or cannot be written."]
    reasons = []
    if swept_at is None or now - swept_at > SWEPT_WITHIN:
        reasons.append("No sweep within two minutes: start the worker, or let cron call.")
    if due_at is not None and now - due_at > MAIL_WITHIN:
        reasons.append("Mail has been waiting for over ten minutes.")
    return reasons
