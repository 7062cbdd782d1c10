"""
The same small page without and with each recorder: `python -m tests.bench.watched NAME` prints what one adds to a request.

    ours          the site's edge with the recorder on, against the same edge with it off (id, headers and log line are
                  there anyway)
    prometheus    prometheus-client: a counter and a histogram by route, in pure ASGI, against Starlette alone
    opentelemetry OpenTelemetry's ASGI middleware, batched spans, an exporter that throws them away, against the same
    sentry        Sentry's ASGI middleware, every request traced, a transport that throws it away, against the same

Blocks of both take turns in one process, so that what disturbs the machine disturbs both; the quickest block of each
counts. CPU of the thread that serves, in microseconds.
"""

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.http.edge_middleware import Edge, labels_of
from core.ops import logs
from core.platform.settings import load_settings
from core.telemetry import recording

BLOCK, BLOCKS, WARM = 800, 20, 1_000


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


ROUTES = [Route("/hello/{name}", hello)]


@dataclass(frozen=True)
class Pair:
    """watched: the page with a recorder. plain: without. before_plain, before_watched: called before each block."""

    plain: Any
    watched: Any
    before_plain: Callable[[], object] = lambda: None
    before_watched: Callable[[], object] = lambda: None


def bare() -> Starlette:
    return Starlette(routes=ROUTES)


def ours(running: ExitStack) -> Pair:
    logs.formatter("text")
    logging.getLogger().setLevel(logging.WARNING)
    folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
    recorder = running.enter_context(recording.recording(load_settings(_env_file=None, data_dir=folder), "site"))
    assert recorder is not None
    edge = Edge(bare(), content_security_policy="default-src 'none'", hsts=False, labels=labels_of(ROUTES))

    def off() -> None:
        recorder.flush_now()
        recording.current = None

    def on() -> None:
        recording.current = recorder

    return Pair(edge, edge, off, on)


def prometheus(running: ExitStack) -> Pair:
    from prometheus_client import Counter, Histogram

    count = Counter("http_requests", "requests", ["method", "route", "status"])
    seconds = Histogram("http_request_duration_seconds", "duration", ["method", "route"])
    app = bare()

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        began, status = time.perf_counter(), 500

        async def seen(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, seen)
        finally:
            route = scope["route"].path
            count.labels(scope["method"], route, status).inc()
            seconds.labels(scope["method"], route).observe(time.perf_counter() - began)

    return Pair(bare(), watched)


def opentelemetry(running: ExitStack) -> Pair:
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    running.callback(provider.shutdown)
    return Pair(bare(), OpenTelemetryMiddleware(bare(), tracer_provider=provider))


def sentry(running: ExitStack) -> Pair:
    import sentry_sdk
    from sentry_sdk.integrations.asgi import SentryAsgiMiddleware
    from sentry_sdk.transport import Transport

    class Nowhere(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            """Thrown away."""

    sentry_sdk.init(
        dsn="http://key@127.0.0.1:9/1", traces_sample_rate=1.0, transport=Nowhere, default_integrations=False
    )
    return Pair(bare(), SentryAsgiMiddleware(bare()))


VARIANTS: dict[str, Callable[[ExitStack], Pair]] = {
    "ours": ours,
    "prometheus": prometheus,
    "opentelemetry": opentelemetry,
    "sentry": sentry,
}


async def drive(app: Any, count: int) -> float:
    """Microseconds of the asking thread's CPU for one of so many requests."""
    began = time.thread_time()
    for _ in range(count):
        await app(_scope(), _nothing, _ignore)
    return (time.thread_time() - began) / count * 1e6


def _scope() -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/hello/ida", "raw_path": b"/hello/ida", "query_string": b"", "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8000"), (b"user-agent", b"bench")], "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 8000),
    }  # fmt: skip


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ignore(message: Any) -> None:
    """The network."""


async def added_us(pair: Pair) -> float:
    plain, watched = [], []
    await drive(pair.watched, WARM)
    for _ in range(BLOCKS):
        pair.before_plain()
        plain.append(await drive(pair.plain, BLOCK))
        pair.before_watched()
        watched.append(await drive(pair.watched, BLOCK))
    return min(watched) - min(plain)


if __name__ == "__main__":
    with ExitStack() as running:
        print(asyncio.run(added_us(VARIANTS[sys.argv[1]](running))))
