"""What is measured, for a Prometheus: only for who has the bearer, and only where there is one."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from core.http.request import services_of
from core.telemetry import exposition
from core.telemetry.store import Store, store_for
from core.telemetry.work import not_watched


async def metrics(request: Request) -> Response:
    store = store_for(services_of(request).settings)
    return Response(await asyncio.to_thread(_text, store), headers={"Content-Type": exposition.CONTENT_TYPE})


def _text(store: Store) -> bytes:
    try:
        with not_watched():
            return exposition.text(store)
    finally:
        store.dispose()
