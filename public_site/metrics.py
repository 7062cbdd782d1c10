"""Prometheus metrics, behind a bearer token; the policy answers 404 where none is configured."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from core.http.request import services_of
from core.telemetry import prometheus_text
from core.telemetry.request_context import suppress_recording
from core.telemetry.store import Store, store_for


async def metrics(request: Request) -> Response:
    """GET /metrics: the text exposition format."""
    store = store_for(services_of(request).settings)
    return Response(await asyncio.to_thread(_text, store), headers={"Content-Type": prometheus_text.CONTENT_TYPE})


def _text(store: Store) -> bytes:
    try:
        with suppress_recording():
            return prometheus_text.text(store)
    finally:
        store.dispose()
