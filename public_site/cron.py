"""One sweep, called by a scheduler elsewhere: for machines that have cron and no worker."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from core.sweep import sweep
from public_site.templating import orjson_response
from public_site.transact import services_of


async def notifications(request: Request) -> Response:
    """Expire and deliver what is due. A GET too, as hosted cron services call; the bearer is the guard."""
    return orjson_response(await asyncio.to_thread(sweep, services_of(request)))
